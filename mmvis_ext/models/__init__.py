from mmvis_ext.utils.stack import import_mmdet

import_mmdet()

from .association import ClipLinker, greedy_link
from .backbones import EfficientNetLite, TimmBackbone
from .baselines import Mask2FormerVISBaseline, MaskTrackRCNNBaseline, SalientObjectBaseline, VisTR
from .data_preprocessor import VideoDataPreprocessor
from .dense import DenseHead, cluster_instances, pixel_probability, spatial_grid
from .efficientvis import EfficientVIS
from .inspro import InsPro, InsProByDetection, InsProLite, InsProTrackAndDetect, InstanceModel
from .losses import box_deduplication_loss, lovasz_hinge
from .mask import SequenceMaskHead, dynamic_mask_conv
from .matching import InstanceCost, SequenceAssigner, TemporalMatcher, TrackletAssigner
from .necks import SimpleFeaturePyramid
from .query import (
    FactorisedTemporoSpatialAttention,
    InstanceCascade,
    IntraQueryAttention,
    SequenceTransformer,
    StaticRoIExtractor,
    TemporalDynamicConv,
    TrackletCascade,
    TrackletStage,
    fuse_neighbours,
)
from .srnet import SRNet
from .video_model import VideoModel, VideoStream

__all__ = [
    "ClipLinker",
    "DenseHead",
    "EfficientNetLite",
    "EfficientVIS",
    "FactorisedTemporoSpatialAttention",
    "InsPro",
    "InsProByDetection",
    "InsProLite",
    "InsProTrackAndDetect",
    "InstanceCascade",
    "InstanceCost",
    "InstanceModel",
    "IntraQueryAttention",
    "Mask2FormerVISBaseline",
    "MaskTrackRCNNBaseline",
    "SRNet",
    "SalientObjectBaseline",
    "SequenceAssigner",
    "SequenceMaskHead",
    "SequenceTransformer",
    "SimpleFeaturePyramid",
    "StaticRoIExtractor",
    "TemporalDynamicConv",
    "TemporalMatcher",
    "TimmBackbone",
    "TrackletAssigner",
    "TrackletCascade",
    "TrackletStage",
    "VideoDataPreprocessor",
    "VideoModel",
    "VideoStream",
    "VisTR",
    "box_deduplication_loss",
    "cluster_instances",
    "dynamic_mask_conv",
    "fuse_neighbours",
    "greedy_link",
    "lovasz_hinge",
    "pixel_probability",
    "spatial_grid",
]
