"""Objects that touch, joined into one."""

import numpy as np
import pytest
from mmdet.structures.bbox import HorizontalBoxes
from mmdet.structures.mask import BitmapMasks

from mmvis_ext.datasets.transforms import JoinTouching
from mmvis_ext.utils.errors import InputError

H, W = 24, 40


def frame(*areas, ignored=()) -> dict:
    """Rectangles (x1, y1, x2, y2), with labels and track ids that tell them apart."""
    masks = np.zeros((len(areas), H, W), np.uint8)
    for mask, (x1, y1, x2, y2) in zip(masks, areas, strict=True):
        mask[y1:y2, x1:x2] = 1
    return dict(
        gt_masks=BitmapMasks(masks, H, W),
        gt_bboxes=HorizontalBoxes(np.array(areas, np.float32).reshape(-1, 4)),
        gt_bboxes_labels=np.arange(len(areas)) + 20,
        gt_instances_ids=np.arange(len(areas)) + 7,
        gt_ignore_flags=np.array([i in ignored for i in range(len(areas))], bool),
    )


def by_definition(masks: np.ndarray, gap: int) -> set[frozenset[int]]:
    """Groups of masks, grown by looking at every pair of pixels."""
    pixels = [np.argwhere(mask) for mask in masks]
    groups = [{i} for i in range(len(masks))]
    for i in range(len(masks)):
        for j in range(i):
            apart = np.abs(pixels[i][:, None] - pixels[j][None]).max(axis=-1).min()
            if apart <= gap:
                one = next(g for g in groups if i in g)
                other = next(g for g in groups if j in g)
                if one is not other:
                    groups.remove(other)
                    one |= other
    return {frozenset(g) for g in groups}


@pytest.mark.parametrize("gap", [0, 1, 2, 4])
def test_groups_are_those_of_every_pair_of_pixels(gap):
    draw = np.random.default_rng(gap)
    sizes = set()
    for _ in range(10):
        corners = draw.integers(0, (W - 6, H - 6), (6, 2))
        before = frame(*np.concatenate([corners, corners + draw.integers(2, 6, (6, 2))], axis=1).tolist())
        masks = before["gt_masks"].masks.copy()
        after = JoinTouching(gap)(before)
        groups = by_definition(masks, gap)
        sizes.add(len(groups))
        expected = {masks[list(g)].any(axis=0).astype(np.uint8).tobytes() for g in groups}
        assert {mask.tobytes() for mask in after["gt_masks"].masks} == expected
        areas = [int(mask.sum()) for mask in after["gt_masks"].masks]
        assert areas == sorted(areas, reverse=True)
    assert len(sizes) > 1


def test_a_joined_object_is_its_largest_part():
    after = JoinTouching(gap=1)(frame((0, 0, 4, 4), (4, 0, 16, 8), (30, 10, 34, 14)))
    assert after["gt_instances_ids"].tolist() == [8, 9]
    assert after["gt_bboxes_labels"].tolist() == [21, 22]
    assert after["gt_bboxes"].tensor.tolist() == [[0, 0, 16, 8], [30, 10, 34, 14]]


def test_only_the_largest_are_kept_and_what_is_ignored_stays_apart():
    areas = (0, 0, 4, 4), (5, 0, 9, 4), (20, 0, 26, 4), (0, 8, 3, 11), (3, 3, 6, 6)
    after = JoinTouching(gap=2, keep=1)(frame(*areas, ignored=[4]))
    # 7 and 8 touch (32 pixels); the ignored 11 touches them too, and counts for nothing
    assert after["gt_instances_ids"].tolist() == [7, 11]
    assert after["gt_ignore_flags"].tolist() == [False, True]
    assert after["gt_masks"].masks.sum(axis=(1, 2)).tolist() == [32, 9]


@pytest.mark.parametrize("ignored", [(), (0,)])
def test_frames_without_objects_stay_so(ignored):
    after = JoinTouching(keep=1)(frame(*[(0, 0, 3, 3)] * len(ignored), ignored=ignored))
    assert len(after["gt_masks"]) == len(after["gt_bboxes"]) == len(after["gt_instances_ids"]) == len(ignored)


@pytest.mark.parametrize(("knobs", "said"), [(dict(gap=-1), "gap=-1"), (dict(keep=0), "keep=0")])
def test_bad_arguments_are_named(knobs, said):
    with pytest.raises(InputError, match=said):
        JoinTouching(**knobs)


def test_without_masks():
    with pytest.raises(InputError, match="with_mask=True"):
        JoinTouching()(dict(img=np.zeros((4, 4, 3))))
