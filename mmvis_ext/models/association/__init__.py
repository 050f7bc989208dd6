from .clip_linking import ClipLinker, LinkMemory
from .slots import Slots, renew_slots
from .track_memory import FoundObjects, TrackingState, TrackMemory, link_detections

__all__ = [
    "ClipLinker",
    "FoundObjects",
    "LinkMemory",
    "Slots",
    "TrackMemory",
    "TrackingState",
    "link_detections",
    "renew_slots",
]
