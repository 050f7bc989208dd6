"""Draw samples of a data set, as ``mmvis browse`` does."""

from mmvis_ext.commands import tool

main = tool("browse")

if __name__ == "__main__":
    main()
