"""Evaluate result masks on DAVIS, as ``mmvis eval davis`` does."""

from mmvis_ext.commands import tool

main = tool("eval", "davis")

if __name__ == "__main__":
    main()
