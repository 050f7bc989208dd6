"""Test a checkpoint with several values of one setting, such as a threshold, and mark the best one.

With checkpoints of other seeds as well, the figures are means over all of them, and the range of AP is shown:

    mmvis sweep CONFIG seed_0.pth model.score_reduction visible_mean length_weighted --also seed_1.pth seed_2.pth
"""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import require_writable, require_writable_file, write_atomically

from .arguments import add_cfg_options

if TYPE_CHECKING:
    from mmengine.config import Config

__all__ = ["EXAMPLE", "add_arguments", "mean_figures", "run"]

EXAMPLE = (
    "mmvis sweep configs/efficientvis/efficientvis_small_shapesvis-mini.py work_dirs/small/epoch_7.pth "
    "model.visible_thr 0.3 0.4 0.5"
)

FIGURES = ("AP", "AP50", "AP75", "AR1", "AR10")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("config", help="config file")
    parser.add_argument("checkpoint", help="checkpoint file")
    parser.add_argument("key", help="setting to sweep, for example model.linker.min_affinity")
    parser.add_argument("values", nargs="+", help="values to test")
    parser.add_argument("--also", nargs="+", default=[], metavar="FILE", help="further checkpoints, of other seeds")
    parser.add_argument(
        "--work-dir", default="work_dirs/sweep", metavar="DIR", help="folder for the logs (default: work_dirs/sweep)"
    )
    parser.add_argument("--json", metavar="FILE", help="also write the figures to a file")
    add_cfg_options(parser)


def run(args: argparse.Namespace) -> None:
    """Test each value."""
    from mmvis_ext.checkpoints import read_checkpoint
    from mmvis_ext.engine.launch import parse_value

    if args.json:
        require_writable_file(args.json)
    checkpoints = {path: read_checkpoint(path) for path in (args.checkpoint, *args.also)}
    rows = []
    for text in args.values:
        value = parse_value(text)
        each = [_test_once(args, value, path, content) for path, content in checkpoints.items()]
        rows.append(dict(value=value, **mean_figures(each)))
    best = max(rows, key=lambda row: row["AP"])
    print(_table(args.key, rows, best, len(checkpoints) > 1))
    if args.json:
        write_atomically(args.json, json.dumps(dict(key=args.key, rows=rows, best=best["value"])).encode())


def _require_key(cfg: "Config", key: str) -> None:
    """Check that the setting exists: sweeping a misspelt one would have no effect."""
    *path, last = key.split(".")
    node = cfg
    for part in path:
        node = node.get(part) if hasattr(node, "get") else None
    if not hasattr(node, "get") or (last not in node and "type" not in node):
        raise InputError(f"the config has no setting {key}; give its full path, for example model.visible_thr.")


def _test_once(args: argparse.Namespace, value: object, path: str, checkpoint: dict) -> dict[str, float]:
    """Test a checkpoint with one value of the setting and return the figures."""
    from mmvis_ext.engine.building import read_config
    from mmvis_ext.engine.checkpoints import check_fit
    from mmvis_ext.engine.launch import build_runner
    from mmvis_ext.models.video_model import unwrapped

    cfg = read_config(args.config, args.cfg_options)
    _require_key(cfg, args.key)
    cfg.merge_from_dict({args.key: value})
    cfg.update(work_dir=str(Path(args.work_dir) / f"{args.key}={value}"), load_from=path, launcher="none")
    require_writable(cfg.work_dir)
    cfg.experiment_name = f"sweep {args.key}={value}"
    runner = build_runner(cfg)
    check_fit(path, unwrapped(runner.model), checkpoint)
    figures = {k.split("/")[-1]: v for k, v in runner.test().items()}
    if not figures:
        raise InputError("the test split has no annotations, so there is no AP to compare; test a split that has some.")
    return figures


def mean_figures(each: list[dict[str, float]]) -> dict[str, float]:
    """Means of the figures over checkpoints, and the lowest and the highest AP."""
    aps = [figures["AP"] for figures in each]
    means = {name: sum(figures[name] for figures in each) / len(each) for name in each[0]}
    return means | dict(AP_low=min(aps), AP_high=max(aps))


def _table(key: str, rows: list[dict], best: dict, several: bool) -> str:
    from terminaltables import AsciiTable

    heads = [key, *FIGURES, *(["AP from - to"] if several else [])]
    cells = [
        [
            f"{row['value']}{' (best)' if row is best else ''}",
            *(f"{row[name]:.2f}" for name in FIGURES),
            *([f"{row['AP_low']:.2f} - {row['AP_high']:.2f}"] if several else []),
        ]
        for row in rows
    ]
    return AsciiTable([heads, *cells]).table
