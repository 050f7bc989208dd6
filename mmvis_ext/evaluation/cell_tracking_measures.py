"""DET, SEG and TRA of the Cell Tracking Challenge, computed by the package py-ctcmetrics.

The package judges two folders. They are written for it here, so that any frames of a sequence can be judged by
themselves, and so that what it cannot read is in none of them: frames without a pixel of background, labels whose sum
exceeds 16 bits, single frames, and results without any track.
"""

import contextlib
import io
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mmvis_ext.annotations.cell_lives import Life, read_lives, write_lives
from mmvis_ext.annotations.cell_tracking_files import TruthFiles
from mmvis_ext.annotations.tif import MOST_LABELS, label_tif, labels_in, read_labels
from mmvis_ext.utils.errors import InputError

__all__ = ["FIGURES", "evaluate_cells", "mean_figures"]

FIGURES = ("DET", "SEG", "SEG_ST", "TRA")
"""The figures: how well cells are found, cut out (by gold masks, and by silver ones) and followed."""


class _Shown(NamedTuple):
    """What the truth shows: the first and last frame of each marker, and whether any mask is there of either kind."""

    markers: dict[int, tuple[int, int]]
    gold: bool
    silver: bool


def evaluate_cells(
    truth: TruthFiles, results: Iterable[np.ndarray], lives: dict[int, Life], where: Sequence[str]
) -> dict[str, float]:
    """Judge the results of a sequence, or of some of its frames.

    Args:
        truth: the files of T frames.
        results: T maps of labels, (H, W) uint16, in the same order.
        lives: of the results by label, with the frames counted from 0.
        where: names each result in error messages.

    Returns:
        The :data:`FIGURES` in 0..1; -1 where the truth shows nothing to measure, as with SEG where none of the frames
        has gold masks. (Matula et al. 2015, Maška et al. 2014)

    Raises:
        InputError: py-ctcmetrics is not installed, a file of the truth is missing or broken, sizes differ, or there are
            too many tracks.
    """
    official = _official()
    with tempfile.TemporaryDirectory(prefix="mmvis_ext-") as name:
        folder = Path(name)
        shown = _lay_out(folder, truth, results, lives, where)
        judged = ["DET", "TRA"] * bool(shown.markers) + ["SEG"] * shown.gold
        figures = dict.fromkeys(FIGURES, -1.0) | _judge(official, folder, judged, lives, where)
        if shown.silver:
            shutil.rmtree(folder / "truth" / "SEG")
            (folder / "silver").rename(folder / "truth" / "SEG")
            figures["SEG_ST"] = _judge(official, folder, ["SEG"], lives, where)["SEG"]
    return figures


def mean_figures(sequences: Sequence[dict[str, float]]) -> dict[str, float]:
    """The mean of each figure over the sequences that have it; -1 where none has."""
    known = {name: [figures[name] for figures in sequences if figures[name] >= 0] for name in FIGURES}
    return {name: sum(values) / len(values) if values else -1.0 for name, values in known.items()}


def _official() -> Callable[..., dict]:
    try:
        from ctc_metrics import evaluate_sequence
    except ModuleNotFoundError as error:
        raise InputError(
            f"DET, SEG and TRA need the package py-ctcmetrics, but {error.name} is not installed: "
            "`pip install 'py-ctcmetrics>=1.3.3,<2'`."
        ) from None
    return evaluate_sequence


def _judge(
    official: Callable[..., dict], folder: Path, judged: list[str], lives: dict[int, Life], where: Sequence[str]
) -> dict[str, float]:
    """Some of the figures of the folders; the package prints what it does, which nobody needs."""
    if not judged or not lives:
        return dict.fromkeys(judged, 0.0)
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = official(str(folder / "results"), str(folder / "truth"), list(judged), threads=1)
    if any(found[name] is None for name in judged):
        raise InputError(f"{where[0]}: the tracks of these results contradict their maps; write them again.")
    return {name: float(found[name]) for name in judged}


def _lay_out(
    folder: Path, truth: TruthFiles, results: Iterable[np.ndarray], lives: dict[int, Life], where: Sequence[str]
) -> _Shown:
    """Write the folders of truth and results, with frames from 0 and labels of results from 1.

    Each map gets a margin of background, so that each has some.
    """
    for name in ("truth/TRA", "truth/SEG", "silver", "results"):
        (folder / name).mkdir(parents=True)
    new = np.zeros(MOST_LABELS + 1, np.uint16)
    new[sorted(lives)] = np.arange(1, len(lives) + 1)
    spans: dict[int, tuple[int, int]] = {}
    masks = dict(gold=False, silver=False)
    for t, (path, result) in enumerate(zip(truth.markers, results, strict=True)):
        markers = read_labels(path)
        if markers.shape != result.shape:
            raise InputError(
                f"{where[t]}: has {result.shape[1]}x{result.shape[0]} pixels, but its truth {markers.shape[1]}x"
                f"{markers.shape[0]}; write results in the size of the frames."
            )
        spans |= {label: (spans.get(label, (t, t))[0], t) for label in labels_in(markers).tolist()}
        _write(folder / f"truth/TRA/man_track{t:06d}.tif", markers)
        _write(folder / f"results/mask{t:06d}.tif", new[result])
        for kind, place, source in (("gold", "truth/SEG", truth.gold[t]), ("silver", "silver", truth.silver[t])):
            if source is not None:
                masks[kind] |= _copy(source, folder / f"{place}/man_seg{t:06d}.tif", markers.shape)
    if len(truth.markers) == 1:  # frames without a second one have no links, which the package does not expect
        blank = np.zeros_like(markers)
        _write(folder / "truth/TRA/man_track000001.tif", blank)
        _write(folder / "results/mask000001.tif", blank)
    if len(lives) + max(spans, default=0) >= MOST_LABELS:
        raise InputError(f"{where[0]}: has {len(lives)} tracks, too many to be judged; keep the best of them.")
    ours = {int(new[i]): life._replace(parent=int(new[life.parent])) for i, life in lives.items()}
    (folder / "results/res_track.txt").write_bytes(write_lives(ours))
    parents = {label: life.parent for label, life in read_lives(truth.lineage).items()}
    known = {i: Life(*span, parents[i] if parents.get(i) in spans else 0) for i, span in spans.items()}
    (folder / "truth/TRA/man_track.txt").write_bytes(write_lives(known))
    return _Shown(spans, **masks)


def _copy(source: str, target: Path, size: tuple[int, ...]) -> bool:
    """Copy a map of masks, and say whether it shows any."""
    labels = read_labels(source)
    if labels.shape != size:
        raise InputError(
            f"{source}: has {labels.shape[1]}x{labels.shape[0]} pixels, but its markers {size[1]}x{size[0]}; fetch the "
            "truth again."
        )
    _write(target, labels)
    return bool(labels.any())


def _write(path: Path, labels: np.ndarray) -> None:
    path.write_bytes(label_tif(np.pad(labels, 1)))
