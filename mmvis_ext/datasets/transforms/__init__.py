from .loading import LoadFrame
from .packing import PackClip
from .pseudo_motion import PseudoMotion
from .same_draw import SameDraw
from .sampling import ClipSample

__all__ = ["ClipSample", "LoadFrame", "PackClip", "PseudoMotion", "SameDraw"]
