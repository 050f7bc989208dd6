"""The three systems at a size that a test can afford, and ground truth for them."""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from mmdet.structures import DetDataSample, TrackDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.config import Config
from mmengine.structures import InstanceData

from mmvis_ext.models import EfficientVIS, VideoModel
from mmvis_ext.registry import MODELS
from mmvis_ext.testing import CONFIGS, shrink

SIZE = (32, 48)
K, N, T, C, S = 3, 4, 3, 16, 3


BACKBONE = dict(
    type="mmdet.ResNet", depth=18, base_channels=8, num_stages=2, strides=(1, 2), dilations=(1, 1), out_indices=(0, 1)
)
TRUNK = dict(
    data_preprocessor=dict(type="VideoDataPreprocessor", mean=[0.0] * 3, std=[255.0] * 3, pad_size_divisor=16),
    backbone=BACKBONE,
    neck=dict(type="mmdet.FPN", in_channels=[8, C], out_channels=C, num_outs=2),
)
ROIS = dict(
    type="StaticRoIExtractor",
    roi_layer=dict(type="RoIAlign", output_size=S, sampling_ratio=2),
    out_channels=C,
    featmap_strides=[4, 8],
    finest_scale=12,
)
"""Two levels of 8 and 16 channels, for frames of 32x48 pixels."""


def small(name: str, settings: dict, **changes) -> Config:
    """The model of one of the small configs, shrunk, on the trunk above; ``settings`` and ``changes`` are merged."""
    cfg = Config(dict(shrink(Config.fromfile(CONFIGS / f"_base_/models/{name}_small.py").model), **TRUNK))
    cfg.pop("init_cfg")
    cfg.merge_from_dict(settings)
    cfg.merge_from_dict(changes)
    return cfg


def model_cfg(**changes) -> Config:
    """Config of a small EfficientVIS; ``changes`` are merged into it."""
    settings = {
        "head.num_classes": K,
        "head.num_heads": 4,
        "head.mask_convs": 1,
        "head.roi_extractor": ROIS,
        "clip_len": T,
        "match_each": True,
    }
    return small("efficientvis", settings, **changes)


def inspro_cfg(**changes) -> Config:
    """Config of a small InsPro with the same backbone."""
    masks = dict(_delete_=True, stride=8, feat_channels=8, num_convs=1, norm_cfg=dict(type="GN", num_groups=2))
    settings = {
        "head.num_classes": K,
        "head.num_heads": 4,
        "head.bank_length": 3,
        "head.roi_extractor": ROIS,
        "head.mask_branch": masks,
    }
    return small("inspro", settings, **changes)


def srnet_cfg(**changes) -> Config:
    """Config of a small SRNet with the same backbone; without categories unless ``changes`` ask for them."""
    settings = {
        "head": dict(
            _delete_=True, type="DenseHead", in_channels=C, channels=8, head_channels=8, num_levels=2,
            norm_cfg=dict(type="GN", num_groups=2),
        ),
        "first_frame": 1.0,
        "min_pixels": 1,
    }  # fmt: skip
    return small("srnet", settings, **changes)


def salient_object_cfg(**changes) -> Config:
    """Config of a small network that paints the foreground, with the same backbone."""
    return small("salient_object", dict(channels=C, norm_cfg=dict(type="GN", num_groups=2)), **changes)


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


def with_a_vanished_object(sample: TrackDataSample) -> TrackDataSample:
    """The sample with one more instance in each frame that a crop has left nothing of."""
    out = TrackDataSample(metainfo=sample.metainfo)
    out.video_data_samples = [frame.new() for frame in sample.video_data_samples]
    for frame in out.video_data_samples:
        size = frame.gt_instances.masks.masks.shape[1:]
        frame.gt_instances = InstanceData.cat([frame.gt_instances, rectangles((9, 1, (0, 0, 0, 0)), size=size)])
    return out


