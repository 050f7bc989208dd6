"""The interface of every video model: a step over a window of frames, from one state to the next."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, ClassVar, Generic, TypeVar

import torch
from mmdet.structures import TrackDataSample
from mmengine.model import BaseModel, is_model_wrapper
from torch import Tensor, nn

from mmvis_ext.registry import MODELS
from mmvis_ext.structures import VideoTracks
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.structures.stream import Detections, TrackBook

__all__ = ["VideoModel", "VideoStream", "frame_geometry", "set_tracks", "unwrapped"]


State = TypeVar("State")


@dataclass
class VideoStream(Generic[State]):
    """A video in progress: the model's state and the tracks so far.

    Attributes:
        state: the model's state after the frames so far, see its ``init_state``.
        book: collects the tracks found so far.
        geometry: original and resized size of the video's frames.
    """

    state: State
    book: TrackBook
    geometry: FrameGeometry


class VideoModel(BaseModel, Generic[State]):
    """Base of every video model; the contract is ``step(frames, state) -> (detections, state)``.

    ``predict`` on a whole video, the test loop and live streaming all call the same ``step``, window by window, so
    their results are bitwise equal. A subclass defines ``num_classes``, ``loss``, ``init_state``, ``step``,
    ``forward_window`` and ``classifier``; ``tests/models/test_contract.py`` checks this for every registered model.

    Args:
        window: frames per step.
        backbone: config; ``None`` if the model builds its backbone inside another part, such as a detector.
        neck: config; ``None`` for a model without a neck.
        score_reduction: how a track's scores are reduced over time, see :class:`TrackBook`.
        data_preprocessor: config of :class:`VideoDataPreprocessor`, or of mmdet's ``TrackDataPreprocessor``.
        init_cfg: as in mmengine.

    Attributes:
        classifier: ``fnmatch`` patterns, such as ``head.stages.*.fc_cls.*``, that match the names of all weights whose
            shape depends on K. They are not loaded when training starts from a checkpoint with other classes.
        parts: the methods, by dotted names, in which the operations of ``backbone``, ``neck`` and ``mask`` take place,
            for counting FLOPs; all other operations belong to the head.
        checkpointed: the methods, by dotted names in which ``*`` stands for a name or a part of one, that activation
            checkpointing computes again in the backward pass.
        whole_precision: ``fnmatch`` patterns of the names of modules, such as ``track_head.*``, that compute in float32
            even in mixed precision.
        period: number of steps after which the computation repeats, for benchmarks. For example 10 if every tenth
            frame is a key frame and costs more.
        starts_from_checkpoint: whether training freezes parts of the model, whose weights must then come from a
            checkpoint.
    """

    classifier: ClassVar[tuple[str, ...]] = ()
    parts: ClassVar[dict[str, tuple[str, ...]]] = dict(backbone=("backbone.forward",), neck=("neck.forward",), mask=())
    checkpointed: ClassVar[tuple[str, ...]] = ()
    whole_precision: ClassVar[tuple[str, ...]] = ()
    period = 1
    starts_from_checkpoint = False

    def __init__(
        self, window: int, backbone: dict | None = None, neck: dict | None = None,
        score_reduction: str = "visible_mean", data_preprocessor: dict | None = None, init_cfg: dict | None = None,
    ) -> None:  # fmt: skip
        # mmengine would look the type up in its own registry
        super().__init__(MODELS.build(data_preprocessor) if data_preprocessor else None, init_cfg)
        if backbone is not None:
            self.backbone = MODELS.build(backbone)
        self.neck = MODELS.build(neck) if neck is not None else None
        self.window = window
        self.score_reduction = score_reduction

    @property
    @abstractmethod
    def num_classes(self) -> int:
        """K, the number of classes."""

    @property
    def slots(self) -> int | None:
        """N, with how many objects of a video the model can keep up; ``None`` if no number is set."""
        return None

    @property
    def sample_length(self) -> int | None:
        """Frames of a training sample, where the model takes no other number."""
        return None

    def is_classifier(self, name: str) -> bool:
        """Whether the shape of the weight of this name depends on K."""
        return any(fnmatchcase(name, pattern) for pattern in self.classifier)

    def extract_features(self, frames: Tensor) -> tuple[Tensor, ...]:
        """(n,3,H,W) normalised frames -> pyramid levels (n,C,h,w)."""
        if not frames.is_cuda:  # on a CPU, convolutions are faster with channels last, above all on several frames
            frames = frames.contiguous(memory_format=torch.channels_last)
        levels = self.backbone(frames)
        return levels if self.neck is None else self.neck(levels)

    @abstractmethod
    def loss(self, inputs: Tensor, data_samples: Sequence[TrackDataSample]) -> dict[str, Tensor]:
        """Training losses of (B,T,3,H,W) inputs as scalars (), by name.

        mmengine minimises the sum of those whose name contains ``loss``; the others are only logged.
        """

    @abstractmethod
    def init_state(self, geometry: FrameGeometry) -> State:
        """State before the first frame of a video."""

    @abstractmethod
    def step(self, frames: Tensor, state: State) -> tuple[Detections, State]:
        """Process the next window.

        Args:
            frames: (T,3,H,W), normalised and padded; T may be shorter than the window at the end of a video.
            state: the state after the frames before; it is not modified.

        Returns:
            Detections of these frames and the new state.
        """

    @abstractmethod
    def forward_window(self, frames: Tensor, sizes: Tensor, carried: Any) -> tuple[Any, Any]:
        """The tensor part of a step.

        Shapes are static and control flow does not depend on tensor values, so it can be compiled and exported.

        Args:
            frames: (T,3,H,W) normalised and padded.
            sizes: (1,2) height and width in pixels of the frames without padding.
            carried: the tensors of the state that are inputs of the network; ``None`` if there are none.

        Returns:
            The network's predictions for the window, and ``carried`` for the next window.
        """

    def window_sizes(self, geometry: FrameGeometry) -> Tensor:
        """``sizes`` of :meth:`forward_window`: (1,2) on the model's device."""
        return torch.tensor([geometry.resized], dtype=torch.float32, device=next(self.parameters()).device)

    def open_stream(self, geometry: FrameGeometry, gather: bool = True) -> VideoStream[State]:
        """Start a video; ``gather`` says whether its detections are collected into tracks."""
        return VideoStream(self.init_state(geometry), TrackBook(self.score_reduction, gather), geometry)

    def advance(self, frames: Tensor, stream: VideoStream[State]) -> Detections:
        """Process the next frames of a stream, window by window.

        Args:
            frames: (n,3,H,W), n >= 1.
            stream: updated in place.

        Returns:
            Detections of the last window.
        """
        for clip in frames.split(self.window):
            detections, stream.state = self.step(clip, stream.state)
            stream.book.add(detections)
        return detections

    @torch.no_grad()
    def predict(self, inputs: Tensor, data_samples: Sequence[TrackDataSample]) -> list[TrackDataSample]:
        """Tracks of whole videos.

        Args:
            inputs: (B,T,3,H,W); T is the length of the videos.
            data_samples: B samples, whose frames know their ``ori_shape`` and ``img_shape``.

        Returns:
            The same samples, each with ``pred_tracks`` (:class:`VideoTracks`).
        """
        for frames, sample in zip(inputs, data_samples, strict=True):
            stream = self.open_stream(frame_geometry(sample))
            self.advance(frames, stream)
            set_tracks(sample, stream.book.close(sample[0].metainfo.get("video_id", 0), stream.geometry))
        return list(data_samples)

    def forward(
        self, inputs: Tensor, data_samples: Sequence[TrackDataSample] | None = None, mode: str = "tensor"
    ) -> dict[str, Tensor] | list[TrackDataSample] | tuple[Tensor, ...]:
        """mmengine's entry point.

        Args:
            inputs: (B,T,3,H,W).
            data_samples: B samples; not needed for ``tensor``.
            mode: ``loss``, ``predict``, or ``tensor`` for the feature pyramid of the B*T frames.

        Raises:
            RuntimeError: the mode is unknown, or it needs data samples and none are given.
        """
        if mode == "tensor":
            return self.extract_features(inputs.flatten(0, 1))
        if mode not in ("loss", "predict"):
            raise RuntimeError(f"Mode {mode!r} is unknown; choose 'loss', 'predict' or 'tensor'.")
        if data_samples is None:
            raise RuntimeError(f"Mode {mode!r} needs data_samples; without them only 'tensor' runs.")
        return self.loss(inputs, data_samples) if mode == "loss" else self.predict(inputs, data_samples)


def frame_geometry(sample: TrackDataSample) -> FrameGeometry:
    """Original and resized size of a sample's frames, read from the first one since all are equal."""
    meta = sample[0].metainfo
    return FrameGeometry(tuple(meta["ori_shape"][:2]), tuple(meta["img_shape"][:2]))


def set_tracks(sample: TrackDataSample, tracks: VideoTracks) -> None:
    """Attach the tracks to a sample as ``pred_tracks``."""
    sample.set_data({"pred_tracks": tracks})


def unwrapped(model: nn.Module) -> VideoModel:
    """The model without the wrapper that mmengine puts around it for distributed training.

    Raises:
        TypeError: it is no :class:`VideoModel`.
    """
    inner = model.module if is_model_wrapper(model) else model
    if not isinstance(inner, VideoModel):
        raise TypeError(f"{type(inner).__name__} is no VideoModel, which is what the tools and loops here run.")
    return inner
