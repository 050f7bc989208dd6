"""EfficientVIS at a size that a test can afford, and ground truth for it."""

import numpy as np
import torch
from mmdet.structures import DetDataSample, TrackDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.config import Config
from mmengine.structures import InstanceData

from mmvis_ext.models import EfficientVIS, VideoModel
from mmvis_ext.registry import MODELS

SIZE = (32, 48)
K, N, T, C, S = 3, 4, 3, 16, 3


def model_cfg(**changes) -> Config:
    """Config of the small model; ``changes`` are merged into it."""
    cfg = Config(
        dict(
            type="EfficientVIS",
            data_preprocessor=dict(
                type="mmdet.TrackDataPreprocessor", mean=[0.0] * 3, std=[255.0] * 3, pad_size_divisor=16
            ),
            backbone=dict(
                type="mmdet.ResNet",
                depth=18,
                base_channels=8,
                num_stages=2,
                strides=(1, 2),
                dilations=(1, 1),
                out_indices=(0, 1),
            ),
            neck=dict(type="mmdet.FPN", in_channels=[8, 16], out_channels=C, num_outs=2),
            head=dict(
                type="TrackletCascade",
                num_classes=K,
                num_queries=N,
                num_iterations=2,
                embed_dims=C,
                num_heads=4,
                feedforward_channels=32,
                mask_convs=1,
                roi_extractor=dict(
                    type="StaticRoIExtractor",
                    roi_layer=dict(type="RoIAlign", output_size=S, sampling_ratio=2),
                    out_channels=C,
                    featmap_strides=[4, 8],
                    finest_scale=12,
                ),
            ),
            assigner=dict(type="TrackletAssigner"),
            clip_len=T,
        )
    )
    cfg.merge_from_dict(changes)
    return cfg


def inspro_cfg(**changes) -> Config:
    """Config of a small InsPro with the same backbone."""
    cfg = model_cfg()
    head = cfg.head
    masks = dict(stride=8, feat_channels=8, num_convs=1, norm_cfg=dict(type="GN", num_groups=2))
    inspro = Config(
        dict(
            type="InsPro",
            data_preprocessor=cfg.data_preprocessor,
            backbone=cfg.backbone,
            neck=cfg.neck,
            head=dict(
                type="InstanceCascade",
                num_classes=K,
                num_queries=N,
                num_stages=2,
                embed_dims=C,
                num_heads=4,
                feedforward_channels=32,
                mask_branch=masks,
                bank_length=3,
                roi_extractor=head.roi_extractor,
            ),
        )
    )
    inspro.merge_from_dict(changes)
    return inspro


def srnet_cfg(**changes) -> Config:
    """Config of a small SRNet with the same backbone; without categories unless ``changes`` ask for them."""
    cfg = model_cfg()
    srnet = Config(
        dict(
            type="SRNet",
            data_preprocessor=cfg.data_preprocessor,
            backbone=cfg.backbone,
            neck=cfg.neck,
            head=dict(
                type="DenseHead",
                in_channels=C,
                channels=8,
                head_channels=8,
                num_levels=2,
                norm_cfg=dict(type="GN", num_groups=2),
            ),
        )
    )
    srnet.merge_from_dict(changes)
    return srnet


def build_model(**changes) -> EfficientVIS:
    """The model as training starts it."""
    model = MODELS.build(model_cfg(**changes))
    model.init_weights()
    return model


def lively_model(**changes) -> EfficientVIS:
    """A model in eval mode whose weights are far from their start: boxes move and scores vary."""
    return enliven(build_model(**changes))


def enliven(model: VideoModel) -> VideoModel:
    """Take the head's weights away from their start; the model in eval mode."""
    model.eval()
    with torch.no_grad():
        for parameter in model.head.parameters():
            parameter += 0.2 * torch.randn_like(parameter)
        for stage in model.head.stages:
            stage.fc_cls.bias.zero_()
            stage.fc_reg.weight *= 0.3
        model.head.initial.init_proposal_bboxes.weight.copy_(torch.tensor([0.5, 0.5, 0.8, 0.8]))
        model.head.initial.init_proposal_bboxes.weight += 0.1 * torch.randn(len(model.head.initial.queries), 4)
    return model


def rectangles(*shown: tuple[int, int, tuple[int, int, int, int]], size: tuple[int, int] = SIZE) -> InstanceData:
    """Instances of one frame: (track id, label, xyxy box), each mask filling its box."""
    boxes = torch.tensor([box for *_, box in shown], dtype=torch.float32).reshape(-1, 4)
    masks = np.zeros((len(shown), *size), np.uint8)
    for mask, (x1, y1, x2, y2) in zip(masks, boxes.int().tolist(), strict=True):
        mask[y1:y2, x1:x2] = 1
    return InstanceData(
        bboxes=boxes,
        labels=torch.tensor([label for _, label, _ in shown], dtype=torch.int64),
        instances_ids=torch.tensor([i for i, *_ in shown], dtype=torch.int32),
        masks=BitmapMasks(masks, *size),
    )


def video_sample(*frames: InstanceData, size: tuple[int, int] = SIZE, num_clips: int = 1) -> TrackDataSample:
    """The data sample of one clip or video; ``size`` is that of the image without padding."""
    samples = [
        DetDataSample(gt_instances=f, metainfo=dict(img_shape=size, ori_shape=size, video_id=0, frame_id=t))
        for t, f in enumerate(frames)
    ]
    out = TrackDataSample(metainfo=dict(num_clips=num_clips))
    out.video_data_samples = samples
    return out


def empty_sample(length: int, size: tuple[int, int] = SIZE) -> TrackDataSample:
    return video_sample(*(rectangles(size=size) for _ in range(length)), size=size)
