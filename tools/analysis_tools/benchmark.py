"""Measure a model, as ``mmvis benchmark`` does."""

from mmvis_ext.commands import tool

main = tool("benchmark")

if __name__ == "__main__":
    main()
