"""Write a ShapesVIS data set, as ``mmvis shapes`` does."""

from mmvis_ext.commands import tool

main = tool("shapes")

if __name__ == "__main__":
    main()
