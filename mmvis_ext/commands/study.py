"""Put the claims of the papers' tables to the test on ShapesVIS: train and test the small runs of configs/study.

A finished run is not repeated, unless another one needs its weights and they are gone; a killed one goes on where it
was, and what failed is said at the end. Then the page of the study is written anew from all results.
"""

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from mmvis_ext.utils.arguments import finite, seed

if TYPE_CHECKING:
    from mmvis_ext.study.plan import Task
    from mmvis_ext.study.results import RunResult
    from mmvis_ext.study.running import Place

__all__ = ["EXAMPLE", "add_arguments", "run"]

EXAMPLE = "mmvis study --tables e1e i2a --seeds 0 1 2 --jobs 2 --dry-run"
LAYOUTS = ("youtube_vis", "imagenet_vid", "coco")
MOTION_LAYOUTS = ("davis", "coco")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("--rows", nargs="+", default=[], metavar="ID", help="rows of the papers' tables, as e1e-cl")
    add("--tables", nargs="+", default=[], metavar="T", help="tables by the beginning of their rows' ids")
    add("--systems", nargs="+", default=[], metavar="NAME", help="systems, such as SRNet (default: all)")
    add("--seeds", nargs="+", type=seed, default=[0], metavar="N", help="of the trainings (default: 0)")
    add("--data-seed", type=seed, default=0, metavar="N", help="of ShapesVIS (default: 0)")
    add("--preset", default="claims", help="of ShapesVIS (default: claims)")
    add("--budget", type=finite, metavar="HOURS", help="begin no run that would not end in this time")
    add("--jobs", type=int, default=1, metavar="N", help="runs side by side (default: 1)")
    add("--validations", type=int, default=0, metavar="N",
        help="of each training, which is drawn over time (default: 0)")  # fmt: skip
    add("--dry-run", action="store_true", help="show what would be done, and how long it takes")
    add("--page-only", action="store_true", help="write the page anew from the results, and do nothing else")
    add("--dirty", action="store_true", help="run code that is not committed, and mark the results as such")
    add("--configs", type=Path, default=Path("configs"), metavar="DIR", help="the folder configs")
    add("--study", type=Path, default=Path("docs/study"), metavar="DIR",
        help="folder of claims, results and page (default: docs/study)")  # fmt: skip
    add("--work-dir", type=Path, default=Path("work_dirs/study"), metavar="DIR",
        help="folder for logs and checkpoints (default: work_dirs/study)")  # fmt: skip
    add("--cfg-options", nargs="+", default=[], metavar="KEY=VALUE", help="override settings of all runs")


def run(args: argparse.Namespace) -> int | None:
    """Plan, do what is planned, and write the page."""
    import os

    from mmvis_ext.study.page import write_page
    from mmvis_ext.study.plan import affordable, expected_seconds, tasks_of, unfinished
    from mmvis_ext.study.provenance import machine
    from mmvis_ext.study.results import read_results
    from mmvis_ext.study.running import Place, hashes_of
    from mmvis_ext.study.runs import chosen, paper_figures, read_runs

    _check(args)
    if args.page_only:
        print(f"{write_page(args.study, args.configs)}: written from all results")
        return None
    os.environ["STUDY_DATA"] = _data(args).as_posix()  # read by the configs, here and in the runs
    runs, _ = read_runs(args.configs / "study/rows.yaml")
    wanted = chosen(runs, paper_figures(args.configs, runs)[1], args.rows, args.tables, args.systems)
    hashes = hashes_of(wanted, args.data_seed, args.cfg_options)
    results = read_results(args.study / "results")
    tasks = tasks_of(wanted, dict.fromkeys(args.seeds), hashes)
    threads = max(1, (os.cpu_count() or 1) // args.jobs)
    place = Place(args.study / "results", args.work_dir, args.data_seed, hashes, args.jobs, threads,
                  tuple(args.cfg_options), args.validations)  # fmt: skip
    left = unfinished(tasks, args.data_seed, results, place.learned)
    seconds = {one.name: expected_seconds(one, results, machine(), args.jobs) for one in wanted}
    _show(affordable(left, seconds, args.jobs, _budget(args)), seconds, len(tasks), len(left), args.jobs)
    if args.dry_run:
        return None
    code = 0
    if left:
        _check_code(args.dirty)
        _draw_data(args)
        code = _do(left, place, results, _budget(args))
    print(f"{write_page(args.study, args.configs)}: written from all results")
    return code


def _check(args: argparse.Namespace) -> None:
    from mmvis_ext.utils.errors import InputError

    if args.jobs < 1:
        raise InputError(f"--jobs {args.jobs}: at least one run at a time; give 1 or more.")
    if args.validations < 0:
        raise InputError(f"--validations {args.validations}: cannot be below 0; give the number of each training.")
    if args.budget is not None and args.budget <= 0:
        raise InputError(f"--budget {args.budget:g}: no run ends in this time; give hours above 0.")


def _check_code(dirty: bool) -> None:
    """Refuse code that nobody could find again by the commit in the results."""
    from mmvis_ext.study.provenance import code_version
    from mmvis_ext.utils.errors import InputError

    if code_version()[1] and not dirty:
        raise InputError(
            "mmvis_ext/ or configs/ has changes that are not committed, so results could not be repeated from their "
            "commit; commit first, or give --dirty, which marks the results."
        )


def _budget(args: argparse.Namespace) -> float | None:
    return None if args.budget is None else 3600 * args.budget


def _show(tasks: "list[Task]", seconds: dict[str, float], wanted: int, left: int, jobs: int) -> None:
    for task in tasks:
        print(f"{task.name:48} {seconds[task.run.name]:6.0f} s")
    hours = sum(seconds[task.run.name] for task in tasks) / jobs / 3600
    print(f"{wanted} runs: {wanted - left} are finished, {len(tasks)} are to be done in about {hours:.1f} hours, "
          f"{left - len(tasks)} are beyond the budget.", flush=True)  # fmt: skip


def _data(args: argparse.Namespace) -> Path:
    """The folder of the data set, one for each data seed; SRNet's tables have another one beside it."""
    return Path("data/shapes_vis") / (args.preset if args.data_seed == 0 else f"{args.preset}-seed{args.data_seed}")


def _draw_data(args: argparse.Namespace) -> None:
    """Write ShapesVIS where it is not there yet."""
    from mmvis_ext.shapes_vis import generate, get_preset

    preset = get_preset(args.preset)
    generate(preset, _data(args), LAYOUTS, seed=args.data_seed, progress=True)
    generate(preset.of_motion(), f"{_data(args)}-motion", MOTION_LAYOUTS, seed=args.data_seed, progress=True)


def _do(tasks: "list[Task]", place: "Place", results: "list[RunResult]", budget: float | None) -> int:
    """Do the tasks; returns the exit code."""
    from mmvis_ext.study.plan import expected_seconds
    from mmvis_ext.study.provenance import machine
    from mmvis_ext.study.running import OverBudget, do_all, do_task

    begun, where = time.monotonic(), machine()

    def do(task: "Task") -> None:
        takes = expected_seconds(task.run, results, where, place.jobs)
        if budget is not None and time.monotonic() - begun + takes > budget:
            raise OverBudget
        result = do_task(task, place)
        results.append(result)
        print(f"{task.name}: {result.seconds:.0f} s", flush=True)

    failures, late = do_all(tasks, place.jobs, do)
    if late:
        print(f"the budget is spent: {len(late)} runs are left, {late[0]} first; call again to go on")
    for failed, why in failures.items():
        print(f"failed: {failed}: {why}")
    return 1 if failures else 0
