"""What the command-line tools share: configs, work dirs, runners."""

import argparse
import os
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config, DictAction
from mmengine.runner import Runner

from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import require_writable

from .building import building, read_config
from .checkpoints import latest_checkpoint, read_checkpoint
from .runner import ConfigRunner

__all__ = [
    "add_cfg_options",
    "add_config_arguments",
    "build_runner",
    "load_config",
    "parse_value",
    "resume_point",
]


def parse_value(text: str) -> Any:
    """A value of the command line as a config has it: a number, a truth value, a list, a tuple, or the text.

    Raises:
        InputError: its brackets do not match.
    """
    try:
        return DictAction._parse_iterable(text)
    except (AssertionError, ValueError):
        raise InputError(f"{text}: the brackets of this value do not match; correct it.") from None


class _Options(argparse.Action):
    """``KEY=VALUE`` pairs as a dict; those of a repeated option add up."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option_string: Any = None
    ) -> None:
        options = dict(getattr(namespace, self.dest, None) or {})
        for pair in values:
            key, equals, value = pair.partition("=")
            if not key or not equals:
                raise InputError(f"{option_string} {pair}: write KEY=VALUE, for example model.visible_thr=0.3.")
            options[key] = parse_value(value)
        setattr(namespace, self.dest, options)


def add_cfg_options(parser: argparse.ArgumentParser) -> None:
    """``--cfg-options``, for :func:`read_config`."""
    parser.add_argument(
        "--cfg-options", nargs="+", action=_Options, metavar="KEY=VALUE", help="override settings of the config"
    )


def add_config_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of every tool that runs a config."""
    parser.add_argument("config", help="config file")
    parser.add_argument("--work-dir", help="where logs and checkpoints go; work_dirs/<config's name> if not given")
    add_cfg_options(parser)
    parser.add_argument("--launcher", choices=["none", "pytorch", "slurm", "mpi"], default="none")
    parser.add_argument("--local_rank", "--local-rank", type=int, default=0, help=argparse.SUPPRESS)


def load_config(args: argparse.Namespace) -> Config:
    """Read the config and settle launcher, overrides and work dir.

    Raises:
        InputError: the config cannot be read, or the work dir cannot be written.
    """
    os.environ.setdefault("LOCAL_RANK", str(args.local_rank))
    cfg = read_config(args.config, args.cfg_options)
    cfg.launcher = args.launcher
    cfg.work_dir = args.work_dir or cfg.get("work_dir") or str(Path("work_dirs") / Path(args.config).stem)
    require_writable(cfg.work_dir)
    return cfg


def resume_point(wish: str, work_dir: str) -> str | None:
    """The checkpoint to resume from: ``auto`` takes the newest of the work dir, ``None`` if there is none."""
    path = latest_checkpoint(work_dir) if wish == "auto" else Path(wish)
    if path is None:
        return None
    read_checkpoint(path)
    return str(path)


def build_runner(cfg: Config) -> Runner:
    """mmengine's runner for a config; on a machine without a GPU several processes talk through gloo.

    Raises:
        InputError: a part of the config is missing or cannot be built.
    """
    if cfg.launcher != "none" and not torch.cuda.is_available():
        _join_on_cpu(cfg)
    with building("runner", cfg):
        return ConfigRunner.from_cfg(cfg)


def _join_on_cpu(cfg: Config) -> None:
    """Join the process group and wrap the model without device ids; mmengine does both for GPUs only."""
    if cfg.launcher == "slurm":
        os.environ.setdefault("RANK", os.environ["SLURM_PROCID"])
        os.environ.setdefault("WORLD_SIZE", os.environ["SLURM_NTASKS"])
        os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
        os.environ.setdefault("MASTER_PORT", "29500")
    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group(backend="gloo")
    cfg.model_wrapper_cfg = dict(type="MMDistributedDataParallel", broadcast_buffers=False, device_ids=None)
