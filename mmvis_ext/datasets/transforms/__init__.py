from .loading import LoadFrame
from .packing import PackClip
from .sampling import ClipSample

__all__ = ["ClipSample", "LoadFrame", "PackClip"]
