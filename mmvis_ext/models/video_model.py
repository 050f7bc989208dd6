"""What every video model here is: a step over a window of frames, with its state passed along."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from mmdet.structures import TrackDataSample
from mmengine.model import BaseModel
from torch import Tensor

from mmvis_ext.registry import MODELS
from mmvis_ext.structures import VideoTracks
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.structures.stream import Detections, TrackBook

__all__ = ["VideoModel", "VideoStream"]


@dataclass
class VideoStream:
    """A video in progress: the model's state and the tracks so far.

    Attributes:
        state: of the model, see its ``init_state``.
        book: tracks so far.
        geometry: of the video's frames.
    """

    state: Any
    book: TrackBook
    geometry: FrameGeometry


class VideoModel(BaseModel):
    """Base of the three systems: backbone and neck, and one contract,
    ``step(frames, state) -> (detections, state)``.

    ``predict`` on a whole video, the test loop and live streaming all call the same ``step``, window by window, so
    they agree to the bit.

    Args:
        backbone: config.
        neck: config.
        window: frames per step.
        score_reduction: of a track's scores over time, see :class:`TrackBook`.
        data_preprocessor: config of mmdet's ``TrackDataPreprocessor``.
        init_cfg: as in mmengine.

    Attributes:
        period: steps after which what a step computes repeats itself; for benchmarks.
        starts_from_checkpoint: training freezes parts that a checkpoint must bring.
    """

    period = 1
    starts_from_checkpoint = False

    def __init__(
        self, backbone: dict, neck: dict, window: int, score_reduction: str = "visible_mean",
        data_preprocessor: dict | None = None, init_cfg: dict | None = None,
    ) -> None:  # fmt: skip
        super().__init__(data_preprocessor, init_cfg)
        self.backbone = MODELS.build(backbone)
        self.neck = MODELS.build(neck)
        self.window = window
        self.score_reduction = score_reduction

    def extract_features(self, frames: Tensor) -> tuple[Tensor, ...]:
        """(n,3,H,W) normalised frames -> pyramid levels (n,C,h,w)."""
        if not frames.is_cuda:  # a CPU convolves faster with channels last, several frames at once above all
            frames = frames.contiguous(memory_format=torch.channels_last)
        return self.neck(self.backbone(frames))

    @abstractmethod
    def init_state(self, geometry: FrameGeometry) -> Any:
        """State before the first frame of a video."""

    @abstractmethod
    def step(self, frames: Tensor, state: Any) -> tuple[Detections, Any]:
        """Process the next window.

        Args:
            frames: (T,3,H,W), normalised and padded; T may be shorter than the window at the end of a video.
            state: of the video so far; it is not changed.

        Returns:
            detections of these frames and the new state.
        """

    @abstractmethod
    def loss(self, inputs: Tensor, data_samples: Sequence[TrackDataSample]) -> dict[str, Tensor]:
        """Training losses of (B,T,3,H,W) inputs, by name; what is added up is ()."""

    def hold(self, result: Any, objects: int) -> Any:
        """What ``forward_window`` says, changed so that so many objects are seen; for benchmarks of untrained models.

        Args:
            result: of ``forward_window``, with ``scores`` (N,...) by slot.
            objects: how many, if there are as many slots.
        """
        scores = torch.zeros_like(result.scores)
        scores[:objects] = 1
        return result._replace(scores=scores)

    def open_stream(self, geometry: FrameGeometry) -> VideoStream:
        """Start a video."""
        return VideoStream(self.init_state(geometry), TrackBook(self.score_reduction), geometry)

    def advance(self, frames: Tensor, stream: VideoStream) -> Detections:
        """Take the next frames of a stream, window by window.

        Args:
            frames: (n,3,H,W), n >= 1.
            stream: is changed.

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
            inputs: (B,T,3,H,W), T the length of the videos.
            data_samples: B, with the frames' ``ori_shape`` and ``img_shape``.

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
        """mmengine's entry: ``loss``, ``predict`` or ``tensor`` (the pyramid of B*T frames).

        Args:
            inputs: (B,T,3,H,W).
            data_samples: B; not needed for ``tensor``.
            mode: which of the three.

        Raises:
            RuntimeError: the mode is unknown, or needs data samples that are not there.
        """
        if mode == "tensor":
            return self.extract_features(inputs.flatten(0, 1))
        if mode not in ("loss", "predict"):
            raise RuntimeError(f"Mode {mode!r} is unknown; choose 'loss', 'predict' or 'tensor'.")
        if data_samples is None:
            raise RuntimeError(f"Mode {mode!r} needs data_samples; without them only 'tensor' runs.")
        return self.loss(inputs, data_samples) if mode == "loss" else self.predict(inputs, data_samples)


def frame_geometry(sample: TrackDataSample) -> FrameGeometry:
    """Sizes of a sample's frames, which all have the same."""
    meta = sample[0].metainfo
    return FrameGeometry(tuple(meta["ori_shape"][:2]), tuple(meta["img_shape"][:2]))


def set_tracks(sample: TrackDataSample, tracks: VideoTracks) -> None:
    """Attach results to a sample."""
    sample.set_data({"pred_tracks": tracks})
