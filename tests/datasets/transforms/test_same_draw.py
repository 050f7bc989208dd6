"""Transforms of mmdet that mmcv's broadcaster cannot share among the frames of a sample."""

import random

import cv2
import numpy as np
import pytest
from mmdet.structures.bbox import HorizontalBoxes
from mmdet.structures.mask import BitmapMasks

from mmvis_ext.datasets.randomness import seeded
from mmvis_ext.datasets.transforms import SameDraw
from mmvis_ext.utils.errors import InputError

H, W = 60, 90
GEOMETRY = ("Rotate", "ShearX", "ShearY", "TranslateX", "TranslateY")


def sample(frames=3) -> dict:
    """A bright rectangle that moves to the right, with its mask and its box."""
    results: dict = dict(img=[], gt_masks=[], gt_bboxes=[], gt_bboxes_labels=[], gt_ignore_flags=[], img_shape=[])
    for t in range(frames):
        mask = np.zeros((1, H, W), np.uint8)
        mask[0, 20:40, 30 + 5 * t : 50 + 5 * t] = 1
        results["img"].append(np.repeat(mask[0, ..., None], 3, axis=2) * 255)
        results["gt_masks"].append(BitmapMasks(mask, H, W))
        results["gt_bboxes"].append(HorizontalBoxes([[30.0 + 5 * t, 20.0, 50.0 + 5 * t, 40.0]]))
        results["gt_bboxes_labels"].append(np.zeros(1, np.int64))
        results["gt_ignore_flags"].append(np.zeros(1, bool))
        results["img_shape"].append((H, W))
    return results


def step(name, **knobs) -> dict:
    return dict(type=f"mmdet.{name}", prob=1.0, img_border_value=0, **knobs)


@pytest.mark.parametrize("name", GEOMETRY)
def test_every_frame_goes_through_the_same_map(name):
    with seeded(3):
        moved = SameDraw([step(name)])(sample())
    maps = [np.asarray(one, np.float64) for one in moved["homography_matrix"]]
    assert not np.allclose(maps[0], np.eye(3))  # so it moved
    for t, frame in enumerate(sample()["gt_masks"]):
        assert np.array_equal(maps[t], maps[0])
        expected = cv2.warpPerspective(frame.masks[0], maps[0], (W, H), flags=cv2.INTER_LINEAR)
        assert (moved["gt_masks"][t].masks[0] != expected).mean() < 0.01
        assert ((moved["img"][t][..., 0] > 127) != moved["gt_masks"][t].masks[0]).mean() < 0.02


def test_two_steps_draw_apart_and_the_next_sample_draws_anew():
    steps = SameDraw([step("TranslateX"), step("TranslateY")])
    with seeded(0):  # each draws whether it moves, and which way
        ways = {tuple(np.sign(steps(sample())["homography_matrix"][0][:2, 2])) for _ in range(40)}
    assert len(ways) == 9


def test_what_is_drawn_depends_on_the_sample_alone():
    runs = []
    for before in (1, 2):
        random.seed(before)
        np.random.seed(before)
        with seeded(7):
            runs.append(SameDraw([step("Rotate")])(sample()))
    assert all(np.array_equal(a, b) for a, b in zip(runs[0]["img"], runs[1]["img"], strict=True))


def test_it_stands_in_a_pipeline_of_configs():
    with seeded(0):
        results = SameDraw([dict(type="mmdet.RandomFlip", prob=1.0), step("Rotate", max_mag=0.0)])(sample())
    for t, frame in enumerate(sample()["img"]):
        assert np.array_equal(results["img"][t], frame[:, ::-1])


def test_a_transform_that_cannot_take_the_frames_is_named():
    with pytest.raises(InputError, match=r"RandomAffine in the data pipeline cannot take frames with .*gt_masks"):
        SameDraw([dict(type="mmdet.RandomAffine")])(sample())
    with seeded(0), pytest.raises(InputError, match="RandomCrop in the data pipeline gave a frame back as unusable"):
        SameDraw([dict(type="mmdet.RandomCrop", crop_size=(4, 4), allow_negative_crop=False)])(sample())
