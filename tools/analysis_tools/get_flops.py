"""Count parameters and operations of a model, as ``mmvis flops`` does."""

from mmvis_ext.commands import tool

main = tool("flops")

if __name__ == "__main__":
    main()
