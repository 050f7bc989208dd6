"""What the command-line tools share: configs, work dirs, runners."""

import argparse
import os
import tempfile
from pathlib import Path

import torch
from mmengine.config import Config, DictAction
from mmengine.runner import Runner

from mmvis_ext.errors import InputError

from .checkpoints import latest_checkpoint, read_checkpoint

__all__ = ["add_config_arguments", "build_runner", "load_config", "resume_point"]


def add_config_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of every tool that runs a config."""
    parser.add_argument("config", help="config file")
    parser.add_argument("--work-dir", help="where logs and checkpoints go; work_dirs/<config's name> if not given")
    parser.add_argument(
        "--cfg-options", nargs="+", action=DictAction, metavar="KEY=VALUE", help="override settings of the config"
    )
    parser.add_argument("--launcher", choices=["none", "pytorch", "slurm", "mpi"], default="none")
    parser.add_argument("--local_rank", "--local-rank", type=int, default=0, help=argparse.SUPPRESS)


def load_config(args: argparse.Namespace) -> Config:
    """Read the config and settle launcher, overrides and work dir.

    Raises:
        InputError: the config cannot be read, or the work dir cannot be written.
    """
    os.environ.setdefault("LOCAL_RANK", str(args.local_rank))
    cfg = read_config(args.config)
    cfg.launcher = args.launcher
    if args.cfg_options:
        cfg.merge_from_dict(args.cfg_options)
    cfg.work_dir = args.work_dir or cfg.get("work_dir") or str(Path("work_dirs") / Path(args.config).stem)
    require_writable(cfg.work_dir)
    return cfg


def read_config(path: str) -> Config:
    """Read a config file.

    Raises:
        InputError: it is missing or broken.
    """
    try:
        return Config.fromfile(path)
    except FileNotFoundError as error:
        raise InputError(f"{error.filename or path}: no such config; check the path and its _base_ files.") from None
    except (SyntaxError, KeyError, TypeError, OSError) as error:
        raise InputError(f"{path}: the config cannot be read ({type(error).__name__}: {error}); mend it.") from None


def require_writable(folder: str | Path) -> None:
    """Create a folder and check that files can be written into it.

    Raises:
        InputError: they cannot.
    """
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0" * 4096)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise InputError(
            f"{folder}: cannot be written ({error.strerror}); choose another folder or make room there."
        ) from None


def resume_point(wish: str, work_dir: str) -> str | None:
    """The checkpoint to resume from: ``auto`` takes the newest of the work dir, ``None`` if there is none."""
    path = latest_checkpoint(work_dir) if wish == "auto" else Path(wish)
    if path is None:
        return None
    read_checkpoint(path)
    return str(path)


def build_runner(cfg: Config) -> Runner:
    """mmengine's runner for a config; on a machine without a GPU several processes talk through gloo."""
    if cfg.launcher != "none" and not torch.cuda.is_available():
        _join_on_cpu(cfg)
    return Runner.from_cfg(cfg)


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
