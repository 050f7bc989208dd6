"""The end of the pipeline."""

import numpy as np
import torch

from mmvis_ext.datasets.transforms import PackClip

T, H, W = 3, 4, 5


def results(**kwargs) -> dict:
    frames = dict(
        img=[np.full((H, W, 3), t, np.uint8) for t in range(T)],
        img_id=list(range(T)),
        img_shape=[(H, W)] * T,
        ori_shape=[(2 * H, 2 * W)] * T,
        frame_id=[4, 5, 6],
        video_id=[9] * T,
        instances=[[dict(mask="large")]] * T,
    )
    return frames | kwargs


def test_frames_become_one_tensor():
    packed = PackClip()(results())
    assert packed["inputs"].shape == (T, 3, H, W)
    assert packed["inputs"][:, 0, 0, 0].tolist() == [0, 1, 2]
    assert packed["inputs"].is_contiguous()


def test_frames_keep_their_meta_data_but_not_the_raw_masks():
    sample = PackClip(meta_keys=("note",))(results(note=list("abc")))["data_samples"]
    assert [f.metainfo["frame_id"] for f in sample.video_data_samples] == [4, 5, 6]
    assert [f.metainfo["note"] for f in sample.video_data_samples] == list("abc")
    assert sample[0].metainfo["ori_shape"] == (2 * H, 2 * W)
    assert "instances" not in sample[0].metainfo


def test_what_belongs_to_the_sample_is_kept_once():
    video = dict(id=9, annotations=[1, 2])
    sample = PackClip()(results(num_clips=[2] * T, video=[video] * T))["data_samples"]
    assert sample.metainfo["num_clips"] == 2
    assert sample.metainfo["video"] == video
    assert PackClip()(results())["data_samples"].metainfo == {}


def test_instances_of_each_frame_are_packed():
    ids = [np.array([0, 3]), np.array([], np.int32), np.array([3])]
    boxes = [np.zeros((len(i), 4), np.float32) for i in ids]
    sample = PackClip()(results(gt_instances_ids=ids, gt_bboxes=boxes))["data_samples"]
    assert [f.gt_instances.instances_ids.tolist() for f in sample.video_data_samples] == [[0, 3], [], [3]]
    assert torch.is_tensor(sample[0].gt_instances.bboxes)
