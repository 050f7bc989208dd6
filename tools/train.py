"""Train a model from a config."""

import argparse
from pathlib import Path

from mmvis_ext.engine.checkpoints import read_checkpoint
from mmvis_ext.engine.launch import add_config_arguments, build_runner, load_config, resume_point
from mmvis_ext.errors import InputError, command_line


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add_config_arguments(parser)
    parser.add_argument("--resume", nargs="?", const="auto", help="go on from this checkpoint, or the newest there is")
    parser.add_argument("--amp", action="store_true", help="train with automatic mixed precision")
    parser.add_argument("--seed", type=int, help="of everything random")
    parser.add_argument("--deterministic", action="store_true", help="deterministic algorithms only")
    return parser.parse_args()


@command_line
def main() -> None:
    args = parse_args()
    cfg = load_config(args)
    if args.amp:
        cfg.optim_wrapper.type = "AmpOptimWrapper"
    if args.seed is not None:
        cfg.randomness.seed = args.seed
    if args.deterministic:
        cfg.randomness.deterministic = True
    point = resume_point(args.resume, cfg.work_dir) if args.resume else None
    if point is not None:
        cfg.load_from, cfg.resume = point, True
    elif cfg.get("load_from") and "://" not in cfg.load_from:
        if not Path(cfg.load_from).exists():
            raise InputError(
                f"{cfg.load_from}: the checkpoint that load_from names is not there; train the config that writes it "
                "first, or set load_from to where it is."
            )
        read_checkpoint(cfg.load_from)
    build_runner(cfg).train()


if __name__ == "__main__":
    main()
