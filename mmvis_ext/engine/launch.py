"""What commands share that train or test: configs, work dirs, runners."""

import argparse
import os
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config, DictAction
from mmengine.runner import Runner

from mmvis_ext.checkpoints import read_checkpoint
from mmvis_ext.utils.errors import ERROR_FILE, InputError
from mmvis_ext.utils.files import require_writable
from mmvis_ext.utils.parallel import PARENT, end_with, keep_to_the_end

from .building import building, read_config
from .checkpoints import latest_checkpoint
from .runner import ConfigRunner
from .vis_backends import check_backends

__all__ = [
    "build_runner",
    "load_config",
    "parse_value",
    "resume_point",
]


def parse_value(text: str) -> Any:
    """Parse a value of ``--cfg-options``: a number, a truth value, a list or a tuple, else the text itself.

    Raises:
        InputError: its brackets do not match.
    """
    try:
        return DictAction._parse_iterable(text)
    except (AssertionError, ValueError):
        raise InputError(f"{text}: the brackets of this value do not match; correct it.") from None


def load_config(args: argparse.Namespace) -> Config:
    """Read the config and apply the command line's overrides, launcher and work dir to it.

    A process that torch's launcher or another command has started ends with it from here on.

    Raises:
        InputError: the config cannot be read, or the work dir cannot be written.
    """
    os.environ.setdefault("LOCAL_RANK", str(args.local_rank))
    if args.launcher == "pytorch" and ERROR_FILE in os.environ:
        end_with(os.getppid())  # torch's launcher, which cannot end its processes when it is killed itself
    elif PARENT in os.environ:
        end_with(int(os.environ[PARENT]))
    cfg = read_config(args.config, args.cfg_options)
    cfg.launcher = args.launcher
    cfg.work_dir = args.work_dir or cfg.get("work_dir") or str(Path("work_dirs") / Path(args.config).stem)
    require_writable(cfg.work_dir)
    return cfg


def resume_point(wish: str, work_dir: str) -> str | None:
    """The checkpoint to resume from.

    Args:
        wish: path of a checkpoint, or ``auto`` for the newest one in the work dir.
        work_dir: the work dir.

    Returns:
        Path of the checkpoint; ``None`` if ``auto`` finds none.

    Raises:
        InputError: the checkpoint cannot be read.
    """
    path = latest_checkpoint(work_dir) if wish == "auto" else Path(wish)
    if path is None:
        return None
    read_checkpoint(path)
    return str(path)


def build_runner(cfg: Config) -> Runner:
    """Build mmengine's runner for a config. Without a GPU, distributed runs use gloo, which mmengine does not set up.

    ``SyncBatchNorm`` needs GPUs. Without them each process has its own batch statistics, and the running ones are
    averaged after each epoch.

    Raises:
        InputError: a part of the config is missing or cannot be built, or a package that its log needs is missing.
    """
    check_backends(cfg)
    on_cpus = cfg.launcher != "none" and not torch.cuda.is_available()
    if on_cpus:
        _join_on_cpu(cfg)
    with building("runner", cfg):
        runner = ConfigRunner.from_cfg(cfg)
    if on_cpus:
        keep_to_the_end(runner)
    return runner


def _join_on_cpu(cfg: Config) -> None:
    """Join the process group and have the model wrapped without device ids; mmengine can do this for GPUs only."""
    if cfg.launcher == "slurm":
        os.environ.setdefault("RANK", os.environ["SLURM_PROCID"])
        os.environ.setdefault("WORLD_SIZE", os.environ["SLURM_NTASKS"])
        os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
        os.environ.setdefault("MASTER_PORT", "29500")
    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group(backend="gloo")
    cfg.model_wrapper_cfg = dict(type="MMDistributedDataParallel", broadcast_buffers=False, device_ids=None)
    cfg.sync_bn = None
    cfg.custom_hooks = [*(cfg.get("custom_hooks") or []), dict(type="SyncBuffersHook")]
