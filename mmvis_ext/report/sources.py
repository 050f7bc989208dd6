"""What truth and results are, told from their paths, and the content of their page."""

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from mmvis_ext.annotations import read_annotation_file
from mmvis_ext.annotations.checks import is_number
from mmvis_ext.annotations.json_file import load_json
from mmvis_ext.evaluation import read_results
from mmvis_ext.evaluation.davis_protocols import FOREGROUND, OBJECTS
from mmvis_ext.evaluation.entries import judgeable
from mmvis_ext.structures import to_rles
from mmvis_ext.utils.errors import InputError

from .content import Content, PageTrack, PageVideo
from .davis import folder_content, judged_folder_content
from .youtube_vis import judged_content, unjudged_content

__all__ = ["Source", "content_of"]

PICTURES = (".jpg", ".jpeg", ".png")
DAVIS_FRAMES = "JPEGImages/480p"
LARGEST = 2**33  # bytes that a zip of PNGs may unpack to


class Source(NamedTuple):
    """What the command line says.

    Attributes:
        truth: annotation file, or folder of DAVIS or of PNGs; ``None`` without truth.
        results: results file, tracks of one video as ``mmvis infer`` writes them, or folder or zip of PNGs.
        frames: folder of the images; DAVIS' own by default.
        names: list of the sequences of DAVIS.
        year: 2016 or 2019, the measure of DAVIS.
        min_score: lowest score of results that are shown.
    """

    truth: Path | None
    results: Path
    frames: Path | None = None
    names: Path | None = None
    year: int = 2019
    min_score: float | None = None


def content_of(source: Source) -> Content:
    """The content of the page.

    Raises:
        InputError: something is missing, broken, or does not fit to the rest.
    """
    if source.truth is None:
        return _without_truth(source)
    if source.truth.is_dir():
        if source.results.suffix == ".json":
            raise InputError(
                f"{source.results}: the truth {source.truth} is a folder of PNGs, so the results are a folder or a zip "
                "of PNGs too; give them, or an annotation file as truth."
            )
        official = source.truth / DAVIS_FRAMES
        frames = _frames(source if source.frames or not official.is_dir() else source._replace(frames=official))
        with _unpacked(source.results) as results:
            protocol = FOREGROUND if source.year == 2016 else OBJECTS
            return judged_folder_content(source.truth, results, frames, source.names, protocol)
    truth = read_annotation_file(source.truth)
    results, left_out = judgeable(read_results(source.results), truth)
    read = judged_content if truth.has_annotations else unjudged_content
    content = read(truth, results, _frames(source), source.min_score, str(source.results))
    notes = [f"Left out are results whose {name} the truth lacks: {number}." for name, number in left_out.items()]
    return replace(content, notes=[*content.notes, *notes])


def _without_truth(source: Source) -> Content:
    if source.results.suffix == ".json":
        return _tracks_content(source)
    with _unpacked(source.results) as results:
        return folder_content(results, _frames(source))


def _frames(source: Source) -> Path:
    if source.frames is None:
        raise InputError("The page shows frames: give their folder with --frames DIR.")
    if not source.frames.is_dir():
        raise InputError(f"{source.frames}: no such folder of frames; check the path.")
    return source.frames


def _tracks_content(source: Source) -> Content:
    """The page of the tracks of one video, as ``mmvis infer`` writes them."""
    data, frames = load_json(source.results), _frames(source)
    numbers = [data.get(name) for name in ("width", "height", "length")] if isinstance(data, dict) else [None]
    if not all(type(n) is int and n > 0 for n in numbers) or not isinstance(data.get("tracks"), list):
        raise InputError(
            f"{source.results}: without truth this must be the tracks that mmvis infer writes; for a results file also "
            "give the annotation file of its videos, which may be without annotations."
        )
    paths = sorted(path for path in frames.iterdir() if path.suffix.lower() in PICTURES)
    if len(paths) != data["length"]:
        raise InputError(
            f"{frames}: holds {len(paths)} frames, but {source.results} has tracks of {data['length']!r}; give the "
            "frames of its video."
        )
    tracks = [_read_track(track, data, f"{source.results}: tracks[{i}]", i) for i, track in enumerate(data["tracks"])]
    tracks = [track for track in tracks if source.min_score is None or (track.score or 0) >= source.min_score]
    classes = sorted({track.name for track in tracks})
    video = PageVideo(frames.name, data["height"], data["width"], paths, None, tracks, classes=classes)
    return Content(f"Tracks: {source.results.name}", "", [video], notes=["There is no truth to judge by."])


def _read_track(track: Any, data: dict, where: str, number: int) -> PageTrack:
    needed = {"category", "score", "segmentations"}
    masks = track.get("segmentations") if isinstance(track, dict) and needed <= track.keys() else None
    if not isinstance(masks, list) or len(masks) != data["length"] or not is_number(track["score"]):
        raise InputError(
            f"{where}: a track has a category, a score and a mask or null per frame; write the file again."
        )
    rles = to_rles(masks, data["height"], data["width"], lambda t: f"{where}, frame {t}")
    return PageTrack(str(track["category"]), rles, number, float(track["score"]))


@contextmanager
def _unpacked(path: Path) -> Iterator[Path]:
    """The folder of results; a zip of PNGs is unpacked for as long as it is needed."""
    if path.suffix != ".zip":
        if not path.is_dir():
            raise InputError(f"{path}: no such folder of results; give a folder or a zip with a folder per sequence.")
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / path.stem
        try:
            with zipfile.ZipFile(path) as archive:
                _unpack(archive, root, path)
        except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            raise InputError(f"{path}: cannot be unpacked ({error}); give a whole zip, or a folder.") from None
        yield root


def _unpack(archive: zipfile.ZipFile, root: Path, path: Path) -> None:
    """Unpack ``SEQUENCE/NAME.png``, in whatever folder of the zip, and nothing else."""
    members = [
        m for m in archive.infolist() if len(PurePosixPath(m.filename).parts) > 1 and m.filename.endswith(".png")
    ]
    if not members or sum(m.file_size for m in members) > LARGEST:
        raise InputError(f"{path}: holds no folders of PNGs, or far too many; give a zip with a folder per sequence.")
    for member in members:
        sequence, name = PurePosixPath(member.filename).parts[-2:]
        if sequence in ("..", "/") or "\\" in sequence + name:
            raise InputError(f"{path}: {member.filename!r} leads out of its folder; give another zip.")
        (root / sequence).mkdir(parents=True, exist_ok=True)
        (root / sequence / name).write_bytes(archive.read(member))
