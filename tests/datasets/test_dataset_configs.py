"""The training pipelines of the configs, run on a small video."""

from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config

from mmvis_ext.datasets import Draw
from mmvis_ext.registry import DATASETS
from mmvis_ext.structures import boxes_of, encode

CONFIGS = sorted((Path(__file__).parents[2] / "configs/_base_/datasets").glob("*.py"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda p: p.stem)
def test_image_masks_and_boxes_stay_together(path, official, write, frames):
    cfg = Config.fromfile(path).train_dataloader.dataset
    cfg.update(ann_file=str(write(official)), data_root="", data_prefix=dict(img_path=str(frames)))
    cfg.filter_cfg, cfg.clips.clip_len = dict(filter_empty_gt=True), 5
    data = DATASETS.build(cfg)
    for seed in range(6):
        item = data[Draw(0, seed)]
        seen = 0
        for frame in item["data_samples"].video_data_samples:
            masks, boxes = frame.gt_instances.masks, frame.gt_instances.bboxes
            assert (masks.height, masks.width) == frame.metainfo["img_shape"] == tuple(item["inputs"].shape[-2:])
            tight = boxes_of(encode(masks.masks)) if len(masks) else np.zeros((0, 4))
            assert np.abs(boxes.numpy() - tight).max(initial=0) <= 0.02 * masks.width
            seen += len(masks)
        assert seen
