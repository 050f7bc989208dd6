"""Frames that are warped one by one: image, masks and boxes together, tracks as they were."""

import random

import numpy as np
import pytest
import torch
from mmcv.transforms import Compose
from mmdet.structures.bbox import HorizontalBoxes
from mmdet.structures.mask import BitmapMasks

from mmvis_ext.datasets.randomness import seeded
from mmvis_ext.datasets.transforms import PseudoMotion
from mmvis_ext.structures import boxes_of, encode
from mmvis_ext.utils.errors import InputError

H, W = 60, 90
KEYS = {"gt_masks", "gt_bboxes", "gt_bboxes_labels", "gt_instances_ids", "gt_ignore_flags"}
STILL = dict(max_rotation=0, scale=(1, 1), max_shear=0, max_shift=0, crop=(1, 1))
OBJECTS = [(30, 20, 60, 40), (0, 0, 12, 9), (80, 50, 90, 60)]  # one in the middle, two in corners; xyxy


def sample(frames=3, objects=OBJECTS, box_type=np.asarray) -> dict:
    """Frames of one image, whose objects are lit on black ground."""
    masks = np.zeros((len(objects), H, W), np.uint8)
    for mask, (x1, y1, x2, y2) in zip(masks, objects, strict=True):
        mask[y1:y2, x1:x2] = 1
    image = np.repeat(masks.any(0)[..., None], 3, axis=2).astype(np.uint8) * 255
    boxes = np.array(objects, np.float32).reshape(-1, 4)
    return dict(
        img=[image.copy() for _ in range(frames)],
        gt_masks=[BitmapMasks(masks.copy(), H, W) for _ in range(frames)],
        gt_bboxes=[box_type(boxes.copy()) for _ in range(frames)],
        gt_bboxes_labels=[np.arange(len(objects)) + 4 for _ in range(frames)],
        gt_instances_ids=[np.arange(len(objects), dtype=np.int32) for _ in range(frames)],
        gt_ignore_flags=[np.arange(len(objects)) == 2 for _ in range(frames)],
    )


def moved(seed=0, results=None, **knobs) -> dict:
    """The moved sample without the instance that stands for what is not covered."""
    with seeded(seed):
        results = PseudoMotion(**knobs)(sample() if results is None else results)
    for t, ids in enumerate(results.get("gt_instances_ids", ())):
        for key in KEYS & results.keys():
            results[key][t] = results[key][t][ids >= 0]
    return results


def test_without_motion_everything_stays():
    before, after = sample(), moved(**STILL)
    for t in range(3):
        assert np.array_equal(after["img"][t], before["img"][t])
        assert np.array_equal(after["gt_masks"][t].masks, before["gt_masks"][t].masks)
        assert np.array_equal(after["gt_bboxes"][t], before["gt_bboxes"][t])


@pytest.mark.parametrize("seed", range(20))
def test_image_masks_and_boxes_move_together(seed):
    results = moved(seed, border=(0, 0, 0))
    for t in range(3):
        masks, image = results["gt_masks"][t], results["img"][t]
        assert image.shape == (H, W, 3)
        assert (masks.height, masks.width) == (H, W)
        lit = image[..., 0] > 127
        union = masks.masks.any(0) if len(masks) else np.zeros((H, W), bool)
        assert (lit != union).sum() <= 0.1 * lit.sum() + 4, "but for the rim, where the image is interpolated"
        assert np.array_equal(results["gt_bboxes"][t], boxes_of(encode(masks.masks)))
        n = len(masks)
        assert [len(results[k][t]) for k in ("gt_bboxes_labels", "gt_instances_ids", "gt_ignore_flags")] == [n] * 3


def test_every_frame_draws_its_own_map():
    results = moved()
    assert not any(np.array_equal(results["img"][i], results["img"][j]) for i, j in ((0, 1), (0, 2), (1, 2)))


def test_what_is_drawn_depends_on_the_seed_alone():
    first = moved(3)
    random.seed(9)
    np.random.seed(9)
    again, other = moved(3), moved(4)
    assert all(np.array_equal(a, b) for a, b in zip(first["img"], again["img"], strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first["img"], other["img"], strict=True))


