"""Matching of one frame of each sample, given the matches in the frames before it (InsPro, Sec. 3.3)."""

from collections.abc import Sequence

from torch import Tensor

from mmvis_ext.models.query.stage import StageOutput
from mmvis_ext.structures.tracklets import Tracklets

from .clips import Matches
from .temporal_matcher import TemporalMatcher

__all__ = ["match_frame"]


def match_frame(
    output: StageOutput, targets: Sequence[Tracklets], sizes: Tensor, matchers: Sequence[TemporalMatcher],
    remember: bool,
) -> list[Matches]:  # fmt: skip
    """Match the output of one stage to the ground truths that are visible in the frame, for each sample.

    Args:
        output: the stage's output, with T = 1.
        targets: for each of B samples, its ground truth with T = 1.
        sizes: (B,2) height and width in pixels.
        matchers: one per sample.
        remember: see :meth:`TemporalMatcher.match`.
    """
    matches = []
    for b, (truth, matcher, size) in enumerate(zip(targets, matchers, sizes.tolist(), strict=True)):
        shown = truth.visible[:, 0].nonzero().squeeze(1)
        slots, index = matcher.match(
            output.class_logits[b, :, 0], output.boxes[b, :, 0], truth.labels[shown], truth.boxes[shown, 0],
            truth.ids[shown], tuple(size), remember,
        )  # fmt: skip
        matches.append(Matches(slots, shown[index]))
    return matches
