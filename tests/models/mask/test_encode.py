"""Soft masks as RLE: sizes, padding, and how many are enlarged at once."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmdet.models.utils import aligned_bilinear

from mmvis_ext.models.mask import encode_logits, encode_probabilities
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.structures.rle import decode

PADDED, STRIDE = (32, 48), 4


def slowly(mask, padded, geometry, aligned):
    """One mask by itself, resized in full even where the size stays."""
    full = F.interpolate(mask[None, None], padded, mode="bilinear", align_corners=True)
    if aligned:
        full = aligned_bilinear(mask[None, None], STRIDE)
    h, w = geometry.resized
    soft = F.interpolate(full[..., :h, :w], geometry.original, mode="bilinear", align_corners=False)[0, 0].numpy()
    return soft >= 0.5 if aligned else soft > 0.5


@pytest.mark.parametrize("original", [(30, 44), (51, 80)])
@pytest.mark.parametrize("together", [1, 3, 16])
def test_any_number_is_enlarged_at_once_with_the_same_result(original, together, monkeypatch):
    monkeypatch.setattr("mmvis_ext.models.mask.encode._together", lambda masks: together)
    geometry = FrameGeometry(original, (30, 44))
    logits = F.interpolate(torch.randn(5, 1, 3, 4), (8, 12), mode="bilinear")[:, 0] * 4
    logits[2] = -9  # nothing in it
    soft = logits.sigmoid()
    for aligned, found in (
        (True, encode_logits(logits, STRIDE, geometry)),
        (False, encode_probabilities(soft, PADDED, geometry)),
    ):
        assert [rle is None for rle in found] == [False, False, True, False, False]
        expected = np.stack([slowly(mask, PADDED, geometry, aligned) for mask in soft])
        assert np.array_equal(decode(found, *original).astype(bool), expected)


def test_no_masks():
    assert encode_logits(torch.zeros(0, 8, 12), STRIDE, FrameGeometry((30, 44), (30, 44))) == []
