"""The runs of the study, and the rows of the papers' tables that each of them stands for."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import read_file

__all__ = ["StudyRun", "chosen", "paper_figures", "read_runs"]

KEYS = {"rows", "start", "weights"}


@dataclass(frozen=True)
class StudyRun:
    """A training and its test, or the test of another run's weights.

    Attributes:
        name: also that of its config.
        config: path of the config.
        rows: ids of the rows that it stands for; none where other runs only start from it.
        start: the run whose weights its training starts from, or ``None``.
        weights: the run whose weights it tests instead of training, or ``None``.
    """

    name: str
    config: Path
    rows: tuple[str, ...]
    start: str | None = None
    weights: str | None = None

    @property
    def needs(self) -> str | None:
        """The run that must be finished before this one."""
        return self.weights or self.start


def read_runs(path: Path) -> tuple[dict[str, StudyRun], dict[str, str]]:
    """Read ``rows.yaml``, beside which the configs lie.

    Returns:
        The runs by name, each after the one that it needs, and the rows that are left out with their reasons.

    Raises:
        InputError: the file is broken: a key is unknown, a config is missing, a needed run does not stand before its
            user, or a row stands twice.
    """
    content = yaml.safe_load(read_file(path))
    if not isinstance(content, dict) or content.keys() != {"runs", "left_out"}:
        raise InputError(f"{path}: has not the keys 'runs' and 'left_out' alone; correct the file.")
    runs: dict[str, StudyRun] = {}
    for name, entry in content["runs"].items():
        if not isinstance(entry, dict) or "rows" not in entry or not entry.keys() <= KEYS or entry.keys() >= KEYS:
            raise InputError(f"{path}: run '{name}': needs 'rows', and takes one of 'start' and 'weights'; correct it.")
        run = StudyRun(name, path.parent / f"{name}.py", **(entry | dict(rows=tuple(entry["rows"]))))
        if run.needs is not None and run.needs not in runs:
            raise InputError(f"{path}: run '{name}' needs '{run.needs}', which does not stand before it; correct it.")
        if not run.config.exists():
            raise InputError(f"{path}: run '{name}' has no config {run.config}; write it or correct the name.")
        runs[name] = run
    rows = [row for run in runs.values() for row in run.rows] + list(content["left_out"])
    twice = sorted({row for row in rows if rows.count(row) > 1})
    if twice:
        raise InputError(f"{path}: the row '{twice[0]}' stands twice; leave it in one place.")
    return runs, content["left_out"]


def chosen(
    runs: dict[str, StudyRun],
    systems: dict[str, str],
    rows: Collection[str] | None = None,
    tables: Collection[str] | None = None,
    only_systems: Collection[str] | None = None,
) -> list[StudyRun]:
    """The runs with one of these rows, or a row of one of these tables or systems, and the runs that they need.

    Args:
        runs: by name, each after the one that it needs.
        systems: of each row.
        rows: ids.
        tables: beginnings of ids, up to the dash, such as ``e1a``.
        only_systems: such as ``SRNet``. All rows are chosen where none of the three is given.

    Raises:
        InputError: a choice fits no row.
    """
    known = {row for run in runs.values() for row in run.rows}
    wanted: set[str] = set() if rows or tables or only_systems else set(known)
    for wish, of_row in ((rows, str), (tables, lambda row: row.split("-")[0]), (only_systems, systems.__getitem__)):
        for value in wish or ():
            fitting = {row for row in known if of_row(row) == value}
            if not fitting:
                raise InputError(f"'{value}' fits no row of the study; take one of {_options(known, of_row)}.")
            wanted |= fitting
    names = {run.name for run in runs.values() if wanted & set(run.rows)}
    for run in reversed(runs.values()):
        if run.name in names and run.needs:
            names.add(run.needs)
    return [run for run in runs.values() if run.name in names]


def _options(rows: set[str], of_row: Any) -> str:
    return ", ".join(sorted({of_row(row) for row in rows}))


def paper_figures(configs: Path, runs: Mapping[str, StudyRun]) -> tuple[dict[str, float], dict[str, str]]:
    """AP or J&F of each row as the paper has it, and its system, from the metafiles.

    A row is one of ``paper_rows``, or a model without any by its name; a figure that no paper gives is left out. A row
    of the study with a word after a colon has what the row before the colon has.

    Args:
        configs: the folder ``configs``.
        runs: of the study.

    Raises:
        InputError: there are no metafiles.
    """
    figures: dict[str, float] = {}
    systems: dict[str, str] = {}
    paths = sorted(configs.glob("*/metafile.yml"))
    if not paths:
        raise InputError(f"{configs}: holds no */metafile.yml with the papers' figures; run this in a checkout.")
    for model in (model for path in paths for model in yaml.safe_load(read_file(path))["Models"]):
        for row in model["paper_rows"]:
            systems[row["id"]] = model["In Collection"]
            kinds = [row[kind] for kind in ("AP", "AP3", "APonly", "AP50", "JF", "JF7", "COCO") if kind in row]
            if kinds:
                figures[row["id"]] = kinds[0][0] if isinstance(kinds[0], list) else kinds[0]
        if not model["paper_rows"]:
            systems[model["Name"]] = model["In Collection"]
            if "AP" in (model.get("paper_figures") or {}):
                figures[model["Name"]] = model["paper_figures"]["AP"]
    for row in (row for run in runs.values() for row in run.rows if ":" in row):
        known = row.partition(":")[0]
        figures |= {row: figures[known]} if known in figures else {}
        systems |= {row: systems[known]} if known in systems else {}
    return figures, systems
