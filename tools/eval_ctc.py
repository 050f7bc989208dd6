"""Evaluate results of the Cell Tracking Challenge, as ``mmvis eval ctc`` does."""

from mmvis_ext.commands import tool

main = tool("eval", "ctc")

if __name__ == "__main__":
    main()
