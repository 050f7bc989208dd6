"""Check a data set before training, as ``mmvis check`` does."""

from mmvis_ext.commands import tool

main = tool("check")

if __name__ == "__main__":
    main()
