"""How occluded an object of OVIS is, as OVIS' ``oviseval.py`` tells slight, moderate and heavy occlusion apart."""

from collections.abc import Sequence

from mmvis_ext.annotations.records import OCCLUSION_LEVELS

__all__ = ["OCCLUSION_RANGES", "occlusion_score"]

SCORES = dict(zip(OCCLUSION_LEVELS, (0.0, 0.25, 0.75), strict=True))
# Slightly, moderately and heavily occluded: both ends included, so an object on a border counts at both levels.
OCCLUSION_RANGES = dict(AP_SO=(0.0, 0.25), AP_MO=(0.25, 0.5), AP_HO=(0.5, 1.0))


def occlusion_score(levels: Sequence[str | None]) -> float | None:
    """The occlusion score of a track: the mean over the more occluded half of its frames.

    A frame counts 0, 0.25 or 0.75 by its level (none, slight, severe). Frames without a level do not count; of an odd
    number of frames the half is rounded up.

    Args:
        levels: one of :data:`OCCLUSION_LEVELS` or ``None`` per frame.

    Returns:
        In 0..0.75; ``None`` where no frame has a level.
    """
    scores = sorted((SCORES[level] for level in levels if level is not None), reverse=True)
    half = scores[: -(-len(scores) // 2)]
    return sum(half) / len(half) if half else None
