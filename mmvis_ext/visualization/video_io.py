"""Reading and writing videos. Frames are read lazily; a file is written atomically."""

import math
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType

os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # errors are reported by an InputError instead
# files of this machine in a format that is a video itself; a playlist, whatever its name, would open others
os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = (
    "protocol_whitelist;file|format_whitelist;mov,matroska,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,ivf,mxf,dv,h264,hevc,"
    "m4v,mjpeg,gif,apng,yuv4mpegpipe"
)

import cv2
import numpy as np
from tqdm import tqdm

from mmvis_ext.annotations.frames import load_frame
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import read_file, require_file, take_place
from mmvis_ext.utils.limits import check_frame_size

__all__ = ["VideoSource", "VideoWriter", "open_video", "read_frames"]

IMAGES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
FOLDER_FPS = 6.0  # of the frames that YouTube-VIS annotates
UNKNOWN_FPS, MOST_FPS = 25.0, 1000  # the first one is used for files that do not give a sensible rate
UNDECODED = dict(av01="AV1", vvc1="VVC")  # codecs that OpenCV may open but not decode, by their four letters
CODECS = ("avc1", "mp4v")  # H.264 plays everywhere but not every OpenCV can write it; MPEG-4 is always there


@dataclass(frozen=True)
class VideoSource:
    """A video; iterating over it yields its frames, (H, W, 3) uint8 RGB. One frame at a time is in memory.

    It can be iterated over several times. If a file has fewer frames than its header says, a warning goes to stderr.

    Attributes:
        path: a video file or a folder of frames.
        fps: frames per second; 6 for a folder.
        length: number of frames; for a file as its header says, ``None`` if it does not.

    Raises:
        InputError: a frame cannot be read, or has another size than the first.
    """

    path: Path
    fps: float
    length: int | None

    def __iter__(self) -> Iterator[np.ndarray]:
        frames = read_frames(_images(self.path)) if self.path.is_dir() else self._decoded()
        first = None
        for t, frame in enumerate(frames):
            first = first or frame.shape
            if frame.shape != first:
                raise InputError(
                    f"{self.path}: frame {t} is {frame.shape[1]}x{frame.shape[0]} pixels but the first one "
                    f"{first[1]}x{first[0]}; a video has one size."
                )
            yield frame

    def _decoded(self) -> Iterator[np.ndarray]:
        count = 0
        with _Reader(self.path) as capture:
            while (frame := capture.read()) is not None:
                count += 1
                yield frame
        if self.length and count < self.length:
            tqdm.write(
                f"warning: {self.path}: only the first {count} of the {self.length} frames that it announces can be "
                "read; it may be truncated, fetch it again.",
                file=sys.stderr,
            )


