"""Models of other libraries, to be timed beside the project's own: their networks with random weights."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from mmvis_ext.utils.errors import InputError

__all__ = ["is_rival", "rival_step"]

VIDEOMT = dict(
    small=dict(hidden_size=384, num_hidden_layers=12, num_attention_heads=6),
    base=dict(hidden_size=768, num_hidden_layers=12, num_attention_heads=12),
    large=dict(hidden_size=1024, num_hidden_layers=24, num_attention_heads=16),
)
SQUARE = 640  # VidEoMT resizes frames to this


def is_rival(name: str) -> bool:
    """Whether this names a model of another library, and not a config."""
    return name.partition(":")[0] in LIBRARIES


def rival_step(name: str, frames: Tensor, size: tuple[int, int]) -> Callable[[], Any]:
    """A function that runs a model of another library over frames, one after the other.

    With random weights it finds nothing, so there are no masks to draw and no objects to track: what is timed is the
    preparation of the frames, the network and its suppression of doubles.

    Args:
        name: ``ultralytics:MODEL``, such as ``ultralytics:yolo11m-seg``, or ``transformers:videomt-SIZE``.
        frames: (F,3,H',W') normalised and padded; their number and device count.
        size: (H, W) in pixels without padding.

    Raises:
        InputError: the library is not installed, or has no such model.
    """
    library, _, model = name.partition(":")
    try:
        return LIBRARIES[library](model, frames, size)
    except ImportError as error:
        raise InputError(f"{name}: {library} cannot be imported ({error}); pip install {library}.") from None


def _ultralytics(model: str, frames: Tensor, size: tuple[int, int]) -> Callable[[], Any]:
    from ultralytics import YOLO

    try:
        net = YOLO(f"{model}.yaml")
    except FileNotFoundError:
        raise InputError(f"ultralytics:{model}: ultralytics has no {model}.yaml; take a name as yolo11m-seg.") from None
    pictures = torch.randint(0, 256, (len(frames), *size, 3), dtype=torch.uint8).numpy()
    input_size, device = tuple(frames.shape[-2:]), str(frames.device)

    def look() -> list:
        return [net.predict(one, imgsz=input_size, device=device, verbose=False) for one in pictures]

    threads = torch.get_num_threads()
    look()  # its first call changes the number of threads for the whole program
    torch.set_num_threads(threads)
    return look


def _transformers(model: str, frames: Tensor, size: tuple[int, int]) -> Callable[[], Any]:
    from transformers import VideomtConfig, VideomtForUniversalSegmentation

    kind, _, width = model.partition("-")
    if kind != "videomt" or width not in VIDEOMT:
        raise InputError(f"transformers:{model}: is not known; take videomt-small, videomt-base or videomt-large.")
    config = VideomtConfig(**VIDEOMT[width], image_size=SQUARE)
    net = VideomtForUniversalSegmentation(config).to(frames.device).eval()

    def look(frame: Tensor) -> Any:
        video = torch.nn.functional.interpolate(frame[None, :, : size[0], : size[1]], (SQUARE, SQUARE), mode="bilinear")
        return net(pixel_values_videos=video[None])

    return lambda: [look(frame) for frame in frames]


LIBRARIES: dict[str, Callable[[str, Tensor, tuple[int, int]], Callable[[], Any]]] = dict(
    ultralytics=_ultralytics, transformers=_transformers
)
