"""Make a small file of a trained model's checkpoint, as ``mmvis publish`` does."""

from mmvis_ext.commands import tool

main = tool("publish")

if __name__ == "__main__":
    main()