def open_video(path: str | Path) -> VideoSource:
    """Open a video for reading.

    Args:
        path: a video file, or a folder of frames (jpg, png, bmp, webp, tif), which are sorted by the numbers in their
            names.

    Raises:
        InputError: the path is missing, no file, not a video, or of a codec that OpenCV cannot decode; it has no frames
            or larger ones than are read (:func:`check_frame_size`); or the folder holds two pictures of one frame.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path}: no such video; check the path.")
    if path.is_dir():
        images = _images(path)
        if not images:
            raise InputError(f"{path}: the folder has no frames; give one with {', '.join(IMAGES)} files, or a video.")
        return VideoSource(path, FOLDER_FPS, len(images))
    with _Reader(path) as capture:
        if capture.read() is None:
            codec = capture.codec
            if codec in UNDECODED:
                raise InputError(
                    f"{path}: is {UNDECODED[codec]}, which this OpenCV cannot decode; re-encode it, for "
                    f"example with `ffmpeg -i {path.name} -c:v libx264 {path.stem}-h264.mp4`."
                )
            raise InputError(f"{path}: none of its frames can be read; get it again, it is empty or truncated.")
        return VideoSource(path, capture.fps, capture.length)


def read_frames(paths: Iterable[str | Path], size: tuple[int, int] | None = None) -> Iterator[np.ndarray]:
    """Read image files one by one as (H, W, 3) uint8 RGB; photos are turned as their EXIF data says.

    Args:
        paths: of the files.
        size: height and width in pixels of annotations, if there are any. A photo whose stored pixels have this size,
            and not the turned picture, is left as it is stored.

    Raises:
        InputError: a file is missing or broken; the message names it.
    """
    for t, path in enumerate(map(Path, paths)):
        image = load_frame(partial(read_file, path), f"{path} (video {path.parent.name}, frame {t})", size)
        yield np.ascontiguousarray(image[..., ::-1])


def _images(folder: Path) -> list[Path]:
    """A folder's frames in the order of their numbers: ``2.jpg`` comes before ``10.jpg``.

    Raises:
        InputError: two files have one name but for the ending, as frames with their masks beside them do.
    """
    found = [p for p in sorted(folder.iterdir()) if p.suffix.lower() in IMAGES and not p.name.startswith(".")]
    first: dict[str, Path] = {}
    for path in found:
        if first.setdefault(path.stem, path) is not path:
            raise InputError(
                f"{folder}: holds two pictures of one frame, {first[path.stem].name} and {path.name}; keep one of the "
                "two kinds there (masks belong into another folder)."
            )
    return sorted(found, key=lambda p: [int(s) if i % 2 else s for i, s in enumerate(re.split(r"(\d+)", p.stem))])


class _Reader:
    """OpenCV's video reader as a context manager; raises an InputError if it cannot open the file."""

    def __init__(self, path: Path) -> None:
        try:
            require_file(path)
        except OSError as error:
            raise InputError(f"{path}: not a video that can be read ({error.strerror}); give another file.") from None
        with _quietly():
            self.reader = cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG)
        if not self.reader.isOpened():
            raise InputError(f"{path}: not a video that can be read; give another file, or fetch this one again.")
        width, height = (int(self.reader.get(side)) for side in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
        if width and height:
            check_frame_size(height, width, str(path))

    def __enter__(self) -> "_Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self.reader.release()

    def read(self) -> np.ndarray | None:
        there, frame = self.reader.read()
        return cv2.cvtColor(frame, cv2.COLOR_BGR2RGB) if there else None

    @property
    def fps(self) -> float:
        fps = self.reader.get(cv2.CAP_PROP_FPS)
        return fps if math.isfinite(fps) and 0 < fps <= MOST_FPS else UNKNOWN_FPS

    @property
    def codec(self) -> str:
        """The four letters that name it in lower case."""
        return int(self.reader.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little", signed=True).decode("latin-1").lower()

    @property
    def length(self) -> int | None:
        return max(0, round(self.reader.get(cv2.CAP_PROP_FRAME_COUNT))) or None


class VideoWriter:
    """Writes an mp4: ``with VideoWriter(path, fps) as video: video.write(frame)``.

    The file appears under its name only when the block ends without an error and all frames are in it.

    Args:
        path: path of the file, with the ending ``.mp4``; missing folders are created.
        fps: frames per second.

    Raises:
        InputError: the path has another ending or cannot be written, ``fps`` is not a possible rate, no frame was
            written, or the disk is full.
    """

    def __init__(self, path: str | Path, fps: float) -> None:
        self.path, self.fps = Path(path), fps
        self.partial = self.path.with_name(f".{self.path.stem}.{os.getpid()}.partial.mp4")
        self.count = 0
        self._shape: tuple[int, ...] = ()
        self._writer: cv2.VideoWriter | None = None
        if self.path.suffix != ".mp4":
            raise InputError(f"{self.path}: a video is written as .mp4; give it that ending.")
        if not 0 < fps <= MOST_FPS:
            raise InputError(f"{self.path}: {fps} fps are no frame rate; take one above 0 and up to {MOST_FPS}.")

    def __enter__(self) -> "VideoWriter":
        try:
            if self.path.is_dir():
                raise IsADirectoryError(None, "it is a folder")
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.partial.touch()
        except OSError as error:
            raise InputError(f"{self.path}: cannot be written ({error.strerror}); choose another place.") from None
        return self

    def write(self, frame: np.ndarray) -> None:
        """Add an (H, W, 3) uint8 RGB frame; if its height or width is odd, the last row or column is cut off.

        Raises:
            ValueError: its size differs from that of the first frame.
        """
        height, width = frame.shape[0] // 2 * 2, frame.shape[1] // 2 * 2
        if self._writer is None:
            self._shape = frame.shape
            self._writer = _opened_writer(self.partial, self.fps, (width, height))
            if self._writer is None:
                raise InputError(f"{self.path}: OpenCV has no encoder for mp4; install one that is built with FFmpeg.")
        if frame.shape != self._shape:
            raise ValueError(f"A frame of shape {frame.shape} in a video of {self._shape}.")
        self._writer.write(cv2.cvtColor(frame[:height, :width], cv2.COLOR_RGB2BGR))
        self.count += 1

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        try:
            if self._writer is not None:
                self._writer.release()
            if kind is None:
                self._publish()
        finally:
            with suppress(OSError):
                self.partial.unlink(missing_ok=True)

    def _publish(self) -> None:
        """Check that all frames are in the file, since OpenCV reports no errors, and give the file its name."""
        if not self.count:
            raise InputError(f"{self.path}: not written, since there were no frames.")
        try:
            with _Reader(self.partial) as capture:
                whole = capture.length == self.count
        except InputError:
            whole = False
        if not whole:
            raise InputError(f"{self.path}: could not be written to the end; make room on the disk.")
        take_place(self.partial, self.path)


def _opened_writer(path: Path, fps: float, size: tuple[int, int]) -> cv2.VideoWriter | None:
    """OpenCV's writer with the first codec that works."""
    with _quietly():
        writers = (cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*c), fps, size) for c in CODECS)
        return next((writer for writer in writers if writer.isOpened()), None)


@contextmanager
def _quietly() -> Iterator[None]:
    """Suppress OpenCV's log messages."""
    level = cv2.getLogLevel()
    cv2.setLogLevel(0)
    try:
        yield
    finally:
        cv2.setLogLevel(level)
