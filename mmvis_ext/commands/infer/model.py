"""The model of ``mmvis infer`` and what is kept of what it finds."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmvis_ext.inference import VISInferencer
    from mmvis_ext.inference.frame_result import Choice
    from mmvis_ext.inference.video_run import VideoRun

__all__ = ["choice_of", "load_model", "video_run_of"]


def load_model(args: argparse.Namespace, config: Path, checkpoint: Path) -> "VISInferencer":
    """The model, on the device that was asked for, else on a GPU of this process if there is one."""
    from mmvis_ext.engine.building import read_config
    from mmvis_ext.inference import VISInferencer

    return VISInferencer(
        read_config(str(config), args.cfg_options), checkpoint, args.device or _own_gpu(), args.half, args.compile
    )


def _own_gpu() -> str | None:
    """The GPU of this process among several on a machine."""
    import torch

    place = os.environ.get("LOCAL_RANK") or os.environ.get("SLURM_LOCALID") or ""
    if place.isdecimal() and torch.cuda.is_available():
        return f"cuda:{int(place) % torch.cuda.device_count()}"
    return None


def video_run_of(args: argparse.Namespace, inferencer: "VISInferencer", kinds: list[str]) -> "VideoRun":
    """How videos are run: the model, what is written, and which tracks are kept."""
    from mmvis_ext.inference.video_run import VideoRun

    return VideoRun(inferencer, kinds, choice_of(args, inferencer))


def choice_of(args: argparse.Namespace, inferencer: "VISInferencer") -> "Choice":
    """Which tracks are kept."""
    classes = None if args.classes is None else [name.strip() for name in args.classes.split(",")]
    return inferencer.choice(args.score_thr, classes, args.top_k)
