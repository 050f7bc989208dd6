"""Run a model on a video, as ``mmvis infer`` does."""

from mmvis_ext.commands import tool

main = tool("infer")

if __name__ == "__main__":
    main()
