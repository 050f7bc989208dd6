"""The content of a page on results in the form of YouTube-VIS."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from mmvis_ext.annotations.audit import frame_path
from mmvis_ext.annotations.records import AnnotationFile, VideoRecord
from mmvis_ext.evaluation import YTVISResult
from mmvis_ext.evaluation.entries import Entry, result_entries
from mmvis_ext.evaluation.errors import KINDS, MISSED, JudgedVideo, TrackErrors, track_errors, tracking_figures
from mmvis_ext.evaluation.matching import RECALL_POINTS
from mmvis_ext.structures import tube_ious
from mmvis_ext.utils.errors import InputError

from .content import Chart, Content, Figure, PageTrack, PageVideo, Table

__all__ = ["MOST_TRACKS", "judged_content", "unjudged_content"]

MOST_TRACKS = 20  # results of a video that are shown, the best ones
UNJUDGED_SCORE = 0.3  # without truth nobody knows which scores are good
ABOUT = dict(
    AP="mean over the IoU thresholds .5 to .95",
    AP50="at IoU 0.5",
    AP75="at IoU 0.75",
    AR1="recall with 1 result per video and class",
    AR10="recall with 10 results per video and class",
    HOTA="tracking: detection and association together",
    IDF1="tracking: share of right identities",
)


def judged_content(
    truth: AnnotationFile, results: list[dict], frames: Path, min_score: float | None = None, where: str = "the results"
) -> Content:
    """The page of results whose ground truth is known.

    Args:
        truth: as :func:`read_annotation_file` reads it.
        results: as :func:`evaluate_ytvis` takes them.
        frames: folder of the images.
        min_score: lowest score of results that are shown; the best one for F1 by default.
        where: names the results.

    Raises:
        InputError: see :func:`evaluate_ytvis`.
    """
    errors = track_errors(truth, results, where)
    least = errors.working_score if min_score is None else min_score
    names = {c["id"]: c["name"] for c in truth.categories}
    precision, records = errors.video_precision(), {video.id: video for video in truth.videos}
    videos = []
    for judged in errors.videos:
        record, shown = records[judged.id], _best(judged.found, least)
        truths, found = _truths(judged, names), _found(judged, shown, names)
        kinds = Counter(track.kind for track in found if track.kind) + Counter({MISSED: int(judged.missed[0].sum())})
        figure = precision[judged.id] if judged.truths else None
        videos.append(_video(record, truth, frames, truths, found, figure, dict(kinds)))
    figures, notes = _figures(errors, least)
    seen = "with the best F1 at IoU 0.5" if min_score is None else "as asked for"
    notes.insert(0, f"Shown are results that score {least:.2f} or more ({seen}), at most {MOST_TRACKS} per video. The "
                 "figures count all results.")  # fmt: skip
    counts = errors.counts(min_score=least)
    bars = [(kind, gain["AP"], gain["AP50"], counts[kind]) for kind, gain in errors.gains.items()]
    tables = [_classes(errors, names), _groups(errors)]
    return Content(
        f"Where AP is lost: {Path(where).name}", "AP", videos, figures, sorted(bars, key=lambda bar: -bar[1]),
        [table for table in tables if table.rows], _chart(errors.figures), notes,
    )  # fmt: skip


def unjudged_content(
    truth: AnnotationFile, results: list[dict], frames: Path, min_score: float | None = None, where: str = "the results"
) -> Content:
    """The page of results of videos without annotations; the arguments are those of :func:`judged_content`."""
    names, least = {c["id"]: c["name"] for c in truth.categories}, UNJUDGED_SCORE if min_score is None else min_score
    found: dict[int, list[Entry]] = {video.id: [] for video in truth.videos}
    for entry in result_entries(results, truth, "segm", where):
        found[entry.video_id].append(entry)
    videos = []
    for record in truth.videos:
        own = found[record.id]
        tracks = [_plain(own[d], names, i) for i, d in enumerate(_best(own, least))]
        videos.append(_video(record, truth, frames, None, tracks))
    note = f"There is no truth to judge by. Shown are results that score {least:.2f} or more."
    return Content(f"Results: {Path(where).name}", "", videos, notes=[note])


def _video(
    record: VideoRecord, truth: AnnotationFile, frames: Path, truths: list[PageTrack] | None, found: list[PageTrack],
    figure: float | None = None, kinds: dict[str, int] | None = None,
) -> PageVideo:  # fmt: skip
    paths = [Path(frame_path(frames, name, truth.path)) for name in record.file_names]
    name = str(PurePosixPath(record.file_names[0]).parent)
    name = f"video {record.id}" if name == "." else name
    classes = sorted({track.name for track in (*(truths or ()), *found)})
    return PageVideo(name, record.height, record.width, paths, truths, found, figure, kinds or {}, classes)


def _best(found: Sequence[Entry], min_score: float) -> list[int]:
    """Places of the results that are shown, the best first."""
    ranked = sorted(range(len(found)), key=lambda d: -found[d].score)
    return [d for d in ranked if found[d].score >= min_score][:MOST_TRACKS]


def _plain(entry: Entry, names: dict[int, str], number: int, **more: object) -> PageTrack:
    return PageTrack(names[entry.category_id], list(entry.tube.regions), number, entry.score, **more)  # type: ignore[arg-type]


def _truths(judged: JudgedVideo, names: dict[int, str]) -> list[PageTrack]:
    """Each truth with the score of the result that finds it, or its fate."""
    scores = {int(g): judged.found[d].score for d, g in enumerate(judged.given[0])}
    tracks = []
    for g, (truth, fate) in enumerate(zip(judged.truths, judged.fates(), strict=True)):
        note = f"found, score {scores[g]:.2f}" if g in scores else ""
        tracks.append(PageTrack(names[truth.category_id], list(truth.tube.regions), g, kind=fate, note=note))
    return tracks


def _found(judged: JudgedVideo, shown: list[int], names: dict[int, str]) -> list[PageTrack]:
    """The results that are shown, in the colour of the truth that they find."""
    ious = tube_ious([judged.found[d].tube for d in shown], [g.tube for g in judged.truths])
    tracks, free = [], len(judged.truths)
    for row, d in zip(ious, shown, strict=True):
        g = int(judged.given[0, d])
        note = ""
        if len(row):
            best = g if g >= 0 else int(row.argmax())
            note = f"IoU {row[best]:.2f} with object {best + 1}" if row[best] > 0 else "overlaps no object"
        kind = str(judged.kinds[0, d])
        tracks.append(_plain(judged.found[d], names, g if g >= 0 else free, kind=kind, note=note,
                             pair=g if g >= 0 else None))  # fmt: skip
        free += g < 0
    return tracks


def _figures(errors: TrackErrors, min_score: float) -> tuple[list[Figure], list[str]]:
    """The figures of the data set, and what is to be said about those that are missing."""
    values, notes = errors.figures.summary(), []
    try:
        values |= tracking_figures(errors.videos, min_score)
    except InputError as error:
        notes.append(str(error))
    return [Figure(name, values[name], about) for name, about in ABOUT.items() if values.get(name, -1) >= 0], notes


def _classes(errors: TrackErrors, names: dict[int, str]) -> Table:
    numbers = Counter(names[truth.category_id] for video in errors.videos for truth in video.truths)
    columns = ("AP", "AP50", "AP75", "AR1", "AR10")
    rows = [
        (row["name"], str(numbers[row["name"]]), *(row[c] for c in columns))
        for row in errors.figures.class_summary()
        if row["AP"] >= 0
    ]
    return Table("Classes, the worst first", ("class", "objects", *columns), sorted(rows, key=lambda row: row[2]))


def _groups(errors: TrackErrors) -> Table:
    rows = []
    for group in errors.groups:
        lost = ", ".join(f"{KINDS[kind]} {n}" for kind, n in sorted(group.lost.items(), key=lambda pair: -pair[1]))
        rows.append((group.name, str(group.number), 100 * group.found, 100 * group.recall, lost or "nothing"))
    return Table("Size and length of objects", ("objects", "number", "found %", "recall", "lost to"), rows)


def _chart(result: YTVISResult) -> Chart | None:
    """Precision over recall, mean over the classes with ground truth."""
    curves = {}
    for name, level in (("IoU 0.5", 0), ("IoU 0.75", 5)):
        of_classes = result.precision[level, :, :, 0]
        known = of_classes[:, (of_classes >= 0).all(axis=0)]
        if known.size:
            curves[name] = list(zip(RECALL_POINTS.tolist(), np.mean(known, axis=1).tolist(), strict=True))
    return Chart(curves) if curves else None