def test_random_parameters_are_not_shared_behind_a_broadcaster():
    """Sharing ends with the broadcaster: resize and flip are one draw per sample, the motion is one per frame."""
    flip = dict(type="mmdet.RandomFlip", prob=0.5)
    broadcast = dict(type="TransformBroadcaster", share_random_params=True, transforms=[flip])
    flips = set()
    for seed in range(8):
        with seeded(seed):
            results = Compose([broadcast, dict(type="PseudoMotion", **(STILL | dict(max_shift=0.3)))])(sample())
        assert len(set(results["flip"])) == 1
        flips |= set(results["flip"])
        assert not np.array_equal(results["img"][1], results["img"][2])
    assert flips == {True, False}


@pytest.mark.parametrize("seed", range(10))
def test_an_object_that_leaves_is_absent_with_all_that_belongs_to_it(seed):
    results = moved(seed, **(STILL | dict(max_shift=0.9)))
    for t in range(3):
        ids = results["gt_instances_ids"][t]
        assert np.array_equal(results["gt_bboxes_labels"][t], ids + 4)
        assert np.array_equal(results["gt_ignore_flags"][t], ids == 2)
        assert results["gt_masks"][t].masks.any(axis=(1, 2)).all()
        x1, y1, x2, y2 = np.asarray(results["gt_bboxes"][t]).T
        assert ((x1 < x2) & (y1 < y2)).all()


def test_objects_leave_some_frames_but_the_first_keeps_what_it_can():
    knobs = STILL | dict(max_shift=0.3)
    counts = np.array([[len(ids) for ids in moved(seed, **knobs)["gt_instances_ids"]] for seed in range(40)])
    assert counts[:, 1:].min() < 3, "later frames lose objects"
    assert counts[:, 0].mean() > counts[:, 1:].mean() + 0.5
    once = np.array([len(moved(seed, tries=1, **knobs)["gt_instances_ids"][0]) for seed in range(40)])
    assert counts[:, 0].mean() > once.mean() + 0.5
    assert (counts[:, 0] >= once).all(), "the best of several draws, the first of which is the only one of a single try"


def test_the_first_frame_takes_the_first_draw_that_keeps_all():
    alone = [(30, 20, 60, 40)]
    one, ten = (moved(7, sample(objects=alone), tries=tries) for tries in (1, 10))
    assert all(np.array_equal(a, b) for a, b in zip(one["img"], ten["img"], strict=True))


def maps(number=100, **knobs) -> np.ndarray:
    """(number, 2, 3) draws."""
    transform = PseudoMotion(**(STILL | knobs))
    return np.stack([transform.draw(H, W) for _ in range(number)])


def test_scale_grows_about_the_middle():
    twice = np.array([[2, 0, -(W - 1) / 2], [0, 2, -(H - 1) / 2]])
    assert np.allclose(maps(scale=(2, 2)), twice)
    factors = maps(300, scale=(0.5, 2))[:, 0, 0]
    assert (factors.min(), factors.max()) == pytest.approx((0.5, 2), abs=0.1)


def test_shear_moves_along_x_about_the_middle():
    drawn = maps(max_shear=20)
    assert np.allclose(drawn[:, 1], [0, 1, 0])
    assert np.allclose(drawn[:, 0, 0], 1)
    assert np.allclose(drawn[:, 0, 2], -drawn[:, 0, 1] * (H - 1) / 2)
    assert np.tan(np.radians(15)) < np.abs(drawn[:, 0, 1]).max() <= np.tan(np.radians(20))


def test_shifts_stay_within_their_share():
    drawn = maps(200, max_shift=0.2)
    assert np.allclose(drawn[..., :2], np.eye(2))
    shifts = drawn[..., 2]
    assert (np.abs(shifts).max(0) <= (0.2 * W, 0.2 * H)).all()
    assert (np.abs(shifts).max(0) > (0.17 * W, 0.17 * H)).all()


