"""The page of the study, made of the results, the claims and the papers' figures alone."""

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev

from mmvis_ext.utils.files import write_atomically, write_figure

from .claims import Inequality, read_claims
from .measured import JudgedClaim, Measured, judge_claims
from .plot import plot_effects, points
from .results import RunResult, read_results
from .runs import StudyRun, paper_figures, read_runs
from .verdicts import DRAWS, Effect, video_noise

__all__ = ["write_page"]

HEAD = """\
# The study

<!-- Written by mmvis study from results/ and claims.yaml; change those. -->

Each claim of the papers' ablation tables is put to the test on [ShapesVIS](../datasets.md) `claims`. A row of a table
is a small model of `configs/study/` with the same switch as the paper's, trained for minutes, so the figures are far
below the papers'. What can be compared is the sign of a difference, and whether it stands out of the noise. All lengths
are 4/9 of the papers', as the videos are: clips of EfficientVIS and VisTR have 16, 8 and 4 frames for 36, 18 and 9;
banks and the distances of key frames are shorter by as much. InsPro learns from neighbouring frames, where the paper
draws them from anywhere in a video: see table i2a. SRNet's tables stand on `claims-motion`, which has as few videos to
learn from as DAVIS, objects that their motion shows, and a third of the frame rate.

Runs of EfficientVIS and InsPro start from weights that have learned single frames, for 4,000 and 1,000 iterations, and
learn 1,200 more; all others learn 2,000 from nothing. In minutes EfficientVIS learns longest, most of it single frames.
So that each system can be compared with baselines that learn as long, MaskTrack R-CNN and Mask2Former-VIS have two runs
each: for about as many minutes as InsPro with its start, and as SRNet (2,000 and 5,000 iterations), and for as many as
EfficientVIS with its start (4,500 and 12,000; the rows with the word long).

```bash
mmvis study --seeds 0 1 2 --jobs 2 --dry-run     # the plan, and how long it takes
mmvis study --seeds 0 1 2 --jobs 2 --budget 8    # as much of it as fits 8 hours; call again to go on
tools/gpu_study.sh --seeds 0 1 2                 # as much of it as fits 8 minutes of a GPU, a run for each CPU core
```

All runs with three seeds take about twelve hours on two CPU cores that have nothing else to do.

An inequality *holds* where the interval of 95 % confidence of its left side minus its right side is above zero, *fails*
where it is below, and is *within noise* otherwise. The noise is that of seeds and of the choice of validation videos
together: the variance between seeds, and that of a bootstrap over videos, which are the same for both sides. A claim
fails if one of its inequalities does, and holds if all do. *Detectable* is the effect that would have been seen with a
probability of 80 %. One seed says nothing of its noise, so it decides nothing.
"""
LEARNING = """
What some runs reach after how many minutes of training, those of single frames included, on the machine and with as
many runs side by side as said above. The learning rates have fallen to next to nothing at the end of each line:

![AP of some runs over the minutes of training](learning.png)
"""
EMPTY = "\nNo run is finished yet, so there are only the papers' figures.\n"


def write_page(study: Path, configs: Path, draws: int = DRAWS) -> Path:
    """Write ``README.md``, and ``effects.png`` and ``learning.png`` where there is something to draw.

    Args:
        study: folder with ``claims.yaml`` and ``results/``.
        configs: the folder ``configs``.
        draws: of the bootstrap over videos.

    Returns:
        The page.

    Raises:
        InputError: a file is broken.
    """
    runs, left_out = read_runs(configs / "study/rows.yaml")
    paper, _ = paper_figures(configs, runs)
    results = read_results(study / "results")
    measured = Measured(results, draws)
    judged = judge_claims(read_claims(study / "claims.yaml"), paper, measured)
    parts = [HEAD, _origin(results) if results else EMPTY]
    if points(judged):
        plot_effects(judged, study / "effects.png")
        parts.append("\n![Each inequality's effect in the paper and here](effects.png)\n")
    if validated := [one for one in results if one.learning and "AP" in one.figures]:
        _draw_learning(validated, study / "learning.png")
        parts.append(LEARNING)
    parts += [_claims(judged), _noise(judged, measured), _rows(runs, paper, measured), _left_out(left_out)]
    write_atomically(study / "README.md", "".join(parts).encode())
    return study / "README.md"


def _draw_learning(validated: Sequence[RunResult], path: Path) -> None:
    from mmvis_ext.engine.learning import LearningCurve, draw_learning

    curves = [LearningCurve(one.run, *zip(*one.learning, strict=True)) for one in validated]
    write_figure(draw_learning(curves, "AP"), path)


