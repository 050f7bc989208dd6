"""Overlaps in time against decoded masks."""

import numpy as np
import pytest

from mmvis_ext.evaluation.errors.overlaps import overlaps_of
from mmvis_ext.structures import encode, mask_tube, tube_ious


def random_masks(rng, n, length=5, height=9, width=11):
    masks = rng.random((n, length, height, width)) < rng.random((n, length, 1, 1))
    return masks & (rng.random((n, length)) < 0.7)[..., None, None]


def tubes(masks):
    return [mask_tube([encode(m[None])[0] if m.any() else None for m in tube]) for tube in masks]


@pytest.mark.parametrize("seed", range(3))
def test_pixels_and_ious(seed):
    rng = np.random.default_rng(seed)
    ours, theirs = random_masks(rng, 4), random_masks(rng, 3)
    overlaps = overlaps_of(tubes(ours), tubes(theirs), 5)
    assert overlaps.iou == pytest.approx(tube_ious(tubes(ours), tubes(theirs)))
    for d, a in enumerate(ours):
        for g, b in enumerate(theirs):
            assert overlaps.shared[:, d, g].tolist() == [(x & y).sum() for x, y in zip(a, b, strict=True)]
            shown = a.any(axis=(1, 2))
            union = (a | b)[shown].sum()
            assert overlaps.own_iou[d, g] == pytest.approx((a & b)[shown].sum() / union if union else 0)


def test_without_results_or_truths_the_shapes_hold():
    some = tubes(random_masks(np.random.default_rng(0), 2))
    assert overlaps_of([], some, 5).iou.shape == (0, 2)
    assert overlaps_of(some, [], 5).iou.shape == (2, 0)
    assert overlaps_of(some, [], 5).pieces(0.5).shape == (2, 0)
