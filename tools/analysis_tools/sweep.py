"""Test one checkpoint with several values of one setting, such as a threshold, and mark the best one."""

import argparse
import json
from pathlib import Path

from mmengine.config import Config
from terminaltables import AsciiTable

from mmvis_ext.engine.building import read_config
from mmvis_ext.engine.checkpoints import check_fit, read_checkpoint
from mmvis_ext.engine.launch import add_cfg_options, build_runner, parse_value
from mmvis_ext.models.video_model import unwrapped
from mmvis_ext.utils.errors import InputError, command_line
from mmvis_ext.utils.files import require_writable, require_writable_file, write_atomically

FIGURES = ("AP", "AP50", "AP75", "AR1", "AR10")


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", help="config file")
    parser.add_argument("checkpoint", help="checkpoint file")
    parser.add_argument("key", help="setting to sweep, for example model.linker.min_affinity")
    parser.add_argument("values", nargs="+", help="values to test")
    parser.add_argument("--work-dir", default="work_dirs/sweep", help="folder for the logs (default: work_dirs/sweep)")
    parser.add_argument("--json", metavar="FILE", help="also write the figures to a file")
    add_cfg_options(parser)
    return parser.parse_args()


def require_key(cfg: Config, key: str) -> None:
    """Check that the setting exists: sweeping a misspelt one would have no effect."""
    *path, last = key.split(".")
    node = cfg
    for part in path:
        node = node.get(part) if hasattr(node, "get") else None
    if not hasattr(node, "get") or (last not in node and "type" not in node):
        raise InputError(f"the config has no setting {key}; give its full path, for example model.visible_thr.")


def test_once(args: argparse.Namespace, value: object, checkpoint: dict) -> dict[str, float]:
    """Test the checkpoint with one value of the setting and return the figures."""
    cfg = read_config(args.config, args.cfg_options)
    require_key(cfg, args.key)
    cfg.merge_from_dict({args.key: value})
    cfg.update(work_dir=str(Path(args.work_dir) / f"{args.key}={value}"), load_from=args.checkpoint, launcher="none")
    require_writable(cfg.work_dir)
    cfg.experiment_name = f"sweep {args.key}={value}"
    runner = build_runner(cfg)
    check_fit(args.checkpoint, unwrapped(runner.model), checkpoint)
    figures = {k.split("/")[-1]: v for k, v in runner.test().items()}
    if not figures:
        raise InputError("the test split has no annotations, so there is no AP to compare; test a split that has some.")
    return figures


@command_line
def main() -> None:
    args = parse_args()
    if args.json:
        require_writable_file(args.json)
    checkpoint = read_checkpoint(args.checkpoint)
    rows = []
    for text in args.values:
        value = parse_value(text)
        rows.append(dict(value=value, **test_once(args, value, checkpoint)))
    best = max(rows, key=lambda row: row["AP"])
    cells = [[f"{row['value']}{' (best)' if row is best else ''}", *(f"{row[k]:.2f}" for k in FIGURES)] for row in rows]
    print(AsciiTable([[args.key, *FIGURES], *cells]).table)
    if args.json:
        write_atomically(args.json, json.dumps(dict(key=args.key, rows=rows, best=best["value"])).encode())


if __name__ == "__main__":
    main()
