from .frame_result import FrameResult
from .inferencer import Session, VISInferencer
from .outputs import write_tracks

__all__ = ["FrameResult", "Session", "VISInferencer", "write_tracks"]
