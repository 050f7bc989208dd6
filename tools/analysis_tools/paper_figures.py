"""Draw a figure of the papers from any checkpoint and video, as ``mmvis figure`` does."""

from mmvis_ext.commands import tool

main = tool("figure")

if __name__ == "__main__":
    main()
