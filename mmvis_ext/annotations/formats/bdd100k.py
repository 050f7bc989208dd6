"""BDD100K's bitmasks of segmentation tracking: a folder of PNGs per video.

https://doc.bdd100k.com/format.html
"""

from pathlib import Path

import numpy as np

from mmvis_ext.annotations.picture import open_picture
from mmvis_ext.annotations.records import AnnotationFile
from mmvis_ext.structures.rle import encode
from mmvis_ext.utils.errors import InputError

from .drafts import VideoDraft, gathered
from .frame_folders import frames_of, number_of, pictures_in, subfolders
from .source import Source

__all__ = ["CLASSES", "read_bdd100k"]

CLASSES = ("pedestrian", "rider", "car", "truck", "bus", "train", "motorcycle", "bicycle")
"""By the first channel, from 1."""

CROWD, IGNORED = 1 << 1, 1 << 0  # bits of the second channel; what is ignored counts neither way, as crowds do


def read_bdd100k(source: Source) -> AnnotationFile:
    """Read ``VIDEO/VIDEO-0000001.png``, whose frame is the picture with its number.

    The four channels of a pixel are the class, bits that say what is odd about the object, and the track id in two
    bytes, the high one first. Regions that are ignored become crowds.

    Raises:
        InputError: there are no folders of PNGs, or one is broken, has another form or size, or no frame.
    """
    folders = [name for name in subfolders(source.path) if pictures_in(source.path / name)]
    names = list(source.classes or CLASSES)
    return gathered(source, [_read_video(source, source.path / name, names) for name in folders], names)


def _read_video(source: Source, folder: Path, names: list[str]) -> VideoDraft:
    frames = frames_of(source, folder.name, str(folder))
    video = VideoDraft(frames.size, frames.file_names)
    places = {number_of(name): t for t, name in enumerate(frames.file_names)}
    for name in pictures_in(folder):
        path = folder / name
        t = places.get(number_of(name))
        if t is None:
            raise InputError(f"{path}: no picture of {source.frames} has its number; extract all frames.")
        kinds, odd, high, low = np.moveaxis(_read_png(path, video.size), -1, 0)
        numbers = high.astype(np.int64) * 256 + low
        for number in np.unique(numbers[kinds > 0]).tolist():
            there = (numbers == number) & (kinds > 0)
            kind, bits = int(kinds[there][0]), int(odd[there][0])
            if kind > len(names):
                raise InputError(f"{path}: holds class {kind}, and there are {len(names)}; name all with --classes.")
            is_crowd = bool(bits & (CROWD | IGNORED))
            video.add(number, names[kind - 1], t, encode(there[None])[0], str(path), is_crowd)
    return video


def _read_png(path: Path, size: tuple[int, int]) -> np.ndarray:
    """(H, W, 4) uint8, the channels of a PNG."""
    try:
        with open_picture(path, str(path)) as image:
            values, mode = np.array(image), image.mode
    except OSError as error:
        raise InputError(
            f"{path}: the PNG is truncated or broken ({error.strerror or error}); fetch it again."
        ) from None
    if mode != "RGBA":
        raise InputError(f"{path}: is no PNG of four channels (its mode is {mode}); give BDD100K's bitmasks.")
    if values.shape[:2] != size:
        raise InputError(
            f"{path}: has {values.shape[1]}x{values.shape[0]} pixels, but the frames {size[1]}x{size[0]}; fetch both "
            "in the same size."
        )
    return values
