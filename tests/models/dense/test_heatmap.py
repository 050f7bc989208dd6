"""The heatmap of the last frame's centres, pixel by pixel."""

import math

import pytest
import torch
from mmdet.models.utils import gaussian_radius

from mmvis_ext.models.dense import draw_centres, spatial_grid

SIZE = (12, 18)
UNIT = [17 / 3, 11 / 2]  # pixels in one unit of the grid along x and y: the grid is 3 wide and 2 high


def on_grid(column: float, row: float) -> list[float]:
    return [(column - 8.5) / UNIT[0], (row - 5.5) / UNIT[1]]


def heatmap_slowly(objects: list[tuple[int, int, int, int]]) -> list[list[float]]:
    """Of (column, row, width, height) in pixels: the largest Gaussian whose square window reaches the pixel."""
    rows = [[0.0] * SIZE[1] for _ in range(SIZE[0])]
    for column, row, width, height in objects:
        radius = max(0, int(gaussian_radius((height, width), 0.3)))
        sigma = (2 * radius + 1) / 6
        for j, i in [(j, i) for j in range(SIZE[0]) for i in range(SIZE[1])]:
            if max(abs(j - row), abs(i - column)) <= radius:
                value = math.exp(-((j - row) ** 2 + (i - column) ** 2) / (2 * sigma**2))
                rows[j][i] = max(rows[j][i], value)
    return rows


def draw(*objects: tuple[float, float, float, float]) -> torch.Tensor:
    """Of (column, row, width, height) in pixels."""
    centres = torch.tensor([on_grid(c, r) for c, r, *_ in objects]).reshape(-1, 2)
    extents = torch.tensor([[w / UNIT[0], h / UNIT[1]] for *_, w, h in objects]).reshape(-1, 2)
    return draw_centres(centres, extents, SIZE)


def test_units_are_those_of_the_grid():
    x, y = spatial_grid(*SIZE)
    assert [x[3, 7].item(), y[3, 7].item()] == pytest.approx(on_grid(7, 3))


@pytest.mark.parametrize(
    "objects",
    [
        [(5, 4, 6, 4)],
        [(5, 4, 6, 4), (8, 5, 9, 9)],
        [(0, 0, 8, 8), (17, 11, 8, 3)],
        [(9, 6, 18, 12), (9, 6, 2, 2), (3, 10, 1, 1)],
    ],
    ids=["one", "two that overlap", "corners", "one within another, and a pixel"],
)
def test_every_pixel_has_the_largest_gaussian(objects):
    found = draw(*objects)
    torch.testing.assert_close(found, torch.tensor(heatmap_slowly(objects)), rtol=1e-4, atol=1e-6)
    assert all(found[row, column] == 1 for column, row, *_ in objects)


def test_a_larger_instance_has_a_wider_gaussian():
    assert (draw((9, 6, 12, 10)) > 0).sum() > (draw((9, 6, 6, 5)) > 0).sum() > 1


def test_centres_between_pixels_are_drawn_at_the_nearest():
    assert torch.equal(draw((5.3, 3.8, 6, 4)), draw((5, 4, 6, 4)))


def test_centres_outside_are_held_to_the_border():
    assert torch.equal(draw((-7, 30, 6, 4)), draw((0, 11, 6, 4)))


@pytest.mark.parametrize("far", [3e38, -3e38, float("inf"), float("-inf"), float("nan")])
def test_a_centre_that_is_nowhere_does_not_stop_the_rest(far):
    centres = torch.tensor([[far, 0.0], on_grid(5, 4)])
    found = draw_centres(centres, torch.tensor([[0.1, 0.1], [0.1, 0.1]]), SIZE)
    assert found[4, 5] == 1
    assert torch.isfinite(found).all()


def test_nothing_is_drawn_without_instances():
    assert torch.equal(draw(), torch.zeros(SIZE))


@pytest.mark.parametrize("size", [(1, 1), (1, 6), (6, 1)])
def test_maps_of_one_pixel_are_drawn(size):
    found = draw_centres(torch.tensor([[0.0, 0.0]]), torch.tensor([[1.0, 1.0]]), size)
    assert found.shape == size
    assert found.max() == 1
