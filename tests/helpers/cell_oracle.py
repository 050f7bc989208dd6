"""DET and SEG of the Cell Tracking Challenge, mask by mask, slow and obvious; and random results to judge."""

import numpy as np

from mmvis_ext.evaluation.cell_tracking_submission import CellTracks
from mmvis_ext.structures import encode


def labels_of(labels: np.ndarray) -> list[int]:
    return [i for i in np.unique(labels) if i]


def covers(truth: np.ndarray, result: np.ndarray) -> bool:
    """Whether one mask has more than half of another one's pixels, both (H, W) bool."""
    return (truth & result).sum() > truth.sum() / 2


def det(truths: np.ndarray, results: np.ndarray) -> float:
    """Of (T, H, W) maps of markers and of results."""
    cost = whole = 0
    for truth, result in zip(truths, results, strict=True):
        found = {i: [j for j in labels_of(result) if covers(truth == i, result == j)] for i in labels_of(truth)}
        whole += 10 * len(found)
        cost += 10 * sum(not owners for owners in found.values())
        for j in labels_of(result):
            owned = sum(j in owners for owners in found.values())
            cost += 1 if owned == 0 else 5 * (owned - 1)
    return 1 - min(cost, whole) / whole


def seg(truths: np.ndarray, results: np.ndarray) -> float:
    """Of (T, H, W) maps of masks, blank where a frame has none, and of results."""
    overlaps = []
    for truth, result in zip(truths, results, strict=True):
        for i in labels_of(truth):
            mask = truth == i
            own = [result == j for j in labels_of(result) if covers(mask, result == j)]  # one or none
            overlaps.append(sum((mask & other).sum() / (mask | other).sum() for other in own))
    return sum(overlaps) / len(overlaps)


def random_cells(maps: np.ndarray, seed: int) -> CellTracks:
    """The tracks of (T, H, W) maps with masks that are moved, lost, joined to others or made up."""
    random = np.random.default_rng(seed)
    tracks = []
    for label in labels_of(maps):
        masks = maps == label
        if random.random() < 0.3:
            masks |= maps == random.choice(labels_of(maps))
        shift = random.integers(-2, 3, (len(maps), 2))
        masks = np.stack([np.roll(mask, tuple(step), (0, 1)) for mask, step in zip(masks, shift, strict=True)])
        masks[random.random(len(maps)) < 0.2] = False
        tracks.append(masks)
    made_up = np.zeros(maps.shape, bool)
    made_up[random.integers(len(maps)) :, 18:22, 3:8] = True
    rles = [[encode(mask[None])[0] if mask.any() else None for mask in masks] for masks in (*tracks, made_up)]
    return CellTracks(rles, [None] * len(rles))
