"""Videos whose frames are the pictures of a folder."""

import re
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from mmvis_ext.annotations.frames import load_frame
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import read_file

from .source import Frame, VideoSource

__all__ = ["IMAGES", "FrameFolder", "pictures_of", "read_frames"]

IMAGES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
FOLDER_FPS = 6.0  # of the frames that YouTube-VIS annotates


class FrameFolder(VideoSource):
    """The pictures of a folder in the order of the numbers in their names.

    Args:
        path: of the folder.
        fps: frames per second at which they were taken.

    Raises:
        InputError: the folder has no pictures, or two of one frame.
    """

    def __init__(self, path: Path, fps: float = FOLDER_FPS) -> None:
        self.pictures = pictures_of(path)
        if not self.pictures:
            raise InputError(f"{path}: the folder has no frames; give one with {', '.join(IMAGES)} files, or a video.")
        self.name, self.fps, self.length = str(path), fps, len(self.pictures)

    def frames(self) -> Iterator[Frame]:
        """See :class:`VideoSource`."""
        for number, picture in enumerate(read_frames(self.pictures)):
            yield Frame(picture, number, number / self.fps, self.pictures[number].stem)


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


def pictures_of(folder: Path) -> list[Path]:
    """A folder's pictures in the order of their numbers: ``2.jpg`` comes before ``10.jpg``.

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
