"""From a model to checked files."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from mmvis_ext.models import VideoModel
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import require_writable_file, write_atomically

from .agreement import check_agreement
from .description import between_path, describe
from .formats import load_format
from .systems import steps_of

__all__ = ["Exported", "export_model"]


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        paths: the file; of a model with key frames, that of key frames and that of the frames between.
        differences: largest difference from the model by name, see :func:`check_agreement`.
        objects: M, how many objects a window can show at most.
    """

    paths: list[Path]
    differences: dict[str, float]
    objects: int


def export_model(
    model: VideoModel, classes: Sequence[str], out: str | Path, size: tuple[int, int], format: str = "onnx",
    objects: int = 10, video: Tensor | None = None,
) -> Exported:  # fmt: skip
    """Write a model as a file that runs without this package, after a check that it gives what the model gives.

    Args:
        model: the model, in test mode on a CPU.
        classes: names of its K classes.
        out: path of the file.
        size: (H, W) of the frames in pixels.
        format: one of :data:`FORMATS`.
        objects: M, how many objects a window can show at most; the best ones are kept.
        video: (F,H,W,3) uint8 RGB frames to check the file with, whole windows; generated ones if ``None``.

    Raises:
        InputError: the model cannot be exported, a package is missing, the file cannot be written, or it disagrees with
            the model.
    """
    if objects < 1:
        raise InputError(f"objects={objects} is too few; give at least 1.")
    chosen = load_format(format)
    steps = steps_of(model, size, objects)
    paths = [Path(out), between_path(out)][: len(steps)]
    for path in paths:
        require_writable_file(path)
    contents = [chosen.write(step, json.dumps(describe(step, classes, Path(out)))) for step in steps]
    differences = check_agreement(steps, [chosen.load(content) for content in contents], video)
    for path, content in zip(paths, contents, strict=True):
        write_atomically(path, content)
    return Exported(paths, differences, steps[0].objects)
