"""The content of a page on folders of PNGs, as DAVIS has them."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mmvis_ext.annotations.index_png import VOID, read_index_map_size
from mmvis_ext.annotations.lists import names_with
from mmvis_ext.evaluation.davis_folders import evaluate_folders, judged_list, sequences_of, truth_folder
from mmvis_ext.evaluation.davis_jf import SequenceFigures, summarize
from mmvis_ext.evaluation.davis_protocols import OBJECTS, Protocol
from mmvis_ext.evaluation.report import davis_notes
from mmvis_ext.structures import RLE, encode
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.parallel import map_in_processes

from .content import Content, Figure, PageTrack, PageVideo, Table

__all__ = ["folder_content", "judged_folder_content"]

ABOUT = {
    "J&F": "mean of J-mean and F-mean",
    "J-mean": "IoU of regions",
    "J-recall": "share of frames with J above 0.5",
    "F-mean": "F-measure of boundaries",
    "F-recall": "share of frames with F above 0.5",
}


def judged_folder_content(
    truth: str | Path, results: Path, frames: Path, names: str | Path | None = None, protocol: Protocol = OBJECTS
) -> Content:
    """The page of a folder of results whose truth is known.

    Args:
        truth: the official layout of DAVIS, or a folder with a folder of PNGs per sequence.
        results: such a folder.
        frames: folder with a folder of JPEGs per sequence.
        names: list of the sequences; DAVIS' val in the official layout, otherwise all.
        protocol: the measure.

    Raises:
        InputError: see :func:`evaluate_folders`; also for frames that are missing.
    """
    names = names or judged_list(truth, protocol)
    sequences = evaluate_folders(truth, results, names, protocol)
    listed = {} if names is None else protocol.read_list(names)
    task = partial(_Sequence, truth=truth_folder(truth, protocol), results=results, frames=frames, protocol=protocol)
    tasks = [task(s.name, listed.get(s.name), figures=s) for s in sequences]
    videos = map_in_processes(_read, tasks)
    figures = summarize(sequences)
    if figures["J&F"] < 0:
        raise InputError(f"{truth}: no sequence shows an object in its first frame; give one that does.")
    rows: list[Any] = [(s.name, str(len(s.ids)), *(s.summary()[name] for name in ABOUT)) for s in sequences]
    table = Table("Sequences, the worst first", ("sequence", "objects", *ABOUT), sorted(rows, key=lambda row: row[2]))
    heads = [Figure(name, figures[name], about) for name, about in ABOUT.items()]
    return Content(f"J&F: {results.name}", "J&F", videos, heads, tables=[table], notes=davis_notes(sequences))


def folder_content(results: Path, frames: Path) -> Content:
    """The page of a folder of results without truth; see :func:`judged_folder_content`."""
    tasks = [_Sequence(name, None, None, results, frames, OBJECTS, None) for name in sequences_of(results)]
    notes = ["There is no truth to judge by."]
    return Content(f"Results: {results.name}", "", map_in_processes(_read, tasks), notes=notes)


class _Sequence(NamedTuple):
    """A sequence to read: the names of its frames (``None`` for all), its folders and its figures."""

    name: str
    listed: list[str] | None
    truth: Path | None
    results: Path
    frames: Path
    protocol: Protocol
    figures: SequenceFigures | None


def _read(task: _Sequence) -> PageVideo:
    pngs = task.listed or names_with((task.truth or task.results) / task.name, ".png")
    paths = [task.frames / task.name / f"{name}.jpg" for name in pngs]
    missing = next((path for path in paths if not path.is_file()), None)
    if missing is not None:
        raise InputError(f"{missing}: the frame is missing; give the folder that has a folder of JPEGs per sequence.")
    results = [task.results / task.name / f"{name}.png" for name in pngs]
    found = _objects(map(task.protocol.read_result, results), len(pngs))
    height, width = read_index_map_size(results[0])
    truths, figure, curve, kept = None, None, None, sorted(found)
    pairs: dict[int, int] = {}
    figures = task.figures
    if task.truth is not None and figures is not None:
        maps = task.protocol.read_truths([task.truth / task.name / f"{name}.png" for name in pngs])
        known = _objects((np.where(m == VOID, 0, m) for m in maps), len(pngs))
        ids = [i for i in figures.ids if i in known]
        pairs = {p: ids.index(i) for i, p in zip(figures.ids, figures.proposals, strict=True) if i in ids}
        about = dict(zip(figures.ids, figures.object_summary(), strict=True))
        truths = [PageTrack(f"object {i}", known[i], n, note=f"J&F {about[i]['J&F']:.1f}") for n, i in enumerate(ids)]
        figure, curve = figures.summary()["J&F"], _curve(figures, len(pngs))
    first = len(truths or ())
    others = {p: first + n for n, p in enumerate(i for i in kept if i not in pairs)}
    tracks = [PageTrack(f"proposal {p}", found[p], pairs.get(p, others.get(p, 0)), pair=pairs.get(p)) for p in kept]
    return PageVideo(task.name, height, width, paths, truths, tracks, figure, curve=curve)


def _objects(maps: Iterator[np.ndarray], length: int) -> dict[int, list[RLE | None]]:
    """The masks of each index of the index maps of a sequence."""
    masks: dict[int, list[RLE | None]] = {}
    for t, index_map in enumerate(maps):
        for i in np.unique(index_map[index_map > 0]).tolist():
            (masks.setdefault(i, [None] * length)[t],) = encode((index_map == i)[None])
    return masks


def _curve(figures: SequenceFigures, length: int) -> list[float | None] | None:
    """J of each frame, mean over the objects; ``None`` in frames at both ends that do not count."""
    if not len(figures.J):
        return None
    ends: list[float | None] = [None] * ((length - figures.J.shape[1]) // 2)
    return [*ends, *figures.J.mean(axis=0).tolist(), *ends]
