from mmvis_ext.compat.stack import import_mmdet

import_mmdet()

from .samplers import VideoClipSampler, VideoDrawSampler
from .transforms import *  # noqa: F403
from .youtube_vis import ClipIndex, Draw, YouTubeVISDataset

__all__ = ["ClipIndex", "Draw", "VideoClipSampler", "VideoDrawSampler", "YouTubeVISDataset"]
