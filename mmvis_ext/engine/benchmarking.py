"""Speed and memory of a video model on generated frames."""

import re
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from mmvis_ext.models import EfficientVIS, InsPro, InsProByDetection, SRNet, VideoModel
from mmvis_ext.models.dense import DenseOutput, spatial_grid
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.structures.stream import Detections
from mmvis_ext.utils.errors import InputError

__all__ = [
    "ALL_SLOTS",
    "Stepper",
    "can_hold",
    "compare_speed",
    "compile_step",
    "cycle_frames",
    "frame_size",
    "generated_frames",
    "hold",
    "peak_memory",
    "stream_memory",
    "time_in_turns",
]

DIVISOR = 32  # as the configs pad
MIB = 2**20
ALL_SLOTS = sys.maxsize


def frame_size(text: str) -> tuple[int, int]:
    """``640x360`` as (H, W) = (360, 640).

    Raises:
        InputError: it is written otherwise.
    """
    match = re.fullmatch(r"([1-9]\d*)x([1-9]\d*)", text)
    if match is None:
        raise InputError(f"A frame size of {text!r} is not understood; write WIDTHxHEIGHT in pixels, such as 640x360.")
    return int(match[2]), int(match[1])


def generated_frames(number: int, size: tuple[int, int], device: str = "cpu", seed: int = 0) -> Tensor:
    """Normalised noise, padded as the configs do.

    Args:
        number: of frames.
        size: (H, W) in pixels without padding.
        device: of the frames.
        seed: of the noise.

    Returns:
        (number, 3, H', W') with H' and W' the next multiples of 32.
    """
    h, w = size
    frames = torch.zeros(number, 3, -(-h // DIVISOR) * DIVISOR, -(-w // DIVISOR) * DIVISOR)
    frames[:, :, :h, :w].normal_(generator=torch.Generator().manual_seed(seed))
    return frames.to(device)


class Stepper:
    """Streams the same frames again and again, window by window, each call from the state that the last one left.

    Args:
        model: in test mode.
        frames: (F,3,H',W'), any number of windows.
        size: (H, W) in pixels without padding.
        held: objects that every frame shows, whatever the weights make of it, so that their masks are pasted and
            encoded; ``None`` leaves it to the model. See :func:`can_hold`.

    Attributes:
        network_seconds: of each call so far, what its ``forward_window`` took.
        visible_share: of slots and frames in the last window.
    """

    def __init__(self, model: VideoModel, frames: Tensor, size: tuple[int, int], held: int | None = None) -> None:
        self.model, self.frames, self.held = model, frames, held
        self.state = model.init_state(FrameGeometry(size, size))
        self.network_seconds: list[float] = []
        self.visible_share = 0.0

    def __call__(self) -> Detections:
        self.network_seconds.append(0.0)
        with network_replaced(self.model, self._watched):
            for window in self.frames.split(self.model.window):
                detections, self.state = self.model.step(window, self.state)
        self.visible_share = float(detections.visible.mean()) if detections.visible.size else 0.0
        return detections

    def _watched(self, network: Callable) -> Callable:
        """The network, of which the time is taken before every frame is made to show ``held`` objects."""

        def forward_window(*args: Any) -> tuple[Any, ...]:
            start = time.perf_counter()
            result = network(*args)
            _wait(self.frames.device.type)
            self.network_seconds[-1] += time.perf_counter() - start
            return result

        return holding(self.model, forward_window, self.held)


def can_hold(model: VideoModel) -> bool:
    """Whether :func:`hold` can make a model's frames show objects."""
    return isinstance(model, EfficientVIS | InsPro | InsProByDetection | SRNet)


def hold(model: VideoModel, result: Any, objects: int) -> Any:
    """What ``forward_window`` says, changed so that so many objects are seen; for benchmarks of untrained models.

    Args:
        model: see :func:`can_hold`.
        result: of its ``forward_window``, with ``scores`` (N,...) by slot, or the maps of an SRNet.
        objects: how many, if there are as many slots.
    """
    if isinstance(model, SRNet):
        return _hold_pixels(result, min(objects, model.clustering["max_instances"]))
    scores = torch.zeros_like(result.scores)
    scores[:objects] = 1
    return result._replace(scores=scores)


def _hold_pixels(result: DenseOutput, objects: int) -> DenseOutput:
    """The frame falls into columns, each of which points to its middle."""
    height, width = result.objectness.shape[-2:]
    edges = torch.linspace(0, width, min(objects, width) + 1).round().long()
    grid = spatial_grid(height, width, result.objectness.device)
    offsets, bandwidths = torch.zeros_like(result.offsets), torch.full_like(result.bandwidths, 1e-2)
    for first, last in pairwise(edges.tolist()):
        column = grid[:, :, first:last]
        offsets[:, :2, :, first:last] = column.mean(dim=(1, 2), keepdim=True) - column
    objectness = torch.where(result.objectness < 0, result.objectness, 1.0)
    return result._replace(offsets=offsets, bandwidths=bandwidths, objectness=objectness)


def holding(model: VideoModel, network: Callable, objects: int | None) -> Callable:
    """A ``forward_window`` whose frames show so many objects, see :func:`hold`; ``None`` changes nothing."""

    if objects is None:
        return network

    def forward_window(*args: Any) -> tuple[Any, ...]:
        result, carried = network(*args)
        return hold(model, result, objects), carried

    return forward_window


@contextmanager
def network_replaced(model: VideoModel, change: Callable[[Callable], Callable]) -> Iterator[None]:
    """Meanwhile ``change`` of a model's ``forward_window`` runs in its place."""
    own = model.forward_window
    vars(model)["forward_window"] = change(own)
    try:
        yield
    finally:
        vars(model)["forward_window"] = own


def time_in_turns(
    calls: dict[str, Callable[[], Any]], repeat: int, warmup: int, device: str = "cpu"
) -> dict[str, list[float]]:
    """Seconds of each call, taken in turns, so that a machine that slows down slows all of them.

    Args:
        calls: what is timed; the order changes from turn to turn.
        repeat: turns that count.
        warmup: turns before that do not.
        device: that is waited for.
    """
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    names = list(calls)
    for turn in range(warmup + repeat):
        for i in range(len(names)):
            name = names[(turn + i) % len(names)]
            _wait(device)
            start = time.perf_counter()
            calls[name]()
            _wait(device)
            if turn >= warmup:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def cycle_frames(model: VideoModel, size: tuple[int, int], device: str = "cpu") -> Tensor:
    """Generated frames for as many steps as it takes until what a model computes repeats itself.

    Args:
        model: whose ``window`` and ``period`` say how many.
        size: (H, W) in pixels without padding.
        device: of the frames.

    Returns:
        (window * period, 3, H', W'), see :func:`generated_frames`.
    """
    return generated_frames(model.window * model.period, size, device)


def compare_speed(
    model: VideoModel, frames: Tensor, size: tuple[int, int], repeat: int, warmup: int, compile: bool = False,
    rival: VideoModel | None = None, held: int = 10,
) -> dict[str, Any]:  # fmt: skip
    """Frames per second of a whole step against backbone and neck alone, in the same run.

    A step ends with RLE masks on the CPU. Untrained scores stay below the threshold and leave no mask to encode, so
    steps in which ``held`` slots are visible, as in a trained model, and in which every slot is, are timed too (of the
    models that :func:`can_hold`).

    Args:
        model: in test mode.
        frames: (F,3,H',W'), any number of windows; backbone and neck take them window by window too.
        size: (H, W) in pixels without padding.
        repeat: turns that count; the medians are compared.
        warmup: turns before.
        compile: compile backbone and neck alone as the step is.
        rival: another model, whose step is timed on as many frames.
        held: objects per frame.

    Returns:
        ``seconds`` (all of them), ``fps``, ``ratio`` to backbone and neck, ``network_share`` of a step's time (the rest
        is what is made of the network's result), ``visible_share`` of slots and frames in the last window, and with a
        rival each step's ``speedup`` over it.
    """
    extract = torch.compile(model.extract_features, dynamic=False) if compile else model.extract_features
    steps = dict(step=Stepper(model, frames, size))
    if can_hold(model):
        steps["step_some_visible"] = Stepper(model, frames, size, held)
        steps["step_all_visible"] = Stepper(model, frames, size, ALL_SLOTS)
    if rival is not None:
        steps["rival"] = Stepper(rival, frames, size)

    def backbone_neck() -> None:
        for window in frames.split(model.window):
            extract(window)

    with torch.no_grad():
        seconds = time_in_turns(dict(backbone_neck=backbone_neck, **steps), repeat, warmup, frames.device.type)
    median = {name: statistics.median(values) for name, values in seconds.items()}
    speedup = {}
    if rival is not None:
        speedup = dict(speedup={name: median["rival"] / median[name] for name in steps if name != "rival"})
    return dict(
        **speedup,
        seconds=seconds,
        fps={name: len(frames) / value for name, value in median.items()},
        ratio={name: median["backbone_neck"] / median[name] for name in steps},
        network_share={name: sum(step.network_seconds[-repeat:]) / sum(seconds[name]) for name, step in steps.items()},
        visible_share={name: step.visible_share for name, step in steps.items()},
    )


def compile_step(model: VideoModel) -> None:
    """Compile the tensor part of a model's step from now on."""
    vars(model)["forward_window"] = torch.compile(model.forward_window, dynamic=False)


def stream_memory(
    model: VideoModel, length: int, size: tuple[int, int], device: str = "cpu", held: int | None = None
) -> dict[str, Any]:  # fmt: skip
    """Stream a generated video, one window in memory at a time, and say what it took.

    Args:
        model: in test mode.
        length: frames of the video.
        size: (H, W) in pixels.
        device: of the model.
        held: objects that every frame shows, see :func:`can_hold`; ``None`` leaves it to the model.

    Returns:
        ``frames``, ``tracks``, ``masks`` of the results, and ``peak_memory_mib`` of the process so far.
    """
    stream = model.open_stream(FrameGeometry(size, size))
    with network_replaced(model, lambda network: holding(model, network, held)):
        for start in range(0, length, model.window):
            model.advance(generated_frames(min(model.window, length - start), size, device, seed=start), stream)
    tracks = stream.book.close(0, stream.geometry)
    masks = sum(int(track.visible.sum()) for track in tracks)
    return dict(frames=length, tracks=len(tracks), masks=masks, peak_memory_mib=peak_memory(device))


def peak_memory(device: str = "cpu") -> float:
    """Highest memory so far in MiB: allocated on a GPU, resident in the whole process on a CPU."""
    if torch.device(device).type == "cuda":
        return torch.cuda.max_memory_allocated(device) / MIB
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MIB


def _wait(device: str) -> None:
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize()
