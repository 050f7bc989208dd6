from .clip_linking import ClipLinker, LinkMemory
from .slots import Slots, renew_slots

__all__ = ["ClipLinker", "LinkMemory", "Slots", "renew_slots"]
