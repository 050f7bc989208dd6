from mmvis_ext.compat.stack import import_mmdet

import_mmdet()

from .davis import DAVISUnsupervisedDataset
from .image_pseudo_video import ImagePseudoVideoDataset
from .imagenet_vid import ImageNetDETDataset, ImageNetVIDDataset
from .mixed import MixedDataset
from .samplers import VideoClipSampler, VideoDrawSampler
from .transforms import *  # noqa: F403
from .voc import VOCPseudoVideoDataset
from .youtube_vis import ClipIndex, Draw, YouTubeVISDataset

__all__ = [
    "ClipIndex",
    "DAVISUnsupervisedDataset",
    "Draw",
    "ImageNetDETDataset",
    "ImageNetVIDDataset",
    "ImagePseudoVideoDataset",
    "MixedDataset",
    "VOCPseudoVideoDataset",
    "VideoClipSampler",
    "VideoDrawSampler",
    "YouTubeVISDataset",
]
