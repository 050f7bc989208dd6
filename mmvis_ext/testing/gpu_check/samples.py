"""Training samples made in memory: noise, and boxes that move over it."""

import numpy as np
import torch
from mmdet.structures import DetDataSample, TrackDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.structures import InstanceData
from torch import Tensor

__all__ = ["moving_boxes"]


def moving_boxes(
    length: int, size: tuple[int, int], num_classes: int, seed: int = 0, objects: int = 4
) -> tuple[Tensor, TrackDataSample]:
    """A video of noise with a few objects, each a box that its mask fills and that moves to the right.

    Args:
        length: T, number of frames.
        size: (H, W) in pixels.
        num_classes: K; the objects' classes go round.
        seed: of the noise and of where the boxes are.
        objects: number of objects, each in every frame.

    Returns:
        (T,3,H,W) uint8, and the sample with the ground truth of every frame; boxes are xyxy pixels.
    """
    (h, w), generator = size, torch.Generator().manual_seed(seed)
    frames = torch.randint(0, 256, (length, 3, h, w), generator=generator, dtype=torch.uint8)
    place = torch.rand(objects, 2, generator=generator)
    extent = torch.tensor([w / 4, h / 4]).long()
    start = (place * torch.tensor([w / 2, h - h // 4 - 1])).long()
    samples = []
    for t in range(length):
        low = start + torch.tensor([w // 4 * t // length, 0])
        boxes = torch.cat([low, low + extent], dim=1)
        masks = np.zeros((objects, h, w), np.uint8)
        for mask, (x1, y1, x2, y2) in zip(masks, boxes.tolist(), strict=True):
            mask[y1:y2, x1:x2] = 1
        sample = DetDataSample(metainfo=dict(img_shape=size, ori_shape=size, video_id=0, frame_id=t))
        sample.gt_instances = InstanceData(
            bboxes=boxes.float(),
            labels=torch.arange(objects) % num_classes,
            instances_ids=torch.arange(objects, dtype=torch.int32),
            masks=BitmapMasks(masks, h, w),
        )
        samples.append(sample)
    out = TrackDataSample(metainfo=dict(num_clips=1))
    out.video_data_samples = samples
    return frames, out
