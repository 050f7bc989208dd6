"""The command line ``mmvis``: a module per command, and the scripts in ``tools/`` that do the same."""

from .program import main, tool

__all__ = ["main", "tool"]