def _origin(results: Sequence[RunResult]) -> str:
    """Where the results come from."""
    hours = sum(one.seconds for one in results) / 3600
    machines = sorted({f"{one.machine} ({one.cores} cores, {one.jobs} runs side by side)" for one in results})
    codes, torches = ({getattr(one, name) for one in results} for name in ("code", "torch"))
    commits: dict[str, list[str]] = {}
    for code in sorted(codes):
        version, *commit = code.split()
        commits.setdefault(version, []).extend(commit)
    versions = [f"{version} ({', '.join(of)})" if of else version for version, of in commits.items()]
    return (
        f"\n{len(results)} runs are finished. They took {hours:.1f} hours one by one, on {'; '.join(machines)}, with "
        f"mmvis_ext {'; '.join(versions)} and torch {', '.join(sorted(torches))}.\n"
    )


def _summary(judged: Sequence[JudgedClaim]) -> str:
    """How many inequalities hold, of all that were measured and of those whose effect could have been seen."""
    pairs = [pair for one in judged for pair in zip(one.paper, one.effects, strict=True)]
    measured = [(paper, effect) for paper, effect in pairs if effect is not None and effect.seeds > 1]
    seen = [effect for paper, effect in measured if paper is not None and paper >= effect.detectable]
    if not measured:
        return ""
    counts = _counts(effect for _, effect in measured)
    return (
        f"\nOf {len(pairs)} inequalities {len(measured)} have two seeds or more: {counts}. "
        f"The effect of {len(seen)} is in the paper at least as large as what is detectable here: {_counts(seen)}.\n"
    )


def _counts(effects: Iterable[Effect]) -> str:
    verdicts = [effect.verdict for effect in effects]
    hold, fail, noise = (verdicts.count(kind) for kind in ("holds", "fails", "within noise"))
    return f"{hold} hold, {fail} fail, {noise} are within noise"


def _claims(judged: Sequence[JudgedClaim]) -> str:
    lines = []
    for one in judged:
        lines += [f"\n### {one.claim.table}: {one.verdict}\n", one.claim.says, ""]
        lines += [one.claim.found, ""] if one.claim.found else []
        cells = map(_claim_cells, one.claim.inequalities, one.paper, one.effects)
        lines += _table(("claim", "paper", "ours", "detectable", "seeds", "verdict"), cells)
    about = "Effects are in points of AP, for SRNet of J&F: how far the claim is from failing."
    return f"\n## Claims\n\n{about}\n{_summary(judged)}" + _text(lines)


def _claim_cells(inequality: Inequality, paper: float | None, effect: Effect | None) -> tuple[str, ...]:
    ours = ("", "", "0", "not measured")
    if effect is not None:
        ours = (f"{effect.mean:+.1f} ± {effect.error:.1f}", _number(effect.detectable), str(effect.seeds),
                effect.verdict)  # fmt: skip
    return (f"`{inequality.text}`", "" if paper is None else f"{paper:+.1f}", *ours)


def _noise(judged: Sequence[JudgedClaim], measured: Measured) -> str:
    """What more validation videos are worth."""
    inequalities = [inequality for one in judged for inequality in one.claim.inequalities]
    pairs = [pair for pair in map(measured.pair, inequalities) if pair is not None]
    if not pairs:
        return ""
    videos = len(pairs[0][0].videos)
    draws = measured.draws // 4  # for each of many pairs, so fewer do
    table = []
    for number in (videos // 8, videos // 4, videos // 2, videos):
        table.append((str(number), *map(_number, video_noise(pairs, number, draws))))
    about = (
        "By how many points the choice of validation videos alone moves an AP, and the difference of two rows of an "
        "inequality on the same videos: standard deviations over draws of videos, first seeds."
    )
    head = ("validation videos", "AP", "difference")
    return f"\n## Noise of validation videos\n\n{about}\n\n" + _text(_table(head, table))


def _rows(runs: Mapping[str, StudyRun], paper: Mapping[str, float], measured: Measured) -> str:
    table = [
        (row, run.name, _number(paper.get(row)), _spread(measured.figures(row)), _spread(measured.speed(row)))
        for run in runs.values()
        for row in run.rows
    ]
    about = "AP, for SRNet J&F; mean and standard deviation over the seeds. Rows that are the same run share it."
    return f"\n## Rows\n\n{about}\n\n" + _text(_table(("row", "run", "paper", "ours", "FPS"), sorted(table)))


def _left_out(rows: Mapping[str, str]) -> str:
    return "\n## Rows without a run\n\n" + _text(_table(("row", "why"), rows.items()))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return ["| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *rows)]


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"


def _number(value: float | None) -> str:
    return "" if value is None or math.isinf(value) else f"{value:.1f}"


def _spread(values: Sequence[float]) -> str:
    return "" if not values else f"{mean(values):.1f}" + (f" ± {stdev(values):.1f}" if len(values) > 1 else "")
