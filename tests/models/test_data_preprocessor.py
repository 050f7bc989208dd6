"""Frames go to the device, annotations stay."""

import torch
from small_model import rectangles, video_sample

from mmvis_ext.models import VideoDataPreprocessor

SIZE = (32, 48)


def test_frames_go_to_the_device_and_annotations_stay():
    preprocessor = VideoDataPreprocessor(mean=[1.0] * 3, std=[2.0] * 3, pad_size_divisor=32).to("meta")
    sample = video_sample(*[rectangles((0, 1, (4, 6, 40, 30)), size=SIZE)] * 2, size=SIZE)
    boxes = sample[0].gt_instances.bboxes
    data = preprocessor(dict(inputs=[torch.ones(2, 3, *SIZE, dtype=torch.uint8)], data_samples=[sample]), True)
    assert (data["inputs"].device.type, data["inputs"].shape) == ("meta", (1, 2, 3, 32, 64))
    assert data["data_samples"][0] is sample
    assert sample[0].gt_instances.bboxes is boxes
    assert sample[1].metainfo["batch_input_shape"] == (32, 64)


def test_frames_are_normalised():
    preprocessor = VideoDataPreprocessor(mean=[1.0] * 3, std=[2.0] * 3)
    data = preprocessor(dict(inputs=[torch.full((1, 3, *SIZE), 5, dtype=torch.uint8)], data_samples=None), True)
    assert torch.equal(data["inputs"], torch.full((1, 1, 3, *SIZE), 2.0))
