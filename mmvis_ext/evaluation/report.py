"""Figures as tables of text."""

from collections.abc import Sequence

from terminaltables import AsciiTable

from .cell_tracking_measures import FIGURES as CELL_FIGURES
from .cell_tracking_measures import mean_figures
from .davis_jf import FIGURES, SequenceFigures, summarize
from .video_lengths import ShortAndLong
from .ytvis_ap import YTVISResult

__all__ = ["cell_table", "class_table", "davis_notes", "davis_table", "summary_table"]

COLUMNS = ("AP", "AP50", "AP75", "AR1", "AR10")


def summary_table(result: YTVISResult | ShortAndLong) -> str:
    """All figures of all classes together in 0..100; ``-`` where there is nothing to measure."""
    rows = [[name, _text(figure)] for name, figure in result.summary().items()]
    return AsciiTable([["figure", "value"], *rows]).table


def class_table(result: YTVISResult) -> str:
    """The main figures of each class in 0..100; ``-`` where the class has no ground truth."""
    rows = [[c["name"], *(_text(c[column]) for column in COLUMNS)] for c in result.class_summary()]
    return AsciiTable([["class", *COLUMNS], *rows]).table


def cell_table(sequences: dict[str, dict[str, float]]) -> str:
    """The figures of the Cell Tracking Challenge in 0..1, of all sequences and of each; ``-`` without any truth."""
    rows = dict(all=mean_figures(list(sequences.values()))) | sequences
    texts = [[name, *(f"{row[c]:.4f}" if row[c] >= 0 else "-" for c in CELL_FIGURES)] for name, row in rows.items()]
    return AsciiTable([["sequence", *CELL_FIGURES], *texts]).table


def davis_table(sequences: Sequence[SequenceFigures]) -> str:
    """The figures of DAVIS in 0..100: of all sequences, of each sequence and of each object; ``-`` without objects.

    Below them stand the :func:`davis_notes`.
    """
    rows = [["all", "", *_texts(summarize(sequences))]]
    for sequence in sequences:
        rows.append([sequence.name, "", *_texts(sequence.summary())])
        pairs = zip(sequence.ids, sequence.object_summary(), strict=True)
        rows += [["", str(i), *_texts(row)] for i, row in pairs]
    return "\n".join([AsciiTable([["sequence", "object", *FIGURES], *rows]).table, *davis_notes(sequences)])


def davis_notes(sequences: Sequence[SequenceFigures]) -> list[str]:
    """Up to two sentences: which objects are not judged, and which frames are void throughout."""
    left_out = ", ".join(f"{s.name} {i}" for s in sequences for i in s.left_out)
    void = ", ".join(f"{s.name} {t}" for s in sequences for t in s.void_frames)
    notes = {
        "Not judged, with an id above those of the first frame": left_out,
        "Void throughout, so that any result is right there, are the frames (from 0)": void,
    }
    return [f"{what}: {which}." for what, which in notes.items() if which]


def _texts(figures: dict[str, float]) -> list[str]:
    return [_text(figures[name], figures["J&F"] < 0) for name in FIGURES]


def _text(figure: float, missing: bool | None = None) -> str:
    missing = figure < 0 if missing is None else missing  # a decay may be negative
    return "-" if missing else f"{figure:.2f}"
