"""The annotation of one rendered video, from which every layout is written."""

from dataclasses import dataclass

import numpy as np

from .render import Rendered
from .scene import Scene

__all__ = ["TrackTruth", "VideoTruth", "describe"]


@dataclass(frozen=True)
class TrackTruth:
    """One object over the T frames of a video; every list has T entries, ``None`` where it is absent.

    Attributes:
        label: index into ``CATEGORIES``.
        counts: column-major run lengths of the visible mask, background first (COCO's uncompressed RLE).
        boxes: tight [x, y, width, height] of the visible mask, pixels.
        areas: visible pixels.
        hidden: share of its pixels in the frame that something else covers, 0..1.
    """

    label: int
    counts: list[list[int] | None]
    boxes: list[list[int] | None]
    areas: list[int | None]
    hidden: list[float | None]


@dataclass(frozen=True)
class VideoTruth:
    """One video.

    Attributes:
        name: folder name, unique in the dataset.
        height, width: of the frames, pixels.
        length: T, frames.
        tracks: the objects that are visible in at least one frame; the position is the track id.
        traits: the difficulties it shows, sorted.
    """

    name: str
    height: int
    width: int
    length: int
    tracks: tuple[TrackTruth, ...]
    traits: tuple[str, ...]

    def index_map(self, frame: int) -> np.ndarray:
        """(H, W) uint8: 0 is background, k + 1 is track k."""
        out = np.zeros(self.height * self.width, dtype=np.uint8)
        for k, track in enumerate(self.tracks):
            counts = track.counts[frame]
            if counts is not None:
                out[np.repeat(np.arange(len(counts)) % 2 == 1, counts)] = k + 1
        return out.reshape(self.width, self.height).T


def describe(name: str, scene: Scene, rendered: Rendered) -> VideoTruth:
    """The truth about a rendered scene."""
    tracks = [
        _describe_track(actor.look.label, masks, areas)
        for actor, masks, areas in zip(scene.actors, rendered.masks, rendered.areas, strict=True)
        if masks.any()
    ]
    length, height, width = rendered.frames.shape[:3]
    return VideoTruth(name, height, width, length, tuple(tracks), tuple(sorted(scene.traits)))


def _describe_track(label: int, masks: np.ndarray, full: np.ndarray) -> TrackTruth:
    areas = [int(a) or None for a in masks.sum(axis=(1, 2))]
    return TrackTruth(
        label=label,
        counts=[_run_lengths(m) if a else None for m, a in zip(masks, areas, strict=True)],
        boxes=[_box(m) if a else None for m, a in zip(masks, areas, strict=True)],
        areas=areas,
        hidden=[1.0 - a / int(f) if a else None for a, f in zip(areas, full, strict=True)],
    )


def _run_lengths(mask: np.ndarray) -> list[int]:
    flat = mask.ravel(order="F")
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    counts = np.diff(edges, prepend=0, append=flat.size).tolist()
    return [0, *counts] if flat[0] else counts


def _box(mask: np.ndarray) -> list[int]:
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    left, top = int(columns[0]), int(rows[0])
    return [left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top]
