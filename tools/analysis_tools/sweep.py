"""Test a checkpoint with several values of one setting, as ``mmvis sweep`` does."""

from mmvis_ext.commands import tool
from mmvis_ext.commands.sweep import mean_figures

__all__ = ["main", "mean_figures"]

main = tool("sweep")

if __name__ == "__main__":
    main()
