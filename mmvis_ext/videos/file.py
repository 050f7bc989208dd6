"""Video files."""

import sys
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import require_file

from .capture import Capture
from .source import Frame, VideoSource

__all__ = ["VideoFile"]

UNDECODED = dict(av01="AV1", vvc1="VVC")  # codecs that OpenCV may open but not decode, by their four letters


class VideoFile(VideoSource):
    """A video file. It can be read several times; pictures are turned as the file says.

    If it has fewer frames than its header says, a warning goes to stderr, and ``cut_at`` says where it broke off.

    Args:
        path: of the file.

    Raises:
        InputError: it is no file, no video, or of a codec that OpenCV cannot decode.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, str(path)
        with self._capture() as capture:
            self.fps, self.length = capture.fps, capture.length
            if capture.read() is None:
                raise InputError(_undecoded(path, capture.codec))

    def _capture(self) -> Capture:
        try:
            require_file(self.path)
        except OSError as error:
            raise InputError(
                f"{self.path}: not a video that can be read ({error.strerror}); give another file."
            ) from None
        wrong = "not a video that can be read; give another file, or fetch this one again."
        return Capture(str(self.path.absolute()), self.name, wrong)

    def frames(self) -> Iterator[Frame]:
        """See :class:`VideoSource`. Times never stand still: one that does is taken to be a frame later."""
        count, begin, time = 0, 0.0, 0.0
        with self._capture() as capture:
            while (picture := capture.read()) is not None:
                if count == 0:
                    begin = capture.time
                else:
                    said = capture.time - begin
                    time = said if said > time else time + 1 / self.fps
                yield Frame(picture, count, time, f"{count:05d}")
                count += 1
        self.cut_at = count if self.length and count < self.length else None
        if self.cut_at is not None:
            tqdm.write(
                f"warning: {self.path}: only the first {count} of the {self.length} frames that it announces can be "
                "read; it may be truncated, fetch it again.",
                file=sys.stderr,
            )


def _undecoded(path: Path, codec: str) -> str:
    if codec in UNDECODED:
        return (
            f"{path}: is {UNDECODED[codec]}, which this OpenCV cannot decode; re-encode it, for "
            f"example with `ffmpeg -i {path.name} -c:v libx264 {path.stem}-h264.mp4`."
        )
    return f"{path}: none of its frames can be read; get it again, it is empty or truncated."