def empty_sample(length: int, size: tuple[int, int] = SIZE) -> TrackDataSample:
    return video_sample(*(rectangles(size=size) for _ in range(length)), size=size)


def baseline_cfg(name: str, **changes) -> Config:
    """Config of one of the baselines, shrunk; ``changes`` are merged. mmdet's models need frames of 64x96 pixels."""
    cfg = Config(shrink(Config.fromfile(CONFIGS / f"_base_/models/{name}_small.py").model).to_dict())
    cfg.merge_from_dict(changes)
    return cfg


def by_detection_cfg() -> Config:
    """Config of the small InsPro whose detections are linked."""
    track = Config.fromfile(CONFIGS / "_base_/models/track_head.py")
    crops = dict(
        ROIS, roi_layer=dict(type="RoIAlign", output_size=S, sampling_ratio=2), type="mmvis_ext.StaticRoIExtractor"
    )
    track.track_head.roi_extractor = crops
    track.track_head.embed_head.update(num_fcs=1, roi_feat_size=S, in_channels=C, fc_out_channels=C)
    plain = {"head.propagate": "none", "head.bank_length": 1, "consistent": False}
    linked = dict(type="InsProByDetection", track_head=track.track_head.to_dict(), tracker=track.tracker.to_dict())
    return inspro_cfg(**plain, **linked)


CASES: dict[str, Callable[[], Config]] = {
    "efficientvis": model_cfg,
    "efficientvis, linked by hand": partial(model_cfg, linker=dict(type="ClipLinker", min_affinity=0.3)),
    "inspro": inspro_cfg,
    "inspro, boxes alone": partial(inspro_cfg, **{"head.mask_branch": None}),
    "inspro, nothing propagated": partial(inspro_cfg, **{"head.propagate": "none", "consistent": False}),
    "inspro-lite": partial(inspro_cfg, type="InsProLite", key_interval=2),
    "inspro by detection": by_detection_cfg,
    "inspro, track and detect": partial(
        inspro_cfg, type="InsProTrackAndDetect", birth_score=0.6, patience=2, **{"head.bank_length": 1}
    ),
    "srnet": srnet_cfg,
    "srnet with classes": partial(srnet_cfg, **{"head.num_classes": K}),
    "salient object": salient_object_cfg,
    "masktrack-rcnn": partial(baseline_cfg, "masktrack_rcnn"),
    "mask2former-vis": partial(baseline_cfg, "mask2former_vis"),
    "vistr": partial(baseline_cfg, "vistr", clip_len=2, linker=None),
    "vistr, linked by hand": partial(baseline_cfg, "vistr", clip_len=2),
}
"""Every registered video model, and the variants whose steps differ."""

VARIANTS: dict[str, Callable[[], Config]] = {
    "inspro, no bank": partial(inspro_cfg, **{"head.bank_length": 1}),
    "inspro, queries alone propagated": partial(inspro_cfg, **{"head.propagate": "query"}),
    "inspro, proposals alone propagated": partial(inspro_cfg, **{"head.propagate": "proposal"}),
    "inspro, empty slots left out": partial(inspro_cfg, prune=dict(after=1, every=2)),
    "inspro-lite, empty slots left out": partial(
        inspro_cfg, type="InsProLite", key_interval=2, prune=dict(after=1, every=3)
    ),
    "inspro, every frame anew": partial(inspro_cfg, consistent=False),
    "srnet, predicted centre": partial(srnet_cfg, centre="predicted", max_distance=2.0),
    "srnet, no heatmap": partial(srnet_cfg, heatmap=False),
    "srnet, no temporal feature": partial(srnet_cfg, temporal=False),
    "srnet, no extra dimensions": partial(srnet_cfg, **{"head.extra_bandwidths": []}),
    "srnet, finer maps": partial(srnet_cfg, **{"head.stride": 2}),
}
"""More settings that change what a step does, or what it carries on."""
