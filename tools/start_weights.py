"""Make the weights that training starts from, as ``mmvis start-weights`` does."""

from mmvis_ext.commands import tool

main = tool("start-weights")

if __name__ == "__main__":
    main()
