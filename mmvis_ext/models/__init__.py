from mmvis_ext.compat.stack import import_mmdet

import_mmdet()

from .association import ClipLinker
from .efficientvis import EfficientVIS
from .matching import TrackletAssigner
from .query import (
    FactorisedTemporoSpatialAttention,
    StaticRoIExtractor,
    TemporalDynamicConv,
    TrackletCascade,
    TrackletStage,
    fuse_neighbours,
)
from .video_model import VideoModel, VideoStream

__all__ = [
    "ClipLinker",
    "EfficientVIS",
    "FactorisedTemporoSpatialAttention",
    "StaticRoIExtractor",
    "TemporalDynamicConv",
    "TrackletAssigner",
    "TrackletCascade",
    "TrackletStage",
    "VideoModel",
    "VideoStream",
    "fuse_neighbours",
]
