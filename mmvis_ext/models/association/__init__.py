from .clip_linking import ClipLinker, LinkMemory
from .greedy import greedy_link
from .slots import Slots, renew_slots
from .track_memory import FoundObjects, TrackingState, TrackMemory, link_detections

__all__ = [
    "ClipLinker",
    "FoundObjects",
    "LinkMemory",
    "Slots",
    "TrackMemory",
    "TrackingState",
    "greedy_link",
    "link_detections",
    "renew_slots",
]
