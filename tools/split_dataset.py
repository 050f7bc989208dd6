"""Split a training set, as ``mmvis convert split`` does."""

from mmvis_ext.commands import tool

main = tool("convert", "split")

if __name__ == "__main__":
    main()
