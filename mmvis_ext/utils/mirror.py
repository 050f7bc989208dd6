"""Continuing what is too short."""

__all__ = ["mirrored"]


def mirrored(index: int, length: int) -> int:
    """Continue 0 .. length-1 back and forth: 0 1 2 1 0 1 2 ..."""
    if length == 1:
        return 0
    index %= 2 * (length - 1)
    return min(index, 2 * (length - 1) - index)
