from .boxes import apply_deltas, cxcywh_to_xyxy
from .rle import RLE, box_masks, boxes_of, decode, encode, to_rle
from .stream import Detections, FrameGeometry, TrackBook
from .tracklets import Tracklets
from .tracks import Track, VideoTracks

__all__ = [
    "RLE",
    "Detections",
    "FrameGeometry",
    "Track",
    "TrackBook",
    "Tracklets",
    "VideoTracks",
    "apply_deltas",
    "box_masks",
    "boxes_of",
    "cxcywh_to_xyxy",
    "decode",
    "encode",
    "to_rle",
]
