"""Running a trained model on any video: a file, a folder of frames, a stream, or frames from anywhere."""

import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmdet.structures import TrackDataSample
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import DefaultScope
from torch import Tensor

from mmvis_ext.checkpoints import read_checkpoint
from mmvis_ext.engine.benchmarking import compile_step
from mmvis_ext.engine.building import build_model, building, read_config
from mmvis_ext.models.for_test import autocast_dtype, prepare_for_test
from mmvis_ext.models.video_model import VideoModel
from mmvis_ext.structures import VideoTracks
from mmvis_ext.structures.stream import Detections
from mmvis_ext.utils.errors import InputError
from mmvis_ext.videos import Frame, VideoSource, open_video

from .frame_result import Choice, FrameResult, frame_results
from .session import Session, windows

__all__ = ["VISInferencer"]

AnyVideo = str | Path | int | VideoSource | Iterable[np.ndarray] | Iterable[Frame]
LOADERS = ("LoadFrame", "LoadImageFromFile")


class VISInferencer:
    """Runs a model over videos window by window, with the frames of one window in memory.

    Args:
        config: path of a config, or the config itself.
        checkpoint: path of a checkpoint that fits the config. The class names are read from its ``meta``.
        device: such as ``cuda:0`` or ``cpu``; by default a GPU if there is one.
        half: compute in half precision where that is safe: bfloat16 on a CPU, float16 on a GPU.
        compile: let ``torch.compile`` translate the model's step; the first windows of a video size then take long.

    Attributes:
        model: the model in test mode, on the device. It is prepared for test alone (:func:`prepare_for_test`), so its
            weights no longer are those of the checkpoint, one by one.
        classes: class names in label order.
        categories: ``id`` and ``name`` of each class, as in the annotation file that the model was trained on.

    Raises:
        InputError: config or checkpoint is missing or broken, they do not fit, or the device cannot be used.
    """

    def __init__(
        self,
        config: str | Path | Config,
        checkpoint: str | Path,
        device: str | None = None,
        half: bool = False,
        compile: bool = False,
    ) -> None:
        cfg = config if isinstance(config, Config) else read_config(str(config))
        weights = read_checkpoint(checkpoint)
        self.half = half
        with DefaultScope.overwrite_default_scope(cfg.get("default_scope", "mmvis_ext")):
            self.model = build_model(cfg, checkpoint, _device(device), content=weights)
            prepare_for_test(self.model, autocast_dtype(self.model, half))
            with building("test_dataloader.dataset.pipeline", cfg):
                self.pipeline = Compose(_without_loading(cfg.test_dataloader.dataset.pipeline))
        self.classes, self.categories = _classes(weights, self.model, str(checkpoint))
        if compile:
            compile_step(self.model)

    @property
    def window(self) -> int:
        """Frames per step."""
        return self.model.window

    @property
    def latency(self) -> int:
        """Frames that a result of :meth:`stream` may come late, since a clip's frames are looked at together."""
        return self.window - 1

    @property
    def device(self) -> torch.device:
        """The model's device."""
        return next(self.model.parameters()).device

    def choice(
        self, score_thr: float = 0.3, classes: Sequence[str] | None = None, top_k: int | None = None
    ) -> Choice:  # fmt: skip
        """Which tracks are kept, by names of classes.

        Raises:
            InputError: the model knows no such class.
        """
        for name in classes or ():
            if name not in self.classes:
                known = ", ".join(self.classes)
                raise InputError(f"class {name!r}: the model does not know it; it knows {known}.")
        labels = None if classes is None else frozenset(map(self.classes.index, classes))
        return Choice(score_thr, labels, top_k)

    def precision(self) -> torch.autocast:
        """The context in which the model computes."""
        return torch.autocast(self.device.type, enabled=self.half)

    def session(self, video_id: Any = 0, gather: bool = True) -> "Session":
        """Start a video whose frames become available one after the other, see :class:`Session`."""
        return Session(self, video_id, gather)

    def stream(
        self,
        video: AnyVideo,
        score_thr: float = 0.3,
        classes: Sequence[str] | None = None,
        top_k: int | None = None,
    ) -> Iterator[FrameResult]:
        """Yield what each frame shows, as soon as the model has seen its window; nothing before it is kept.

        A model that looks at clips gives the results of a clip's frames together, when its last frame is there: the
        first one comes :attr:`latency` frames late. InsPro and SRNet look at one frame at a time. Ids, boxes and masks
        are those of the whole video's tracks, whose scores are known at its end (:meth:`__call__`).

        Args:
            video: as for :meth:`__call__`, such as a path or frames of (H,W,3) uint8 RGB; only as many frames as needed
                are taken at a time.
            score_thr: lowest score of a kept track in the window, in 0..1.
            classes: names of the classes that are kept; ``None`` for all.
            top_k: number of tracks that are kept, the best ones; ``None`` for all.

        Raises:
            InputError: see :meth:`Session.push`; or the model does not know a class.
        """
        session, choice = self.session(gather=False), self.choice(score_thr, classes, top_k)

        def step(window: list[Frame]) -> list[FrameResult]:
            return frame_results(session.push_frames(window), window, self.classes, choice)

        for results in map(step, windows(_frames(video), self.window)):
            while results:
                yield results.pop(0)

    def detections(self, frames: Iterable[np.ndarray]) -> Iterator[Detections]:
        """Yield the detections of one window after the other; nothing of the windows before is kept.

        Args:
            frames: (H,W,3) uint8 RGB, all of one size; only as many as needed are taken at a time.

        Raises:
            InputError: see :meth:`Session.push`.
        """
        yield from map(self.session(gather=False).push, windows(frames, self.window))

    def __call__(self, video: AnyVideo, video_id: Any = 0) -> VideoTracks:
        """Tracks of a whole video.

        Args:
            video: what :func:`open_video` takes, such as the path of a file or folder; what it returns; or frames, each
                (H,W,3) uint8 RGB and all of one size.
            video_id: the video's id in the result.

        Raises:
            InputError: the video cannot be read or has no frames.
        """
        session = self.session(video_id)
        for _ in map(session.push_frames, windows(_frames(video), self.window)):
            pass
        return session.close()

    def prepare(self, frames: list[np.ndarray]) -> tuple[Tensor, TrackDataSample]:
        """Apply the config's test pipeline to frames.

        Args:
            frames: T frames, (H,W,3) uint8 RGB each.

        Returns:
            (T,3,h,w) normalised and padded, on the model's device, and a sample with the frames' sizes.
        """
        shapes = [frame.shape[:2] for frame in frames]
        numbers = list(range(len(frames)))
        images = [np.ascontiguousarray(frame[..., ::-1]) for frame in frames]  # to BGR, as when files are loaded
        packed = self.pipeline(dict(img=images, img_shape=shapes, ori_shape=shapes, img_id=numbers, frame_id=numbers))
        data = self.model.data_preprocessor(pseudo_collate([packed]), False)
        return data["inputs"][0], data["data_samples"][0]


