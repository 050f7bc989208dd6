"""What an exported file says of itself, as JSON, to whoever runs it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mmvis_ext.models import InsProLite, SRNet

from .steps import ExportedStep

__all__ = ["between_path", "describe"]


def between_path(out: str | Path) -> Path:
    """The path of the second file of a model with key frames: ``lite.onnx`` has ``lite.between.onnx`` beside it."""
    out = Path(out)
    return out.with_name(f"{out.stem}.between{out.suffix}")


def describe(step: ExportedStep, classes: Sequence[str], out: Path) -> dict[str, Any]:
    """What must be known to run a step, as plain data.

    Args:
        step: the step.
        classes: names of the K classes.
        out: the path of the file, or of the first of two.
    """
    model, (height, width) = step.model, step.size
    with torch.no_grad():
        outputs = step(*step.example)
    about: dict[str, Any] = dict(
        model=type(model).__name__,
        classes=list(classes),
        width=width,
        height=height,
        window=model.window,
        frames="uint8 RGB; normalisation and padding are inside",
        first_state="zeros",
        mask_threshold=0.5,
        objects=step.objects,
        inputs={name: _shape(value) for name, value in zip(step.input_names, step.example, strict=True)},
        outputs={name: _shape(value) for name, value in zip(step.output_names, outputs, strict=True)},
    )
    if not isinstance(model, SRNet):
        about["visible_threshold"] = model.visible_thr
    if isinstance(model, InsProLite):
        about |= dict(key_interval=model.key_interval, key_frames=out.name, between=between_path(out).name)
    return about


def _shape(value: Tensor) -> dict[str, Any]:
    return dict(dtype=str(value.dtype).removeprefix("torch."), shape=list(value.shape))
