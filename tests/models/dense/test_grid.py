"""The grid: its coordinates pixel by pixel, and what is read and measured on it."""

import pytest
import torch
from dense_oracle import grid_slowly

from mmvis_ext.models.dense.grid import (
    mask_extents,
    mass_centres,
    nearest_pixels,
    read_at,
    resize,
    sample_rows,
    spatial_grid,
    to_pixels,
)

SIZES = [(5, 5), (4, 9), (9, 4), (2, 7), (6, 5)]
WITH_LINES = [*SIZES, (1, 6), (6, 1), (1, 1)]


def nearest_slowly(point: list[float], height: int, width: int) -> tuple[int, int]:
    """Row and column of the pixel that is nearest to a point, along each axis by itself."""
    places = grid_slowly(height, width)
    column = min(range(width), key=lambda i: abs(places[0][i][0] - point[0]))
    return min(range(height), key=lambda j: abs(places[j][0][1] - point[1])), column


@pytest.mark.parametrize(("height", "width"), WITH_LINES)
def test_every_pixel_is_where_the_equation_says(height, width):
    grid, places = spatial_grid(height, width), grid_slowly(height, width)
    assert (grid.shape, grid.dtype) == ((2, height, width), torch.float32)
    for j, i in [(j, i) for j in range(height) for i in range(width)]:
        assert grid[:, j, i].tolist() == pytest.approx(places[j][i], abs=1e-6)


def test_a_square_runs_from_minus_one_to_one():
    grid = spatial_grid(5, 5)
    assert grid[0].tolist() == [[-1, -0.5, 0, 0.5, 1]] * 5
    assert torch.equal(grid[1], grid[0].T)


@pytest.mark.parametrize(("height", "width", "reach"), [(10, 20, (2, 1)), (20, 10, (1, 2)), (8, 10, (1.25, 1))])
def test_the_longer_side_goes_beyond_one(height, width, reach):
    grid = spatial_grid(height, width)
    assert grid.amax(dim=(1, 2)).tolist() == pytest.approx(reach)
    assert grid.amin(dim=(1, 2)).tolist() == pytest.approx([-r for r in reach])


@pytest.mark.parametrize(("height", "width"), [(30, 60), (60, 30), (40, 90)])
def test_a_pixel_is_as_long_as_it_is_wide(height, width):
    grid = spatial_grid(height, width)
    across, down = grid[0, 0, 1] - grid[0, 0, 0], grid[1, 1, 0] - grid[1, 0, 0]
    assert float(across / down) == pytest.approx(1, abs=1 / min(height, width))
    # exactly so between the borders of the image, which lie half a pixel around the outer pixels
    assert float(across * (width - 1) / width) == pytest.approx(float(down * (height - 1) / height), rel=1e-5)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_built_at_double_size_it_is_itself_enlarged(height, width):
    grid = spatial_grid(height, width)
    big = resize(grid[None], (2 * height - 1, 2 * width - 1))[0]
    # Eq. 1 with the reach of the small map: 2n - 1 has not quite the same proportions
    reach = torch.tensor([max(1, width / height), max(1, height / width)])
    for j, i in [(j, i) for j in range(2 * height - 1) for i in range(2 * width - 1)]:
        place = torch.tensor([i / (2 * width - 2), j / (2 * height - 2)])
        torch.testing.assert_close(big[:, j, i], 2 * reach * place - reach, rtol=0, atol=1e-6)
    torch.testing.assert_close(big[:, ::2, ::2], grid, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("small", "big"), [((5, 5), (9, 9)), ((4, 8), (13, 26)), ((9, 3), (21, 7)), ((3, 4), (30, 40))]
)
def test_built_larger_in_the_same_proportions_it_is_itself_enlarged(small, big):
    enlarged = torch.nn.functional.interpolate(
        spatial_grid(*small)[None], big, mode="bilinear", align_corners=True
    )  # fmt: skip
    torch.testing.assert_close(spatial_grid(*big), enlarged[0], rtol=0, atol=1e-6)


def test_resize_interpolates_between_corners():
    maps = torch.randn(2, 3, 3, 4)
    found = resize(maps, (5, 9))
    for j, i in [(j, i) for j in range(5) for i in range(9)]:
        y, x = j * 2 / 4, i * 3 / 8
        y0, x0 = min(int(y), 1), min(int(x), 2)
        v, u = y - y0, x - x0
        expected = (1 - v) * ((1 - u) * maps[:, :, y0, x0] + u * maps[:, :, y0, x0 + 1])
        expected = expected + v * ((1 - u) * maps[:, :, y0 + 1, x0] + u * maps[:, :, y0 + 1, x0 + 1])
        torch.testing.assert_close(found[:, :, j, i], expected)
    assert resize(maps, (3, 4)) is maps


