"""Masks inside boxes to frames and back, against mmdet's own pasting and cropping."""

import numpy as np
import pytest
import torch
from mmdet.models.roi_heads.mask_heads.fcn_mask_head import _do_paste_mask
from mmdet.structures.mask import BitmapMasks

from mmvis_ext.models.mask import crop_masks, encode_visible, mask_on_grid
from mmvis_ext.structures import decode

H, W = 20, 30
INSIDE = [[3.2, 4.1, 17.9, 15.3], [0.0, 0.0, 30.0, 20.0], [10.2, 2.0, 12.9, 19.0]]
PARTLY = [[-8.0, -5.5, 9.3, 12.0], [22.2, 11.1, 41.0, 35.0], [-30.0, -20.0, 60.0, 40.0]]
OUTSIDE = [[40.0, 3.0, 60.0, 9.0], [-60.0, 3.0, -40.0, 9.0], [3.0, 30.0, 9.0, 50.0], [3.0, -50.0, 9.0, -30.0]]


def paste_slowly(mask, box, y: float, x: float) -> float:
    """Bilinear sample, at one point of the frame, of a mask whose cells fill a box; zero beyond."""
    side = len(mask)
    v = (y - box[1]) / (box[3] - box[1]) * side - 0.5
    u = (x - box[0]) / (box[2] - box[0]) * side - 0.5
    total = 0.0
    for i in range(side):
        for j in range(side):
            total += max(0.0, 1 - abs(v - i)) * max(0.0, 1 - abs(u - j)) * float(mask[i, j])
    return total


@pytest.mark.parametrize("boxes", [INSIDE, PARTLY, OUTSIDE], ids=["inside", "partly", "outside"])
def test_on_a_grid_of_pixels_it_is_mmdets_pasting(boxes):
    boxes = torch.tensor(boxes)
    masks = torch.rand(len(boxes), 7, 7)
    expected, _ = _do_paste_mask(masks[:, None], boxes, H, W, skip_empty=False)
    torch.testing.assert_close(mask_on_grid(masks, boxes, (H, W), (H, W)), expected)


@pytest.mark.parametrize("grid", [(5, 10), (10, 30), (3, 7)])
def test_a_coarser_grid_samples_at_the_centres_of_its_cells(grid):
    boxes = torch.tensor(INSIDE[:2] + PARTLY[:1])
    masks = torch.rand(3, 4, 4)
    found = mask_on_grid(masks, boxes, (H, W), grid)
    for n in range(3):
        for i in range(grid[0]):
            for j in range(grid[1]):
                y, x = (i + 0.5) * H / grid[0], (j + 0.5) * W / grid[1]
                assert found[n, i, j].item() == pytest.approx(paste_slowly(masks[n], boxes[n].tolist(), y, x), abs=1e-5)


def test_a_box_without_area_gives_an_empty_finite_mask():
    grid = mask_on_grid(torch.ones(1, 4, 4), torch.tensor([[5.0, 5.0, 5.0, 5.0]]), (H, W), (H, W))
    assert (grid == 0).all()


@pytest.mark.parametrize("boxes", [INSIDE, PARTLY, OUTSIDE], ids=["inside", "partly", "outside"])
@pytest.mark.parametrize("side", [4, 28])
def test_crops_are_mmdets_mask_targets(boxes, side):
    rng = np.random.default_rng(0)
    masks = (rng.random((len(boxes), H, W)) < 0.5).astype(np.uint8)
    masks[0] = 0
    boxes = np.array(boxes, np.float32)
    expected = BitmapMasks(masks, H, W).crop_and_resize(boxes, (side, side), np.arange(len(boxes)), device="cpu")
    found = crop_masks(torch.from_numpy(masks), torch.from_numpy(boxes), side)
    assert found.dtype == torch.float32
    assert torch.equal(found, torch.from_numpy(expected.masks).float())
    assert not found[0].any()


def test_the_crop_of_a_rectangle_by_its_own_box_is_full():
    masks = torch.zeros(1, H, W, dtype=torch.uint8)
    masks[:, 4:12, 6:20] = 1
    assert crop_masks(masks, torch.tensor([[6.0, 4.0, 20.0, 12.0]]), 8).all()
    half = crop_masks(masks, torch.tensor([[6.0, 4.0, 34.0, 12.0]]), 8)
    assert half[0, :, :4].all()
    assert not half[0, :, 4:].any()


def test_a_cell_that_is_half_covered_counts():
    masks = torch.zeros(1, H, W, dtype=torch.uint8)
    masks[:, 0:8, 0:3] = 1
    crop = crop_masks(masks, torch.tensor([[0.0, 0.0, 8.0, 8.0]]), 4)
    assert crop[0].tolist() == [[1, 1, 0, 0]] * 4


def test_no_masks_give_no_crops():
    assert crop_masks(torch.zeros(0, H, W, dtype=torch.uint8), torch.zeros(0, 4), 5).shape == (0, 5, 5)
    assert mask_on_grid(torch.zeros(0, 4, 4), torch.zeros(0, 4), (H, W), (5, 5)).shape == (0, 5, 5)


@pytest.mark.parametrize("boxes", [INSIDE, PARTLY], ids=["inside", "partly"])
def test_visible_masks_are_encoded_at_full_size(boxes):
    boxes = torch.tensor(boxes)[:, None]
    masks = 0.35 + 0.65 * torch.rand(3, 1, 7, 7)
    codes = encode_visible(masks, boxes, torch.ones(3, 1, dtype=torch.bool), (H, W))
    for n in range(3):
        whole, _ = _do_paste_mask(masks[n][None], boxes[n], H, W, skip_empty=False)
        expected = (whole[0] >= 0.5).numpy()
        assert expected.any()
        assert np.array_equal(decode(codes[n], H, W)[0], expected)


def test_what_is_not_visible_has_no_mask():
    masks = torch.ones(2, 3, 4, 4)
    boxes = torch.tensor([2.0, 2.0, 12.0, 12.0]).expand(2, 3, 4)
    visible = torch.tensor([[True, False, True], [False, False, True]])
    codes = encode_visible(masks, boxes, visible, (H, W))
    assert [[c is not None for c in row] for row in codes] == visible.tolist()


def test_a_mask_that_nowhere_reaches_one_half_is_none():
    boxes = torch.tensor([[[2.0, 2.0, 12.0, 12.0]]])
    assert encode_visible(torch.full((1, 1, 4, 4), 0.49), boxes, torch.ones(1, 1, dtype=torch.bool), (H, W)) == [[None]]
    full = encode_visible(torch.full((1, 1, 4, 4), 0.5), boxes, torch.ones(1, 1, dtype=torch.bool), (H, W))
    assert full[0][0] is not None


@pytest.mark.parametrize("box", [*OUTSIDE, [5.0, 5.0, 5.0, 5.0], [float("nan")] * 4, [float("inf")] * 4])
def test_a_box_without_a_pixel_in_the_frame_has_no_mask(box):
    codes = encode_visible(
        torch.ones(1, 1, 4, 4), torch.tensor(box).view(1, 1, 4), torch.ones(1, 1, dtype=torch.bool), (H, W)
    )
    assert codes == [[None]]


def test_encoding_does_not_change_its_arguments():
    masks, boxes = torch.rand(1, 1, 4, 4), torch.tensor([[[-3.0, 2.0, 12.0, 12.0]]])
    before = masks.clone(), boxes.clone()
    encode_visible(masks, boxes, torch.ones(1, 1, dtype=torch.bool), (H, W))
    assert torch.equal(masks, before[0])
    assert torch.equal(boxes, before[1])
