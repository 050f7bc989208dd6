"""Train a model from a config, as ``mmvis train`` does."""

from mmvis_ext.commands import tool

main = tool("train")

if __name__ == "__main__":
    main()
