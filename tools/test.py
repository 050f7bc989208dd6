"""Test a model, as ``mmvis test`` does."""

from mmvis_ext.commands import tool

main = tool("test")

if __name__ == "__main__":
    main()
