"""What is exported: a model's step as one function of tensors, from frames as they are decoded to masks on them."""

import math
from abc import abstractmethod
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmvis_ext.models.data_preprocessor import VideoDataPreprocessor
from mmvis_ext.models.video_model import VideoModel
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.utils.errors import InputError

__all__ = ["NEXT", "STATE", "ExportedStep", "FramePreparation", "best_slots"]

STATE, NEXT = "state.", "next."  # before the names of a state's tensors, as inputs and as outputs
Tensors = Mapping[str, Tensor]


class FramePreparation(nn.Module):
    """What the data preprocessor does, inside the network: channel order, normalisation, padding.

    Args:
        preprocessor: the model's :class:`VideoDataPreprocessor`.
        size: (H, W) of the frames in pixels.

    Raises:
        InputError: the model has no preprocessor that normalises frames.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, preprocessor: VideoDataPreprocessor, size: tuple[int, int]) -> None:
        super().__init__()
        if not hasattr(preprocessor, "mean"):
            raise InputError("the model has no data_preprocessor with mean and std; set both in its config.")
        self.register_buffer("mean", preprocessor.mean.detach().clone())
        self.register_buffer("std", preprocessor.std.detach().clone())
        self.to_bgr = not preprocessor._channel_conversion  # the library hands BGR to the preprocessor
        self.pad_value = float(preprocessor.pad_value)
        divisor = preprocessor.pad_size_divisor
        bottom, right = (math.ceil(side / divisor) * divisor - side for side in size)
        self.padding = (0, right, 0, bottom)

    def forward(self, frames: Tensor) -> Tensor:
        """(T,H,W,3) uint8 RGB -> (T,3,H',W') float32, normalised and padded."""
        frames = frames.permute(0, 3, 1, 2).float()
        frames = frames.flip(1) if self.to_bgr else frames
        return F.pad((frames - self.mean) / self.std, self.padding, value=self.pad_value)


class ExportedStep(nn.Module):
    """A step of a video model with static shapes, in which no control flow depends on values.

    The state is tensors alone. Before the first frame they are all zero: ``steps`` is then 0, and the step starts from
    what the model has learned. A subclass names its ``outputs``, makes ``state`` and defines :meth:`look`.

    Args:
        model: the model, in test mode on a CPU.
        size: (H, W) of the frames in pixels.
        objects: M, how many objects a window can show at most.

    Attributes:
        outputs: names of what a step finds, see docs/deploy.md.
        state: the tensors of the state before the first frame, by name.
    """

    outputs: tuple[str, ...] = ("track_ids", "scores", "boxes", "visible", "masks")
    state: dict[str, Tensor]
    sizes: Tensor

    def __init__(self, model: VideoModel, size: tuple[int, int], objects: int) -> None:
        super().__init__()
        self.model, self.size, self.objects = model, size, objects
        self.prepare = FramePreparation(model.data_preprocessor, size)
        self.register_buffer("sizes", model.window_sizes(FrameGeometry(size, size)))

    @property
    def input_names(self) -> list[str]:
        """Names of the inputs in their order."""
        return ["frames", *(STATE + name for name in self.state)]

    @property
    def output_names(self) -> list[str]:
        """Names of the outputs in their order."""
        return [*self.outputs, *(NEXT + name for name in self.state)]

    @property
    def example(self) -> tuple[Tensor, ...]:
        """Inputs of a video's first step: T black frames (T,H,W,3), and the state's tensors, (...) each, all zero."""
        return (torch.zeros(self.model.window, *self.size, 3, dtype=torch.uint8), *self.state.values())

    def forward(self, frames: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        """One step.

        Args:
            frames: (T,H,W,3) uint8 RGB.
            state: the tensors of the state, in the order of ``state``.

        Returns:
            The outputs, (M,...) each, and the tensors of the next state.
        """
        before = dict(zip(self.state, state, strict=True))
        found, after = self.look(self.prepare(frames), before)
        after = {**after, "steps": before["steps"] + 1}
        return (*(found[name] for name in self.outputs), *(after[name].clone() for name in self.state))

    @abstractmethod
    def look(self, frames: Tensor, state: Tensors) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """What a step finds, and the next state without ``steps``.

        Args:
            frames: (T,3,H',W') normalised and padded.
            state: tensors by name, of shape () or (...).
        """

    def clipped(self, boxes: Tensor) -> Tensor:
        """(...,4) xyxy boxes, clipped to the frame."""
        height, width = self.size
        return torch.minimum(boxes.clamp(min=0), boxes.new_tensor([width, height, width, height]))


def best_slots(scores: Tensor, objects: int) -> Tensor:
    """The slots whose best class score is highest.

    Args:
        scores: (N,...) class scores of N slots.
        objects: M.

    Returns:
        (min(M, N),) int64, in the order of the slots.
    """
    best = scores.flatten(1).amax(1)
    if objects >= len(best):
        return torch.arange(len(best), device=scores.device)
    return best.topk(objects).indices.sort().values
