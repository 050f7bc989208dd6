"""Outlines, drawn again, are the masks that they come from."""

import cv2
import numpy as np
import pytest

from mmvis_ext.report.outlines import DIGITS, outlines, packed
from mmvis_ext.structures import encode


def drawn(mask: np.ndarray, scale: float) -> np.ndarray:
    """A mask from its outlines, filled by the even-odd rule at ``scale`` times its size."""
    height, width = mask.shape
    out = np.zeros((round(height * scale), round(width * scale)), np.uint8)
    for steps in outlines(encode(mask[None])[0], scale):
        one = np.zeros_like(out)
        cv2.fillPoly(one, [np.cumsum(np.reshape(steps, (-1, 2)), axis=0).astype(np.int32)], 1)
        out ^= one
    return out


def shapes() -> dict[str, np.ndarray]:
    disc, ring, two, dot, row = (np.zeros((60, 80), np.uint8) for _ in range(5))
    cv2.circle(disc, (40, 30), 20, 1, -1)
    cv2.circle(ring, (40, 30), 25, 1, -1)
    cv2.circle(ring, (40, 30), 12, 0, -1)
    two[5:25, 5:25] = two[30:59, 40:80] = 1
    dot[7, 9] = 1
    row[7, 9:40] = 1
    return dict(disc=disc, ring=ring, two=two, dot=dot, row=row)


@pytest.mark.parametrize("scale", [0.5, 1.0, 4.0])
@pytest.mark.parametrize("name", shapes())
def test_outlines_drawn_again_are_the_mask(name, scale):
    mask = shapes()[name]
    again, size = drawn(mask, scale), (round(80 * scale), round(60 * scale))
    # what is half a pixel there counts, so that a dot stays one
    expected = (cv2.resize(255 * mask, size, interpolation=cv2.INTER_AREA) > 0).astype(np.uint8)
    # no pixel is wrong that lies further from an edge than an outline may be off
    near = max(2, round(1.5 * scale))
    kernel = np.ones((2 * near + 1,) * 2, np.uint8)
    assert not again[cv2.dilate(expected, kernel) == 0].any()
    assert again[cv2.erode(expected, kernel, borderValue=0) > 0].all()
    assert again.any()


def test_a_mask_that_is_absent_has_none_and_a_hole_has_one_of_its_own():
    assert outlines(None, 1) == []
    assert len(outlines(encode(shapes()["ring"][None])[0], 1)) == 2
    assert len(outlines(encode(shapes()["two"][None])[0], 1)) == 2


def test_outlines_are_short():
    disc = outlines(encode(shapes()["disc"][None])[0], 1)
    assert sum(map(len, disc)) < 60


@pytest.mark.parametrize("number", [0, 1, -1, 15, 16, -16, -17, 31, 640, -640, 33000])
def test_packed_numbers_are_read_again(number):
    """Read by the rule, in bits."""
    text = packed([[number], [number, 0]])
    first, second = text.split(" ")
    assert second == first + "A"
    values = [DIGITS.index(digit) for digit in first]
    assert [value >= 32 for value in values] == [True] * (len(values) - 1) + [False]
    bits = "".join(f"{value % 32:05b}" for value in reversed(values))
    size, below = int(bits[:-1] or "0", 2), bits[-1] == "1"
    assert (-size - 1 if below else size) == number
