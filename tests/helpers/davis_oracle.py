"""The measure of DAVIS, mask by mask and pixel by pixel, slow and obvious; and small problems for it."""

import itertools
import math

import numpy as np

VOID = 255


def jaccard(truth: np.ndarray, result: np.ndarray, void: np.ndarray) -> float:
    """Of two (H, W) bool masks."""
    both, either = (truth & result & ~void).sum(), ((truth | result) & ~void).sum()
    return both / either if either else 1.0


def boundary(mask: np.ndarray) -> np.ndarray:
    """(P, 2) points of a (H, W) bool mask: a pixel unlike its neighbours to the right, below, and to both."""
    height, width = mask.shape
    points = []
    for y, x in np.ndindex(mask.shape):
        if y < height - 1 and x < width - 1:
            others = mask[y, x + 1], mask[y + 1, x], mask[y + 1, x + 1]
        elif x < width - 1:
            others = (mask[y, x + 1],)
        elif y < height - 1:
            others = (mask[y + 1, x],)
        else:
            others = ()
        if any(other != mask[y, x] for other in others):
            points.append((y, x))
    return np.array(points).reshape(-1, 2)


def boundary_f(truth: np.ndarray, result: np.ndarray, void: np.ndarray) -> float:
    """Of two (H, W) bool masks."""
    reach = math.ceil(0.008 * math.hypot(*truth.shape))
    ours, theirs = boundary(truth & ~void), boundary(result & ~void)
    if not len(ours) or not len(theirs):
        return float(len(ours) == len(theirs))
    near = ((ours[:, None] - theirs) ** 2).sum(axis=-1) <= reach**2
    recall, precision = near.any(axis=1).mean(), near.any(axis=0).mean()
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def sequence(truths: np.ndarray, results: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """J and F, (N, T) each, of the best of all ways to give proposals to objects; of (T, H, W) index maps."""
    objects = int(np.where(truths[0] == VOID, 0, truths[0]).max())
    proposals = max(int(results.max()), objects)
    tables = np.zeros((2, proposals, objects, len(truths)))
    for t, (truth, result) in enumerate(zip(truths, results, strict=True)):
        for i, j in itertools.product(range(objects), range(proposals)):
            pair = truth == i + 1, result == j + 1, truth == VOID
            tables[:, j, i, t] = jaccard(*pair), boundary_f(*pair)
    mean = tables.mean(axis=(0, 3))
    ways = itertools.permutations(range(proposals), objects)
    best = max(ways, key=lambda way: sum(mean[j, i] for i, j in enumerate(way)))
    return tuple(table[list(best), range(objects)] for table in tables)


def blobs(seed: int, length=4, size=(57, 83), number=3, shift=2, void=True) -> np.ndarray:
    """(T, H, W) uint8: discs that move, leave the frame and hide each other."""
    random = np.random.default_rng(seed)
    y, x = np.ogrid[: size[0], : size[1]]
    starts, steps = random.uniform(0, size, (number, 2)), random.uniform(-8, 8, (number, 2))
    radii = random.uniform(6, 20, number)
    out = np.zeros((length, *size), np.uint8)
    for t, k in itertools.product(range(length), range(number)):
        cy, cx = starts[k] + t * steps[k] + random.uniform(-shift, shift, 2)
        out[t][(y - cy) ** 2 + (x - cx) ** 2 <= radii[k] ** 2] = k + 1
    if void:
        out[:, 20:26, 30:60] = VOID
    return out
