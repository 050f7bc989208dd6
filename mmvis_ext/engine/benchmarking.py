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

from mmvis_ext.models import EfficientVIS, InsPro, InsProByDetection, SRNet, VideoModel, VisTR
from mmvis_ext.models.dense import DenseOutput, spatial_grid
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.structures.stream import Detections
from mmvis_ext.utils.errors import InputError

from .cuda_graph import CudaGraphs
from .rivals import rival_step

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
    "network_replaced",
    "peak_memory",
    "stream_memory",
    "time_in_turns",
    "wait",
]

DIVISOR = 32  # frames are padded to a multiple of this, as in the configs
MIB = 2**20
ALL_SLOTS = sys.maxsize  # as ``held``: every slot shows an object


def frame_size(text: str) -> tuple[int, int]:
    """Parse a frame size WIDTHxHEIGHT: ``640x360`` gives (H, W) = (360, 640).

    Raises:
        InputError: the text has another form.
    """
    match = re.fullmatch(r"([1-9]\d*)x([1-9]\d*)", text)
    if match is None:
        raise InputError(f"A frame size of {text!r} is not understood; write WIDTHxHEIGHT in pixels, such as 640x360.")
    return int(match[2]), int(match[1])


def generated_frames(number: int, size: tuple[int, int], device: str = "cpu", seed: int = 0) -> Tensor:
    """Frames of Gaussian noise, like normalised images, with the padding that the configs add.

    Args:
        number: number of frames.
        size: (H, W) in pixels without padding.
        device: device of the frames.
        seed: seed of the noise.

    Returns:
        (number, 3, H', W') with H' and W' the next multiples of 32.
    """
    h, w = size
    frames = torch.zeros(number, 3, -(-h // DIVISOR) * DIVISOR, -(-w // DIVISOR) * DIVISOR)
    frames[:, :, :h, :w].normal_(generator=torch.Generator().manual_seed(seed))
    return frames.to(device)


class Stepper:
    """Runs a model over the same frames at each call, window by window, going on from the state after the last call.

    Args:
        model: model in test mode.
        frames: (F,3,H',W'), any number of windows.
        size: (H, W) in pixels without padding.
        held: number of objects that are made visible in every frame by overwriting the network's scores, so that as
            many masks are encoded; ``None`` leaves the scores as they are. See :func:`can_hold`.

    Attributes:
        network_seconds: for each call so far, the time spent in the model's ``forward_window``.
        visible_share: share of (slot, frame) pairs in the last window that are visible.
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
        """A ``forward_window`` that measures the time of ``network``, and then makes ``held`` objects visible."""

        def forward_window(*args: Any) -> tuple[Any, ...]:
            start = time.perf_counter()
            result = network(*args)
            wait(self.frames.device.type)
            self.network_seconds[-1] += time.perf_counter() - start
            return result

        return holding(self.model, forward_window, self.held)


def can_hold(model: VideoModel) -> bool:
    """Whether :func:`hold` knows how to make objects visible in a model's predictions."""
    return isinstance(model, EfficientVIS | InsPro | InsProByDetection | SRNet | VisTR)


def hold(model: VideoModel, result: Any, objects: int) -> Any:
    """Overwrite predictions so that a given number of objects is visible, for benchmarks of untrained models.

    Args:
        model: the model, see :func:`can_hold`.
        result: what its ``forward_window`` returned: ``scores`` (N,...) by slot, or the maps of an SRNet.
        objects: number of objects; limited by the number of slots, or of instances that SRNet looks for.
    """
    if isinstance(model, SRNet):
        return _hold_pixels(result, min(objects, model.clustering["max_instances"]))
    scores = torch.zeros_like(result.scores)
    scores[:objects] = 1
    return result._replace(scores=scores)


def _hold_pixels(result: DenseOutput, objects: int) -> DenseOutput:
    """Divide the frame into vertical strips, one per object; the pixels of a strip point to its centre."""
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
    """A ``forward_window`` that calls ``network`` and then :func:`hold`; for ``objects=None`` just ``network``."""

    if objects is None:
        return network

    def forward_window(*args: Any) -> tuple[Any, ...]:
        result, carried = network(*args)
        return hold(model, result, objects), carried

    return forward_window


@contextmanager
def network_replaced(model: VideoModel, change: Callable[[Callable], Callable]) -> Iterator[None]:
    """Within the ``with`` block, the model's ``forward_window`` is replaced by ``change(forward_window)``."""
    own = model.forward_window
    vars(model)["forward_window"] = change(own)
    try:
        yield
    finally:
        vars(model)["forward_window"] = own


def time_in_turns(
    calls: dict[str, Callable[[], Any]], repeat: int, warmup: int, device: str = "cpu"
) -> dict[str, list[float]]:
    """Time several functions alternately, so that a temporary slowdown of the machine affects all of them.

    Args:
        calls: the functions to time, by name. A turn calls each of them once, in an order that changes from turn to
            turn.
        repeat: number of measured turns.
        warmup: number of turns before these, which are not measured.
        device: the device to synchronise with before and after each call.

    Returns:
        For each name, the seconds of its ``repeat`` measured calls.
    """
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    names = list(calls)
    for turn in range(warmup + repeat):
        for i in range(len(names)):
            name = names[(turn + i) % len(names)]
            wait(device)
            start = time.perf_counter()
            calls[name]()
            wait(device)
            if turn >= warmup:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def cycle_frames(model: VideoModel, size: tuple[int, int], device: str = "cpu") -> Tensor:
    """Generated frames for one period of a model, see :attr:`VideoModel.period`.

    Args:
        model: model whose ``window`` and ``period`` give the number of frames.
        size: (H, W) in pixels without padding.
        device: device of the frames.

    Returns:
        (window * period, 3, H', W'), see :func:`generated_frames`.
    """
    return generated_frames(model.window * model.period, size, device)


def compare_speed(
    model: VideoModel, frames: Tensor, size: tuple[int, int], repeat: int, warmup: int, compile: bool = False,
    rival: VideoModel | str | None = None, held: int = 10,
) -> dict[str, Any]:  # fmt: skip
    """Compare the speed of whole steps with that of backbone and neck only, in the same run.

    A step includes the encoding of masks as RLE on the CPU. An untrained model's scores stay below the threshold, so
    that there is no mask to encode. For models that :func:`can_hold`, two more kinds of step are therefore timed: with
    ``held`` visible objects, as a trained model would find, and with an object in every slot.

    Args:
        model: model in test mode.
        frames: (F,3,H',W'), any number of windows; backbone and neck also run window by window.
        size: (H, W) in pixels without padding.
        repeat: number of measured turns; their medians are compared.
        warmup: number of turns before these.
        compile: compile backbone and neck. Set it if the model's step is compiled.
        rival: another model to compare with, whose step is timed on the same frames; a name is one of
            :func:`rival_step`.
        held: number of visible objects per frame in the step with visible objects.

    Returns:
        By kind of step: ``seconds`` of every measured turn, ``fps``, ``ratio`` of the time of backbone and neck to that
        of the step, ``network_share`` of ``forward_window`` in the step's time, ``visible_share`` of the (slot, frame)
        pairs in the last window and, with a rival, ``speedup`` over it.
    """
    extract = compiled(model.extract_features, frames.is_cuda) if compile else model.extract_features
    steps = dict(step=Stepper(model, frames, size))
    if can_hold(model):
        steps["step_some_visible"] = Stepper(model, frames, size, held)
        steps["step_all_visible"] = Stepper(model, frames, size, ALL_SLOTS)
    others: dict[str, Callable[[], Any]] = {}
    if rival is not None:
        step = rival_step(rival, frames, size) if isinstance(rival, str) else Stepper(rival, frames, size)
        others["rival"] = step

    def backbone_neck() -> None:
        for window in frames.split(model.window):
            extract(window)

    with torch.no_grad():
        calls: dict[str, Callable[[], Any]] = dict(backbone_neck=backbone_neck, **steps, **others)
        seconds = time_in_turns(calls, repeat, warmup, frames.device.type)
    median = {name: statistics.median(values) for name, values in seconds.items()}
    speedup = {}
    if rival is not None:
        speedup = dict(speedup={name: median["rival"] / median[name] for name in steps})
    return dict(
        **speedup,
        seconds=seconds,
        fps={name: len(frames) / value for name, value in median.items()},
        ratio={name: median["backbone_neck"] / median[name] for name in (*steps, *others)},
        network_share={name: sum(step.network_seconds[-repeat:]) / sum(seconds[name]) for name, step in steps.items()},
        visible_share={name: step.visible_share for name, step in steps.items()},
    )


def compile_step(model: VideoModel) -> None:
    """Replace a model's ``forward_window`` by a faster one, see :func:`compiled`."""
    vars(model)["forward_window"] = compiled(model.forward_window, next(model.parameters()).is_cuda)


def compiled(network: Callable, on_gpu: bool) -> Callable:
    """The same function, on a GPU as :class:`CudaGraphs` and on a CPU by ``torch.compile``."""
    return CudaGraphs(network) if on_gpu else torch.compile(network, dynamic=False)


def stream_memory(
    model: VideoModel, length: int, size: tuple[int, int], device: str = "cpu", held: int | None = None
) -> dict[str, Any]:  # fmt: skip
    """Stream a generated video through a model, with one window of frames in memory, and measure the peak memory.

    Args:
        model: model in test mode.
        length: number of frames of the video.
        size: (H, W) in pixels.
        device: device of the model.
        held: number of objects that are made visible in every frame, see :func:`can_hold`; ``None`` leaves the scores
            as they are.

    Returns:
        Number of ``frames``, ``tracks`` and ``masks`` of the result, and ``peak_memory_mib`` of the process so far.
    """
    stream = model.open_stream(FrameGeometry(size, size))
    with network_replaced(model, lambda network: holding(model, network, held)):
        for start in range(0, length, model.window):
            model.advance(generated_frames(min(model.window, length - start), size, device, seed=start), stream)
    tracks = stream.book.close(0, stream.geometry)
    masks = sum(int(track.visible.sum()) for track in tracks)
    return dict(frames=length, tracks=len(tracks), masks=masks, peak_memory_mib=peak_memory(device))


def peak_memory(device: str = "cpu") -> float:
    """Peak memory so far in MiB: on a GPU what was allocated there, on a CPU the process's resident memory."""
    if torch.device(device).type == "cuda":
        return torch.cuda.max_memory_allocated(device) / MIB
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MIB


def wait(device: str) -> None:
    """Wait until a GPU has done all that it was given; nothing for a CPU."""
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize()
