"""Convert labels of videos, as ``mmvis convert labels`` does."""

from mmvis_ext.commands import tool

main = tool("convert", "labels")

if __name__ == "__main__":
    main()
