from mmvis_ext.utils.stack import import_mmdet

import_mmdet()

from .cell_tracking import CellTrackingDataset
from .davis import DAVIS2016Dataset, DAVISUnsupervisedDataset
from .image_pseudo_video import ImagePseudoVideoDataset, VOCPseudoVideoDataset
from .imagenet_vid import ImageNetDETDataset, ImageNetVIDDataset
from .mixed import MixedDataset
from .samplers import VideoClipSampler, VideoDrawSampler
from .transforms import *  # noqa: F403
from .video_dataset import ClipIndex, Draw, VideoDataset
from .youtube_vis import YouTubeVISDataset

__all__ = [
    "CellTrackingDataset",
    "ClipIndex",
    "DAVIS2016Dataset",
    "DAVISUnsupervisedDataset",
    "Draw",
    "ImageNetDETDataset",
    "ImageNetVIDDataset",
    "ImagePseudoVideoDataset",
    "MixedDataset",
    "VOCPseudoVideoDataset",
    "VideoClipSampler",
    "VideoDataset",
    "VideoDrawSampler",
    "YouTubeVISDataset",
]
