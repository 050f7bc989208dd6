"""Convert an official annotation file to CocoVID, as ``mmvis convert coco-vid`` does."""

from mmvis_ext.commands import tool

main = tool("convert", "coco-vid")

if __name__ == "__main__":
    main()
