from .file import VideoFile
from .find import find_videos
from .folder import FrameFolder, read_frames
from .live import LiveVideo
from .opening import open_video
from .selection import Selection
from .source import Frame, VideoSource
from .writer import VideoWriter

__all__ = [
    "Frame",
    "FrameFolder",
    "LiveVideo",
    "Selection",
    "VideoFile",
    "VideoSource",
    "VideoWriter",
    "find_videos",
    "open_video",
    "read_frames",
]
