from .copy_paste import CopyPasteTracks
from .join_touching import JoinTouching
from .loading import LoadFrame
from .packing import PackClip
from .pseudo_motion import PseudoMotion
from .same_draw import SameDraw
from .sampling import ClipSample

__all__ = ["ClipSample", "CopyPasteTracks", "JoinTouching", "LoadFrame", "PackClip", "PseudoMotion", "SameDraw"]