def _frames(video: AnyVideo) -> Iterator[Frame]:
    """The frames of a video, one at a time."""
    source = open_video(video) if isinstance(video, str | Path | int) else video
    if isinstance(source, VideoSource):
        yield from source.frames()
        return
    found: Any
    for number, found in enumerate(source):
        yield found if isinstance(found, Frame) else Frame(found, number, math.nan, f"{number:05d}")


def _without_loading(transforms: list[dict]) -> list[dict]:
    """The pipeline without the transforms that load images, for frames that are in memory."""
    kept = []
    for transform in transforms:
        if "transforms" in transform:
            transform = dict(transform, transforms=_without_loading(transform["transforms"]))
        if transform["type"].rpartition(".")[2] not in LOADERS:
            kept.append(transform)
    return kept


def _device(name: str | None) -> torch.device:
    try:
        device = torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))
        torch.zeros(1, device=device).item()  # that of the device meta cannot be asked for
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0].partition(". ")[0]  # torch goes on at length
        raise InputError(
            f"device '{name}' cannot be used ({reason}); take cpu, or cuda on a machine with one."
        ) from None
    return device


def _classes(checkpoint: dict, model: VideoModel, where: str) -> tuple[tuple[str, ...], tuple[dict, ...]]:
    """Class names and categories from a checkpoint's meta; if it has none, names such as ``class 0``."""
    meta = (checkpoint.get("meta") or {}).get("dataset_meta") or {}
    classes = tuple(meta.get("classes") or (f"class {label}" for label in range(model.num_classes)))
    if len(classes) != model.num_classes:
        raise InputError(
            f"{where}: names {len(classes)} classes but has weights for {model.num_classes}; save it with the names of "
            "all of them in meta['dataset_meta']['classes']."
        )
    numbered = (dict(id=i, name=name) for i, name in enumerate(classes, start=1))
    return classes, tuple(meta.get("categories") or numbered)
