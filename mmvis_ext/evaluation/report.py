"""Figures as tables of text."""

from terminaltables import AsciiTable

from .ytvis_ap import YTVISResult

__all__ = ["class_table", "summary_table"]

COLUMNS = ("AP", "AP50", "AP75", "AR1", "AR10")


def summary_table(result: YTVISResult) -> str:
    """All figures of all classes together in 0..100; ``-`` where there is nothing to measure."""
    rows = [[name, _text(figure)] for name, figure in result.summary().items()]
    return AsciiTable([["figure", "value"], *rows]).table


def class_table(result: YTVISResult) -> str:
    """The main figures of each class in 0..100; ``-`` where the class has no ground truth."""
    rows = [[c["name"], *(_text(c[column]) for column in COLUMNS)] for c in result.class_summary()]
    return AsciiTable([["class", *COLUMNS], *rows]).table


def _text(figure: float) -> str:
    return "-" if figure < 0 else f"{figure:.2f}"