@pytest.mark.parametrize(("height", "width"), WITH_LINES)
def test_points_return_to_the_pixels_that_they_are(height, width):
    points = spatial_grid(height, width).flatten(1).T
    wanted = torch.tensor([[i, j] for j in range(height) for i in range(width)], dtype=torch.float32)
    torch.testing.assert_close(to_pixels(points, (height, width)), wanted, rtol=0, atol=1e-5)


def test_points_between_pixels_and_outside_have_their_share():
    points = torch.tensor([[0.25, -0.5], [3.0, 0.0]])
    assert to_pixels(points, (5, 5)).tolist() == [[2.5, 1.0], [8.0, 2.0]]


@pytest.mark.parametrize(("height", "width"), WITH_LINES)
def test_a_map_is_read_at_the_nearest_pixel(height, width):
    maps, points = torch.randn(3, height, width), torch.randn(40, 2) * 1.5
    found = read_at(maps, points)
    assert found.shape == (40, 3)
    for point, values in zip(points.tolist(), found, strict=True):
        j, i = nearest_slowly(point, height, width)
        assert torch.equal(values, maps[:, j, i])


def test_points_outside_read_the_border_and_points_without_a_place_read_something():
    maps = torch.arange(12.0).reshape(1, 3, 4)
    inf, nan = float("inf"), float("nan")
    points = torch.tensor([[-9.0, -9.0], [9.0, 9.0], [inf, -inf], [-inf, inf], [nan, nan], [1e38, 0.0]])
    found = read_at(maps, points)[:, 0].tolist()
    assert found[:4] == [0, 11, 3, 8]
    assert found[4] in range(12)
    assert found[5] == 7
    assert read_at(maps, points[:0]).shape == (0, 1)


@pytest.mark.parametrize(("height", "width"), WITH_LINES)
def test_mass_centres_are_means_over_pixels(height, width):
    masks, places = torch.rand(6, height, width) < 0.4, grid_slowly(height, width)
    masks[0, height // 2, width // 2], masks[1], masks[2] = True, False, True
    found = mass_centres(masks)
    for mask, centre in zip(masks, found.tolist(), strict=True):
        inside = [places[j][i] for j in range(height) for i in range(width) if mask[j, i]]
        means = [sum(axis) / len(inside) for axis in zip(*inside, strict=True)] if inside else [0, 0]
        assert centre == pytest.approx(means, abs=1e-5)
    assert mass_centres(masks[:0]).shape == (0, 2)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_extents_are_what_masks_cover(height, width):
    masks = torch.rand(6, height, width) < 0.15
    masks[0, height // 2, width // 2], masks[1], masks[2] = True, False, True
    step = [2 * max(1, width / height) / (width - 1), 2 * max(1, height / width) / (height - 1)]
    for mask, extent in zip(masks, mask_extents(masks).tolist(), strict=True):
        rows = [j for j in range(height) if any(mask[j, i] for i in range(width))]
        columns = [i for i in range(width) if any(mask[j, i] for j in range(height))]
        spans = [max(side) - min(side) + 1 if side else 0 for side in (columns, rows)]
        assert extent == pytest.approx([n * s for n, s in zip(spans, step, strict=True)], rel=1e-5)
    assert mask_extents(masks[:0]).shape == (0, 2)


def test_the_extent_along_a_side_of_one_pixel_is_the_whole_side():
    assert mask_extents(torch.ones(1, 1, 4, dtype=torch.bool))[0, 1] == 2
    assert mask_extents(torch.ones(1, 4, 1, dtype=torch.bool))[0, 0] == 2


@pytest.mark.parametrize(("length", "number"), [(9, 5), (32, 8), (13, 4), (4, 4), (5, 1), (3, 7), (1, 1)])
def test_rows_are_sampled_between_the_corners(length, number):
    found = sample_rows(length, number)
    assert (found.dtype, len(found)) == (torch.int64, number)
    for row, place in enumerate(found.tolist()):
        exact = row * (length - 1) / (number - 1) if number > 1 else 0
        assert abs(place - exact) <= 0.5 + 1e-5


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_mass_centres_are_the_same_in_mixed_precision(dtype):
    masks = torch.zeros(1, 384, 640, dtype=torch.bool)
    masks[..., 320:] = True
    with torch.autocast("cpu", dtype=dtype):
        found = mass_centres(masks)
    assert torch.equal(found, mass_centres(masks))


@pytest.mark.parametrize("error", [-1e-6, 0, 1e-6])
def test_a_point_halfway_between_two_pixels_goes_to_the_larger_one_whatever_the_rounding(error):
    # on a map of 3 x 3 pixels one unit of the grid is one pixel
    points = torch.tensor([[0.5, 0.5], [-0.5, -0.5], [-1.5, 0.0], [9.0, -9.0]]) + error
    assert nearest_pixels(points, (3, 3)).tolist() == [[2, 2], [1, 1], [0, 1], [2, 0]]
