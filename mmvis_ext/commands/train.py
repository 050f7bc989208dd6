"""Train a model from a config."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mmvis_ext.utils.arguments import seed
from mmvis_ext.utils.errors import InputError

from .arguments import add_config_arguments
from .launcher import in_processes

if TYPE_CHECKING:
    from mmengine.config import Config
    from mmengine.runner import Runner

__all__ = ["EXAMPLE", "add_arguments", "run"]

EXAMPLE = "mmvis train configs/efficientvis/efficientvis_small_shapesvis-mini.py --work-dir work_dirs/small"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_config_arguments(parser)
    parser.add_argument("--resume", nargs="?", const="auto", help="resume from this checkpoint, or from the newest one")
    parser.add_argument(
        "--amp", action="store_true", help="train in mixed precision: float16 on a GPU, bfloat16 on a CPU"
    )
    parser.add_argument(
        "--auto-scale-lr",
        action="store_true",
        help="scale the learning rate with the samples of a step, all GPUs together",
    )
    parser.add_argument(
        "--accumulate",
        type=int,
        default=1,
        metavar="N",
        help="step once in N batches (default: 1), as if on N times the GPUs",
    )
    parser.add_argument(
        "--log-to",
        nargs="+",
        choices=("tensorboard", "wandb"),
        default=(),
        help="show the training in these programs too",
    )
    parser.add_argument("--seed", type=seed, help="seed of all random numbers")
    parser.add_argument("--force", action="store_true", help="train although another training uses the work dir")
    parser.add_argument("--deterministic", action="store_true", help="use deterministic algorithms only")


def run(args: argparse.Namespace) -> int | None:
    """Train."""
    if args.gpus is not None and args.launcher == "none":
        return in_processes(args.again, args.gpus)
    from mmvis_ext.engine.checkpoints import refuse_pickles
    from mmvis_ext.engine.launch import build_runner, load_config
    from mmvis_ext.engine.work_dir import claimed

    refuse_pickles()
    cfg = load_config(args)
    _apply_arguments(cfg, args)
    runner = build_runner(cfg)
    _check_checkpoint(cfg, runner)
    with claimed(cfg.work_dir, args.force):
        runner.train()
    return None


def _apply_arguments(cfg: "Config", args: argparse.Namespace) -> None:
    """Apply the command-line arguments to the config."""
    import torch

    from mmvis_ext.engine.batch_size import accumulate, scale_learning_rate
    from mmvis_ext.engine.launch import resume_point
    from mmvis_ext.engine.start import use_start
    from mmvis_ext.engine.vis_backends import log_to

    if args.amp:
        kind = "AmpOptimWrapper" if torch.cuda.is_available() else "BFloat16OptimWrapper"
        cfg.merge_from_dict(dict(optim_wrapper=dict(type=kind)))
    if args.auto_scale_lr:
        scale_learning_rate(cfg)
    if args.accumulate != 1:
        accumulate(cfg, args.accumulate)
    if args.log_to:
        log_to(cfg, args.log_to)
    if args.seed is not None:
        cfg.merge_from_dict(dict(randomness=dict(seed=args.seed)))
    if args.deterministic:
        cfg.merge_from_dict(dict(randomness=dict(deterministic=True)))
    wish = args.resume or (cfg.get("load_from") or "auto" if cfg.get("resume") else None)
    point = resume_point(wish, cfg.work_dir) if wish else None
    cfg.resume = point is not None
    if point is not None:
        cfg.load_from = point
    use_start(cfg)


def _check_checkpoint(cfg: "Config", runner: "Runner") -> None:
    """Check the checkpoint that training resumes or starts from, before anything is computed."""
    from mmvis_ext.checkpoints import read_checkpoint
    from mmvis_ext.engine.checkpoints import check_resumable, check_start
    from mmvis_ext.models.video_model import unwrapped

    path = cfg.get("load_from")
    if not path or "://" in path:
        return
    if not Path(path).exists():
        raise InputError(
            f"{path}: the checkpoint that load_from names is not there; train the config that writes it first, or set "
            "load_from to where it is."
        )
    checkpoint, model = read_checkpoint(path), unwrapped(runner.model)
    if cfg.resume:
        check_resumable(path, model, checkpoint)
    else:
        check_start(path, model, checkpoint, cfg.get("load_other_classes", False))
