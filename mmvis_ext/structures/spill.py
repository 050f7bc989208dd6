"""Where the masks of a long video wait: a temporary file, from which one track at a time is read."""

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmvis_ext.utils.errors import InputError

from .rle import RLE
from .tracks import Found, Track

__all__ = ["Spill", "SpilledTrack", "Stretches"]


class Spill:
    """A nameless temporary file; it is made when it is first needed and gone with the process."""

    def __init__(self) -> None:
        self._file: Any = None

    def write(self, found: list[Found]) -> tuple[int, int]:
        """Append what was found of one track.

        Returns:
            Its place: first byte and number of bytes.

        Raises:
            InputError: the file cannot be written, as on a full disk.
        """
        content = json.dumps(found).encode()
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115 (open as long as the video runs)
            begin = self._file.seek(0, 2)
            self._file.write(content)
            self._file.flush()
        except OSError as error:
            raise InputError(
                f"{tempfile.gettempdir()}: the masks of a long video wait there in a temporary file, which cannot be "
                f"written ({error.strerror}); make room, or name another folder in the variable TMPDIR."
            ) from None
        return begin, len(content)

    def read(self, place: tuple[int, int]) -> list[Found]:
        """What was written to a place."""
        self._file.seek(place[0])
        return json.loads(self._file.read(place[1]))


@dataclass
class Stretches:
    """All that was found of one track, most of it in a file.

    Attributes:
        length: number of frames of the video.
        with_masks: whether the track has masks beside boxes.
        found: what was found last and is not in the file.
        places: what was found before, by its places in the file.
        spill: the file.
    """

    length: int
    with_masks: bool
    found: list[Found]
    places: list[tuple[int, int]]
    spill: Spill

    def every(self) -> Iterator[Found]:
        """All that was found, in time order; little of it is in memory at a time."""
        for place in self.places:
            yield from self.spill.read(place)
        yield from self.found

    def masks(self) -> list[RLE | None] | None:
        """One mask per frame of the video, ``None`` where the track is absent."""
        masks: list[RLE | None] = [None] * self.length
        for t, _, mask in self.every():
            masks[t] = mask
        return masks if self.with_masks else None

    def boxes(self) -> np.ndarray:
        """(T, 4) float32, zeros where the track is absent."""
        boxes = np.zeros((self.length, 4), dtype=np.float32)
        for t, box, _ in self.every():
            boxes[t] = box
        return boxes

    def track(self, track_id: int, scores: np.ndarray) -> Track:
        """The track, with its (K,) scores: in memory if it is short, else one that reads the file when asked."""
        if self.places:
            return SpilledTrack(track_id, scores, self)
        return Track(track_id, scores, self.masks(), self.boxes())


class SpilledTrack(Track):
    """A track of a long video; masks and boxes are read each time when they are asked for.

    Copies of it, also those sent to another process, are ordinary tracks.
    """

    stretches: Stretches

    def __init__(self, track_id: int, scores: np.ndarray, stretches: Stretches) -> None:
        for name, value in dict(track_id=track_id, scores=scores, stretches=stretches).items():
            object.__setattr__(self, name, value)

    @property
    def segmentations(self) -> list[RLE | None] | None:  # type: ignore[override]
        """See :class:`Track`."""
        return self.stretches.masks()

    @property
    def boxes(self) -> np.ndarray:  # type: ignore[override]
        """(T, 4), see :class:`Track`."""
        return self.stretches.boxes()

    def found(self) -> Iterator[Found]:
        """See :class:`Track`."""
        return self.stretches.every()

    def __reduce__(self) -> tuple:
        return Track, (self.track_id, self.scores, self.segmentations, self.boxes)
