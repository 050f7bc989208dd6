"""The data structures that the packages of this project exchange.

Masks, tubes and tracks are imported from here. Structures of tensors (``boxes``, ``geometry``, ``tracklets``) are
imported from their own modules: nothing here imports torch, so that annotations can be read, judged and drawn without
it.
"""

from .rle import RLE, box_masks, boxes_of, decode, encode, to_rle, to_rles
from .tracks import Track, VideoTracks
from .tubes import Tube, box_tube, mask_tube, shared_pixels, tube_ious

__all__ = [
    "RLE",
    "Track",
    "Tube",
    "VideoTracks",
    "box_masks",
    "box_tube",
    "boxes_of",
    "decode",
    "encode",
    "mask_tube",
    "shared_pixels",
    "to_rle",
    "to_rles",
    "tube_ious",
]
