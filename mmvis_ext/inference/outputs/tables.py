"""Tracks as files of text, in the forms of COCO, YouTube-VIS and MOTS, and of the Cell Tracking Challenge."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from mmvis_ext.annotations.formats.mots import PER_CLASS
from mmvis_ext.evaluation.cell_tracking_submission import divide, write_cells
from mmvis_ext.evaluation.davis_submission import index_map
from mmvis_ext.structures.rle import encode
from mmvis_ext.structures.tracks import by_frame
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import atomic_file, write_atomically

from .output import FinishedVideo, Output
from .tracks_json import write_tracks

__all__ = ["Coco", "Ctc", "Json", "Mots", "YoutubeVis"]

ENTRIES = 100  # pairs of track and class in a file of YouTube-VIS


class Json(Output):
    """``tracks.json``, see :func:`write_tracks`; with number and time of each frame."""

    def __init__(self, folder: Path, fps: float, name: str = "tracks.json") -> None:
        super().__init__(folder, fps)
        self.path = folder / name

    def finish(self, video: FinishedVideo) -> Path:
        """See :class:`Output`."""
        about: dict[str, Any] = dict(video=video.name, fps=video.fps)
        about["frames"] = [stamp.number for stamp in video.stamps]
        about["times"] = [round(s.time, 6) if np.isfinite(s.time) else None for s in video.stamps]
        write_tracks(self.path, video.tracks, video.categories, **about)
        return self.path


class YoutubeVis(Output):
    """``results.json`` as the benchmark takes it, for the video with id 1: pairs of track and class, best first."""

    def finish(self, video: FinishedVideo) -> Path:
        """See :class:`Output`."""
        path = self.folder / "results.json"

        def entries() -> Iterator[dict]:
            for track, label, score in video.tracks.ranked(ENTRIES):
                masks = track.segmentations or [None] * len(video.stamps)
                yield dict(
                    video_id=1, score=score, category_id=video.categories[label]["id"], segmentations=masks
                )  # fmt: skip

        with atomic_file(path) as file:
            _write_list(file, entries())
            file.write(b"\n")
        return path


class Coco(Output):
    """``coco.json`` with an image per frame and, for each object in it, an annotation with ``track_id``."""

    def finish(self, video: FinishedVideo) -> Path:
        """See :class:`Output`. ``id`` counts from 1, ``bbox`` is xywh in pixels, ``score`` is the track's."""
        path, labels = self.folder / "coco.json", video.labels()
        scores = [float(track.scores.max()) for track in video.tracks]
        height, width = video.size
        images = (
            dict(id=t, file_name=f"{s.name}.jpg", height=height, width=width, frame_id=s.number)
            for t, s in enumerate(video.stamps, 1)
        )

        def annotations() -> Iterator[dict]:
            number = 0
            for t, found in enumerate(by_frame(video.tracks.tracks, len(video.stamps)), 1):
                for place, (x1, y1, x2, y2), mask in found:
                    number += 1
                    entry: dict[str, Any] = dict(id=number, image_id=t, track_id=video.tracks.tracks[place].track_id)
                    entry |= dict(category_id=video.categories[labels[place]]["id"], score=scores[place], iscrowd=0)
                    entry |= dict(bbox=[round(v, 2) for v in (x1, y1, x2 - x1, y2 - y1)])
                    if mask is not None:
                        entry |= dict(segmentation=mask, area=int(coco_mask.area(mask)))
                    else:
                        entry |= dict(area=round((x2 - x1) * (y2 - y1), 2))
                    yield entry

        with atomic_file(path) as file:
            file.write(f'{{"categories": {json.dumps(list(video.categories))}, "images": '.encode())
            _write_list(file, images)
            file.write(b', "annotations": ')
            _write_list(file, annotations())
            file.write(b"}\n")
        return path


class Mots(Output):
    """``mots.txt``: a line ``frame object class height width RLE`` per object and frame, without overlaps.

    Frames count from 0, classes from 1 in the order of ``classes.txt``, which is written beside it; a number of an
    object is ``class * 1000`` and the rank of its track.
    """

    needs_masks = True

    def finish(self, video: FinishedVideo) -> Path:
        """See :class:`Output`.

        Raises:
            InputError: there are more tracks than the form holds.
        """
        if len(video.tracks) >= PER_CLASS:
            raise InputError(
                f"{self.folder}: MOTS holds up to {PER_CLASS - 1} tracks, and there are {len(video.tracks)}; set a "
                "higher --score-thr, or --top-k."
            )
        numbers = [label + 1 if label + 1 < 10 else label + 2 for label in video.labels()]  # 10 is the ignored class
        height, width = video.size
        path = self.folder / "mots.txt"
        with atomic_file(path) as file:
            for t, found in enumerate(by_frame(video.tracks.tracks, len(video.stamps))):
                ranks = index_map([(place + 1, mask) for place, _, mask in found], video.size, np.uint16)
                for rank in np.unique(ranks[ranks > 0]).tolist():
                    counts, kind = encode((ranks == rank)[None])[0]["counts"], numbers[rank - 1]
                    file.write(f"{t} {kind * PER_CLASS + rank} {kind} {height} {width} {counts}\n".encode())
        names = "".join(f"{category['name']}\n" for category in video.categories)
        write_atomically(self.folder / "classes.txt", names.encode())
        return path


class Ctc(Output):
    """``01_RES``: maps of labels and the table of lives, as the Cell Tracking Challenge takes them."""

    needs_masks = True

    def finish(self, video: FinishedVideo) -> Path:
        """See :class:`Output`. Where masks overlap, the better track has the pixel."""
        tracks, length = video.tracks.tracks, len(video.stamps)

        def places() -> Iterator[np.ndarray]:
            for found in by_frame(tracks, length):
                yield index_map([(place + 1, mask) for place, _, mask in found], video.size, np.uint16)

        seen = np.zeros((len(tracks), length), bool)
        for t, shown in enumerate(places()):
            seen[np.unique(shown[shown > 0]).astype(int) - 1, t] = True
        labels, lives = divide(seen, [None] * len(tracks))
        root = self.folder / "01_RES"
        write_cells(root, lives, (labels[:, t][shown] for t, shown in enumerate(places())), length)
        return root


def _write_list(file: Any, entries: Iterable[dict]) -> None:
    """Write a JSON list one entry at a time."""
    file.write(b"[")
    for number, entry in enumerate(entries):
        file.write(f"{',' if number else ''}\n{json.dumps(entry)}".encode())
    file.write(b"]")
