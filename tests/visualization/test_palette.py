"""Colours: stable, all different, and told apart by colour-blind eyes too."""

from itertools import combinations

import numpy as np
import pytest

from mmvis_ext.visualization import colour

# Machado et al. 2009, full severity, on linear RGB
VISION = {
    "normal": np.eye(3),
    "protanope": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranope": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}
TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def seen(rgb, eye):
    """Oklab of an sRGB colour as an eye sees it."""
    srgb = np.array(rgb) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return TO_OKLAB @ np.cbrt(TO_LMS @ np.clip(VISION[eye] @ linear, 0, 1))


@pytest.mark.parametrize(("eye", "least"), [("normal", 0.11), ("protanope", 0.07), ("deuteranope", 0.07)])
def test_sixteen_colours_can_be_told_apart(eye, least):
    points = [seen(colour(i), eye) for i in range(16)]
    assert min(np.linalg.norm(a - b) for a, b in combinations(points, 2)) > least


def test_a_thousand_colours_differ_and_stay():
    first = [colour(i) for i in range(1000)]
    assert len(set(first)) == 1000
    assert first == [colour(i) for i in range(1000)]
    assert all(0 <= c <= 255 for rgb in first for c in rgb)
    assert colour(10**9) is not None
