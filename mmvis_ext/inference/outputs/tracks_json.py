"""Writing the tracks of one video as JSON."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mmvis_ext.structures import Track, VideoTracks
from mmvis_ext.utils.files import atomic_file

__all__ = ["write_tracks"]


def write_tracks(
    path: str | Path, tracks: VideoTracks, categories: Sequence[dict], score_thr: float = 0.0, **about: Any
) -> int:
    """Write the tracks whose best class scores at least ``score_thr``, best first. The file is written atomically.

    It is an object with ``width``, ``height``, ``length`` (number of frames), ``categories``, ``tracks`` and the keys
    in ``about``. A track has ``id``, ``category_id``, ``category``, ``score`` (0..1), and two lists with an entry per
    frame, ``null`` where the track is absent: ``segmentations`` (compressed COCO RLE) and ``boxes`` (xyxy in pixels of
    the video).

    Args:
        path: path of the file; missing folders are created.
        tracks: the video's tracks.
        categories: ``id`` and ``name`` of each class, in label order.
        score_thr: in 0..1.
        about: further keys and values about the video, such as its name.

    Returns:
        Number of tracks written.

    Raises:
        InputError: the file cannot be written.
    """
    ranked = sorted(tracks, key=lambda track: -float(track.scores.max()))
    kept = [track for track in ranked if track.scores.max() >= score_thr]
    head = dict(about, width=tracks.width, height=tracks.height, length=tracks.length, categories=list(categories))
    with atomic_file(path) as file:
        file.write(f'{json.dumps(head)[:-1]}, "tracks": ['.encode())
        for number, track in enumerate(kept):  # one line per track: readable, and only one is in memory
            file.write(f"{',' if number else ''}\n{json.dumps(_entry(track, categories))}".encode())
        file.write(b"\n]}\n")
    return len(kept)


def _entry(track: Track, categories: Sequence[dict]) -> dict:
    label = int(track.scores.argmax())
    boxes = np.round(track.boxes.astype(float), 2).tolist()
    return dict(
        id=track.track_id,
        category_id=categories[label]["id"],
        category=categories[label]["name"],
        score=float(track.scores[label]),
        segmentations=track.segmentations,
        boxes=[box if there else None for box, there in zip(boxes, track.visible, strict=True)],
    )
