"""What a page takes from people whom nobody knows."""

from dataclasses import dataclass
from pathlib import Path

from mmvis_ext.utils.errors import InputError
from mmvis_ext.videos import VideoSource, open_video
from mmvis_ext.videos.find import VIDEOS

__all__ = ["Limits"]


@dataclass(frozen=True)
class Limits:
    """The largest video that is taken.

    Attributes:
        megabytes: size of the file, in units of 10^6 bytes.
        seconds: length of the video.

    Raises:
        InputError: one of them is not above 0.
    """

    megabytes: float = 200.0
    seconds: float = 120.0

    def __post_init__(self) -> None:
        if not (self.megabytes > 0 and self.seconds > 0):
            raise InputError(
                f"videos of {self.megabytes:g} MB and {self.seconds:g} seconds do not exist; give more than 0."
            )

    @property
    def bytes(self) -> int:
        """Size of the largest file."""
        return int(self.megabytes * 1e6)

    @property
    def endings(self) -> list[str]:
        """Endings of the files that are taken, such as ``.mp4``."""
        return [f".{ending}" for ending in sorted(VIDEOS)]

    def open(self, path: Path) -> VideoSource:
        """Open a video that keeps to the limits, as far as its header tells.

        Raises:
            InputError: it does not, is no video, or cannot be read.
        """
        if path.suffix.lower() not in self.endings:
            raise InputError(f"{path.name}: is no kind of video that is known here; take one of {', '.join(VIDEOS)}.")
        if not path.exists():
            raise InputError(f"{path.name}: is no longer here; choose it again.")
        if path.stat().st_size > self.bytes:
            size = path.stat().st_size / 1e6
            raise InputError(f"{path.name}: has {size:.0f} MB, and {self.megabytes:g} are taken; make it smaller.")
        try:
            source = open_video(path)
        except InputError as error:  # without the folder, which is nobody's business
            raise InputError(str(error).replace(f"{path.parent}/", "")) from None
        length = (source.length or 0) / source.fps
        if length > self.seconds:
            raise InputError(
                f"{path.name}: lasts {length:.0f} seconds, and {self.seconds:g} are taken; cut a part out of it."
            )
        source.name = path.name
        return source
