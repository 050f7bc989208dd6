"""The papers' effects against ours."""

from collections.abc import Sequence
from pathlib import Path

from mmvis_ext.utils.files import write_figure

from .measured import JudgedClaim

__all__ = ["plot_effects", "points"]

COLOURS = {"holds": "tab:green", "within noise": "tab:gray", "fails": "tab:red"}


def points(judged: Sequence[JudgedClaim]) -> list[tuple[str, str, float, float, float]]:
    """What is drawn: table, verdict, the paper's effect, ours and its standard error, where both are known."""
    return [
        (one.claim.table, effect.verdict, paper, effect.mean, effect.error)
        for one in judged
        for paper, effect in zip(one.paper, one.effects, strict=True)
        if paper is not None and effect is not None
    ]


def plot_effects(judged: Sequence[JudgedClaim], path: Path) -> None:
    """Draw each inequality as a point with an error bar of one standard error.

    Args:
        judged: the claims.
        path: of the PNG file.
    """
    from matplotlib.figure import Figure  # without pyplot, whose state and windows nobody needs here

    picture = Figure(figsize=(7, 5), layout="constrained")
    axis = picture.subplots()
    axis.axhline(0, color="black", linewidth=0.5)
    for verdict, colour in COLOURS.items():
        some = [one for one in points(judged) if one[1] == verdict]
        axis.errorbar([one[2] for one in some], [one[3] for one in some], [one[4] for one in some], fmt="o",
                      color=colour, label=verdict, markersize=4)  # fmt: skip
    for table, _, paper, mean, _ in points(judged):
        axis.annotate(table, (paper, mean), xytext=(4, 2), textcoords="offset points", fontsize=7)
    axis.set(xlabel="the paper's effect in points", ylabel="ours in points")
    axis.legend()
    write_figure(picture, path)
