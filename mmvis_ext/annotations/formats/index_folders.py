"""Folders of indexed PNGs, a folder per video, as DAVIS, MOSE, LVOS, YouTube-VOS and SAM 2 have them."""

from pathlib import Path

import numpy as np

from mmvis_ext.annotations.davis import OBJECT, read_davis_videos
from mmvis_ext.annotations.index_png import VOID, index_png
from mmvis_ext.annotations.lists import names_with
from mmvis_ext.annotations.records import AnnotationFile, TrackAnnotation, VideoRecord
from mmvis_ext.structures.rle import decode
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import atomic_folder

from .frame_folders import subfolders
from .source import Source
from .writing import frame_stems, tracks_of_masks, video_names, warn_lost

__all__ = ["read_index_folders", "write_index_folders"]


def read_index_folders(source: Source) -> AnnotationFile:
    """Read ``VIDEO/00000.png``, whose frames are ``VIDEO/00000.jpg`` in the folder of the frames.

    The PNGs have a palette or are grey; the index of a pixel is the track id, which may have gaps, and 255 is void; see
    :func:`read_davis_videos`. Frames without a PNG are left out, with a warning, since nobody knows what they show. The
    only class is ``object``, unless one other is asked for.

    Raises:
        InputError: no folder has PNGs, one is broken, or has no frame or another size than its frame.
    """
    if source.frames is None:
        raise InputError(f"{source.where}: names no frames; add --frames DIR, the folder with those of each video.")
    if source.classes is not None and len(source.classes) != 1:
        raise InputError(f"{source.where}: indexed PNGs name no classes, so all objects are of one; give one class.")
    listed: dict[str, list[str] | None] = {}
    tolerance = source.tolerance()
    for name in subfolders(source.path):
        pngs, frames = (names_with(root / name, end) for root, end in ((source.path, ".png"), (source.frames, ".jpg")))
        if pngs:
            listed[name] = pngs if set(pngs) < set(frames) else None
        for frame in sorted(set(frames) - set(pngs)) if pngs else ():
            kind, place = "frames without a PNG, which are left out", f"{name}/{frame}.jpg"
            tolerance.mend(kind, place, f"{source.path / name}: has no PNG of the frame {frame}; write one.")
    if not listed:
        raise InputError(f"{source.where}: has no folders of PNGs; give the folder that holds one for each video.")
    tolerance.warn()
    videos = read_davis_videos(listed, str(source.frames), str(source.path), strict=source.strict)
    name = source.classes[0] if source.classes else OBJECT["name"]
    return AnnotationFile(source.where, [dict(OBJECT, name=name)], videos)


def write_index_folders(file: AnnotationFile, out: Path) -> None:
    """Write ``VIDEO/FRAME.png`` with DAVIS' palette; the index of a pixel is the id of its track.

    Where ids of a video do not fit 1 to 254, they count from 1. A pixel has one object: where tracks overlap it is that
    of the smaller mask, which a warning counts. Crowds are void.

    Raises:
        InputError: tracks have boxes alone, a video has more than 254, or the folder cannot be written.
    """
    lost = 0
    with atomic_folder(out) as folder:
        for video, name in zip(file.videos, video_names(file), strict=True):
            (folder / name).mkdir()
            tracks = tracks_of_masks(video, file.path)
            ids = _indices(tracks, f"{file.path}: video {video.id}")
            for t, stem in enumerate(frame_stems(video, file.path)):
                index_map, overlaps = _index_map(video, tracks, ids, t)
                lost += overlaps
                (folder / name / f"{stem}.png").write_bytes(index_png(index_map))
    warn_lost(file, "frames in which masks overlap, whose pixels go to the smaller one", lost)


def _indices(tracks: list[TrackAnnotation], where: str) -> list[int]:
    """The index of each track."""
    if len(tracks) >= VOID:
        raise InputError(f"{where}: has {len(tracks)} tracks, but an indexed PNG holds up to {VOID - 1}; split it.")
    fit = all(0 < track.id < VOID for track in tracks)
    return [track.id if fit else i for i, track in enumerate(tracks, 1)]


def _index_map(video: VideoRecord, tracks: list[TrackAnnotation], ids: list[int], t: int) -> tuple[np.ndarray, bool]:
    """(H, W) uint8 of a frame, and whether masks of objects overlap."""
    shown = [(track, i) for track, i in zip(tracks, ids, strict=True) if track.segmentations[t] is not None]
    masks = decode([track.segmentations[t] for track, _ in shown], video.height, video.width).astype(bool)
    # crowds first, then from large to small, each over those before
    order = sorted(range(len(shown)), key=lambda j: (not shown[j][0].iscrowd, -int(masks[j].sum())))
    out = np.zeros((video.height, video.width), np.uint8)
    overlap = False
    for j in order:
        overlap |= bool(out[masks[j]].any())
        out[masks[j]] = VOID if shown[j][0].iscrowd else shown[j][1]
    return out, overlap
