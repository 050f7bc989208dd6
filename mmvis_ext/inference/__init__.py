from .inferencer import Session, VISInferencer
from .tracks_file import write_tracks

__all__ = ["Session", "VISInferencer", "write_tracks"]
