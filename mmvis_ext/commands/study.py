"""Put the claims of the papers' tables to the test on ShapesVIS: train and test the small runs of configs/study.

A finished run is not repeated, a killed one goes on where it was, and what failed is said at the end.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mmvis_ext.utils.arguments import finite, seed

if TYPE_CHECKING:
    from mmvis_ext.study.plan import Task

__all__ = ["EXAMPLE", "add_arguments", "run"]

EXAMPLE = "mmvis study --tables e1e i2a --seeds 0 1 2 --jobs 2 --dry-run"
LAYOUTS = ("youtube_vis", "davis", "imagenet_vid", "coco")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--rows", nargs="+", default=[], metavar="ID", help="rows of the papers' tables, as e1e-cl")
    parser.add_argument(
        "--tables", nargs="+", default=[], metavar="T", help="tables by the beginning of their rows' ids"
    )
    parser.add_argument(
        "--systems", nargs="+", default=[], metavar="NAME", help="systems, such as SRNet (default: all)"
    )
    parser.add_argument("--seeds", nargs="+", type=seed, default=[0], metavar="N", help="of the trainings (default: 0)")
    parser.add_argument("--data-seed", type=seed, default=0, metavar="N", help="of ShapesVIS (default: 0)")
    parser.add_argument("--budget", type=finite, metavar="HOURS", help="do only as many runs as fit")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="runs side by side (default: 1)")
    parser.add_argument("--dry-run", action="store_true", help="show what would be done, and how long it takes")
    parser.add_argument("--configs", type=Path, default=Path("configs"), metavar="DIR", help="the folder configs")
    parser.add_argument("--results", type=Path, default=Path("docs/study/results"), metavar="DIR",
                        help="folder of the results (default: docs/study/results)")  # fmt: skip
    parser.add_argument("--work-dir", type=Path, default=Path("work_dirs/study"), metavar="DIR",
                        help="folder for logs and checkpoints (default: work_dirs/study)")  # fmt: skip
    parser.add_argument(
        "--cfg-options", nargs="+", default=[], metavar="KEY=VALUE", help="override settings of all runs"
    )


def run(args: argparse.Namespace) -> int | None:
    """Plan, and do what is planned."""
    import os

    from mmvis_ext.study.plan import affordable, expected_seconds, tasks_of, unfinished
    from mmvis_ext.study.results import read_results
    from mmvis_ext.study.running import Place, do_all, do_task, hashes_of, machine
    from mmvis_ext.study.runs import chosen, paper_figures, read_runs
    from mmvis_ext.utils.errors import InputError

    if args.jobs < 1:
        raise InputError(f"--jobs {args.jobs}: at least one run at a time; give 1 or more.")
    runs, _ = read_runs(args.configs / "study/rows.yaml")
    _, systems = paper_figures(args.configs)
    wanted = chosen(runs, systems, args.rows, args.tables, args.systems)
    results = read_results(args.results)
    left = unfinished(tasks_of(wanted, args.seeds, hashes_of(wanted, args.data_seed, args.cfg_options)), results)
    seconds = {one.name: expected_seconds(one, results, machine()[0]) for one in wanted}
    tasks = affordable(left, seconds, args.jobs, None if args.budget is None else 3600 * args.budget)
    _show(tasks, seconds, len(wanted) * len(args.seeds), len(left), args.jobs)
    if args.dry_run or not tasks:
        return None
    _draw_data(args)
    threads = max(1, (os.cpu_count() or 1) // args.jobs)
    place = Place(args.results, args.work_dir, args.data_seed, threads, tuple(args.cfg_options))

    def do(task: "Task") -> None:
        result = do_task(task, place)
        print(f"{task.name}: {result.seconds:.0f} s", flush=True)

    failures = do_all(tasks, args.jobs, do)
    for name, why in failures.items():
        print(f"failed: {name}: {why}")
    return 1 if failures else None


def _show(tasks: "list[Task]", seconds: dict[str, float], wanted: int, left: int, jobs: int) -> None:
    for task in tasks:
        print(f"{task.name:48} {seconds[task.run.name]:6.0f} s")
    hours = sum(seconds[task.run.name] for task in tasks) / jobs / 3600
    print(f"{wanted} runs: {wanted - left} are finished, {len(tasks)} are to be done in about {hours:.1f} hours, "
          f"{left - len(tasks)} are beyond the budget.")  # fmt: skip


def _draw_data(args: argparse.Namespace) -> None:
    """Write ShapesVIS where it is not there yet."""
    from mmvis_ext.shapes_vis import generate

    generate("study", Path("data/shapes_vis/study"), LAYOUTS, seed=args.data_seed, progress=True)
