"""Overlaps of boxes as they are defined, for oracles."""

from collections.abc import Sequence


def giou_slowly(a: Sequence[float], b: Sequence[float]) -> float:
    """Generalised IoU of two boxes, xyxy."""
    left, top = max(a[0], b[0]), max(a[1], b[1])
    right, bottom = min(a[2], b[2]), min(a[3], b[3])
    common = max(right - left, 0) * max(bottom - top, 0)
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common
    hull = (max(a[2], b[2]) - min(a[0], b[0])) * (max(a[3], b[3]) - min(a[1], b[1]))
    return common / union - (hull - union) / hull
