"""SRNet's equations once more, pixel by pixel and as slowly as they can be said."""

import itertools
import math


def grid_slowly(height: int, width: int) -> list[list[tuple[float, float]]]:
    """x and y of every pixel [row][column], from Eq. 1."""
    tx, ty = max(1, width / height), max(1, height / width)
    return [
        [
            (
                2 * tx * i / (width - 1) - tx if width > 1 else -tx,
                2 * ty * j / (height - 1) - ty if height > 1 else -ty,
            )
            for i in range(width)
        ]
        for j in range(height)
    ]


def probability_slowly(offsets, centre, bandwidth, j, i) -> float:
    """exp(-sum over dimensions of (E + S - c)^2 / (2 Sigma^2)) of one pixel; the grid ends after two dimensions."""
    place = [*grid_slowly(*offsets.shape[-2:])[j][i]] + [0] * (len(offsets) - 2)
    total = 0.0
    for d in range(len(offsets)):
        total += (float(offsets[d, j, i]) + place[d] - float(centre[d])) ** 2 / (2 * float(bandwidth[d]) ** 2)
    return math.exp(-total)


def jaccard_loss(wrong: set[int], labels: tuple[int, ...]) -> float:
    """1 - IoU of the mask in which exactly these pixels are wrong."""
    truth = {p for p, label in enumerate(labels) if label}
    mask = truth ^ wrong
    union = truth | mask
    return 1 - len(truth & mask) / len(union) if union else 0.0


def lovasz_slowly(logits: list[float], labels: tuple[int, ...]) -> float:
    """The integral over all levels of the Jaccard loss of the pixels whose error is above the level."""
    errors = [max(0.0, 1 - x * (1 if label else -1)) for x, label in zip(logits, labels, strict=True)]
    levels = sorted({0.0, *errors})
    total = 0.0
    for low, high in itertools.pairwise(levels):
        total += (high - low) * jaccard_loss({p for p, e in enumerate(errors) if e > low}, labels)
    return total
