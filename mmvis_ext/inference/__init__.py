from .frame_result import FrameResult
from .inferencer import VISInferencer
from .outputs import write_tracks
from .session import Session

__all__ = ["FrameResult", "Session", "VISInferencer", "write_tracks"]
