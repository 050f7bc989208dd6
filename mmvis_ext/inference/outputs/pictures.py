"""Masks and cut-outs as pictures."""

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from pycocotools import mask as coco_mask

from mmvis_ext.annotations.index_png import VOID, index_png
from mmvis_ext.evaluation.davis_submission import index_map
from mmvis_ext.inference.frame_result import FrameResult
from mmvis_ext.structures.rle import RLE
from mmvis_ext.structures.tracks import by_frame
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import write_atomically

from .output import FinishedVideo, Output, in_threads

__all__ = ["Cutouts", "Davis", "Masks"]


class Masks(Output):
    """``masks/ID/FRAME.png``: one grey picture of 0 and 255 for each track and each frame that shows it."""

    needs_masks = True

    def finish(self, video: FinishedVideo) -> Path:
        """See :class:`Output`."""
        root = self.folder / "masks"
        root.mkdir()
        folders = [root / f"{track.track_id:03d}" for track in video.tracks]
        for folder in folders:
            folder.mkdir()

        def jobs() -> Iterator[Callable[[], None]]:
            shown = by_frame(video.tracks.tracks, len(video.stamps))
            for stamp, found in zip(video.stamps, shown, strict=True):
                for place, _, mask in found:
                    yield partial(_write_mask, folders[place] / f"{stamp.name}.png", mask)

        in_threads(jobs())
        return root


class Davis(Output):
    """``davis/FRAME.png``: indexed pictures with DAVIS' palette, 0 for the background and 1 for the best track.

    Where masks overlap, the better track has the pixel. There are at most 254 tracks.
    """

    needs_masks = True

    def finish(self, video: FinishedVideo) -> Path:
        """See :class:`Output`."""
        root = self.folder / "davis"
        root.mkdir()
        tracks = video.tracks.tracks[: VOID - 1]

        def write(name: str, found: list[tuple[int, list[float], RLE | None]]) -> None:
            labels = index_map([(place + 1, mask) for place, _, mask in found], video.size)
            (root / f"{name}.png").write_bytes(index_png(labels))

        shown = by_frame(tracks, len(video.stamps))
        in_threads(partial(write, stamp.name, found) for stamp, found in zip(video.stamps, shown, strict=True))
        return root


class Cutouts(Output):
    """``cutouts/ID/FRAME.png``: each object of each frame alone, cut out at its box, transparent around it."""

    needs_masks = True

    def add(self, result: FrameResult) -> None:
        """See :class:`Output`."""
        super().add(result)
        for track_id, mask in zip(result.ids, result.masks or (), strict=True):
            x, y, w, h = coco_mask.toBbox(mask).astype(int).tolist()
            if w and h:
                alpha = coco_mask.decode(mask)[y : y + h, x : x + w] * np.uint8(255)
                cut = np.dstack([result.frame.picture[y : y + h, x : x + w, ::-1], alpha])
                _, content = cv2.imencode(".png", cut)
                path = self.folder / "cutouts" / f"{track_id:03d}" / f"{result.frame.name}.png"
                write_atomically(path, content.tobytes())

    def finish(self, video: FinishedVideo) -> Path:
        """See :class:`Output`. Tracks that are not kept are removed."""
        root = self.folder / "cutouts"
        root.mkdir(exist_ok=True)
        kept = {f"{track.track_id:03d}" for track in video.tracks}
        for folder in root.iterdir():
            if folder.name not in kept:
                shutil.rmtree(folder)
        return root


def _write_mask(path: Path, mask: RLE | None) -> None:
    if not cv2.imwrite(str(path), coco_mask.decode(mask) * np.uint8(255)):
        raise InputError(f"{path}: cannot be written; make room there or choose another place.")