def test_a_turn_keeps_the_middle_and_lengths():
    middle, angles = np.array([(W - 1) / 2, (H - 1) / 2, 1]), []
    for matrix in maps(max_rotation=90):
        assert np.allclose(matrix @ middle, middle[:2])
        assert np.allclose(matrix[:, :2] @ matrix[:, :2].T, np.eye(2))
        assert np.linalg.det(matrix[:, :2]) == pytest.approx(1)
        angles.append(np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0])))
    assert -90 <= min(angles) < -75
    assert 75 < max(angles) <= 90


def test_a_crop_is_enlarged_to_the_frame():
    """The window's corners go to the frame's; a pixel is a unit square, so these lie half a pixel outside."""
    corners = []
    for matrix in maps(crop=(0.5, 0.5)):
        back = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))
        (x1, x2), (y1, y2), _ = back @ np.array([[-0.5, W - 0.5], [-0.5, H - 0.5], [1, 1]])
        assert (x2 - x1, y2 - y1) == pytest.approx((W / 2, H / 2))
        corners.append((x1 + 0.5, y1 + 0.5))
    low, high = np.min(corners, axis=0), np.max(corners, axis=0)
    assert (low >= -1e-6).all()
    assert (high <= np.array([W / 2, H / 2]) + 1e-6).all()
    assert (low < (5, 4)).all()
    assert (high > (W / 2 - 5, H / 2 - 4)).all()


def test_what_the_image_does_not_cover_gets_the_border():
    results = moved(**(STILL | dict(scale=(0.5, 0.5))), border=(10, 20, 30))
    assert results["img"][0][0, 0].tolist() == [10, 20, 30]


@pytest.mark.parametrize("box_type", [np.asarray, HorizontalBoxes])
def test_boxes_keep_their_type(box_type):
    results = moved(results=sample(box_type=box_type))
    assert isinstance(results["gt_bboxes"][0], np.ndarray if box_type is np.asarray else HorizontalBoxes)
    boxes = results["gt_bboxes"][0]
    assert torch.as_tensor(boxes if box_type is np.asarray else boxes.tensor).dtype == torch.float32


def test_a_frame_without_objects_moves_too():
    results = moved(results=sample(objects=[]))
    assert [len(m) for m in results["gt_masks"]] == [0, 0, 0]
    assert results["gt_bboxes"][0].shape == (0, 4)


def test_a_sample_without_masks_is_refused():
    results = {k: v for k, v in sample().items() if k != "gt_masks"}
    with pytest.raises(InputError, match="PseudoMotion moves masks, but the frames have none; set with_mask=True"):
        PseudoMotion()(results)


@pytest.mark.parametrize(
    "knobs",
    [
        dict(max_rotation=-1),
        dict(max_rotation=181),
        dict(scale=(0, 1)),
        dict(scale=(2, 1)),
        dict(max_shear=90),
        dict(max_shift=1.1),
        dict(crop=(0, 1)),
        dict(crop=(0.9, 0.8)),
        dict(crop=(0.9, 1.1)),
        dict(tries=0),
    ],
    ids=str,
)
def test_a_knob_out_of_range_is_refused(knobs):
    with pytest.raises(InputError, match=f"PseudoMotion: {next(iter(knobs))}="):
        PseudoMotion(**knobs)


@pytest.mark.parametrize("seed", range(5))
def test_what_the_image_does_not_cover_is_ignored(seed):
    white = sample()
    white["img"] = [np.full_like(image, 255) for image in white["img"]]
    with seeded(seed):
        results = PseudoMotion(border=(0, 0, 0), max_shift=0.3, crop=(1, 1))(white)
    for t in range(3):
        bare = results["gt_instances_ids"][t] == -1
        assert bare.sum() == 1
        assert bare[-1]
        assert results["gt_ignore_flags"][t][-1]
        (mask,) = results["gt_masks"][t].masks[bare]
        dark = results["img"][t][..., 0] < 127
        assert dark.any()
        # the image is interpolated and the mask is not, so they may differ along the edge
        assert (mask.astype(bool) != dark).sum() < 0.02 * mask.size
        assert len(results["gt_bboxes_labels"][t]) == len(results["gt_masks"][t]) == len(results["gt_bboxes"][t])
    with seeded(seed):
        still = PseudoMotion(**STILL)(sample())
    assert all((ids >= 0).all() for ids in still["gt_instances_ids"])
