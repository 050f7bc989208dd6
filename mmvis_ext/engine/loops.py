"""Validation and test loops that stream each video through the model, window by window."""

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.evaluator import Evaluator
from mmengine.runner import BaseLoop, Runner, TestLoop, ValLoop
from mmengine.runner.amp import autocast

from mmvis_ext.models.for_test import autocast_dtype, prepared_for_test
from mmvis_ext.models.video_model import VideoStream, frame_geometry, set_tracks, unwrapped
from mmvis_ext.registry import LOOPS
from mmvis_ext.utils.errors import InputError

from .stopwatch import Stopwatch

__all__ = ["VideoTestLoop", "VideoValLoop"]


class _StreamingLoop(BaseLoop):
    """Runs the windows of :class:`VideoClipSampler`, and passes each video to the evaluator after its last window.

    The evaluator gets one sample per video, with ``pred_tracks`` and ``video``. This is a mixin for mmengine's test and
    validation loops, which set ``evaluator`` and ``fp16``. At its end it logs where the time went: in the model, which
    is all from frames to encoded masks, in waiting for frames, in the figures with the writing of results, or in
    anything else, such as the hooks that draw.

    Raises:
        InputError: the loader's batch size is not 1.
    """

    phase: str
    evaluator: Evaluator
    fp16: bool

    def __init__(self, runner: Runner, dataloader: Any, **kwargs: Any) -> None:
        sampler = dataloader.get("sampler") if isinstance(dataloader, dict) else None
        if sampler and sampler["type"] == "VideoClipSampler":
            # the model alone determines the window's length
            dataloader = dict(dataloader, sampler=dict(sampler, clip_len=unwrapped(runner.model).window))
        number = dataloader.get("batch_size", 1) if isinstance(dataloader, dict) else dataloader.batch_size
        if number != 1:
            raise InputError(
                f"{self.phase}_dataloader: batch_size is {number}, but videos are streamed one at a time; set it to 1."
            )
        super().__init__(runner, dataloader, **kwargs)

    def run(self) -> dict:
        self.runner.call_hook(f"before_{self.phase}")
        self.runner.call_hook(f"before_{self.phase}_epoch")
        self.runner.model.eval()
        stopwatch, stream = Stopwatch(), None
        model = unwrapped(self.runner.model)
        with prepared_for_test(model, autocast_dtype(model, self.fp16)):
            for index, batch in enumerate(stopwatch.waits("waiting for frames", self.dataloader)):
                stream = self.run_window(index, batch, stream, stopwatch)
        with stopwatch.time("figures"):
            metrics = self.evaluator.evaluate(len(self.dataloader.dataset))
        self.runner.logger.info(f"{self.phase} took {stopwatch.shares()}")
        self.runner.call_hook(f"after_{self.phase}_epoch", metrics=metrics)
        self.runner.call_hook(f"after_{self.phase}")
        return metrics

    @torch.no_grad()
    def run_window(self, index: int, batch: dict, stream: VideoStream | None, stopwatch: Stopwatch) -> VideoStream:
        """Run one window of one video.

        Args:
            index: number of the window in the loop.
            batch: the window as the data loader gives it.
            stream: the video's stream so far; replaced by a new one if this is the first window of a video.
            stopwatch: counts the model's time and that of the figures.

        Returns:
            The stream for the video's next window.
        """
        self.runner.call_hook(f"before_{self.phase}_iter", batch_idx=index, data_batch=batch)
        with stopwatch.time("model"):
            model = unwrapped(self.runner.model)
            data = model.data_preprocessor(batch, False)
            (frames,), (sample,) = data["inputs"], data["data_samples"]
            video = sample.metainfo["video"]
            if video["start"] == 0:
                stream = model.open_stream(frame_geometry(sample))
            if stream is None or stream.book.length != video["start"]:
                raise ValueError(f"Video {video['id']}: the sampler must give all of its windows, in time order.")
            with autocast(enabled=self.fp16):
                model.advance(frames, stream)
        outputs: Sequence = []
        if stream.book.length == video["length"]:
            set_tracks(sample, stream.book.close(video["id"], stream.geometry))
            outputs = [sample]
            with stopwatch.time("figures"):
                self.evaluator.process(data_samples=outputs, data_batch=batch)
        self.runner.call_hook(f"after_{self.phase}_iter", batch_idx=index, data_batch=batch, outputs=outputs)
        return stream


@LOOPS.register_module()
class VideoTestLoop(_StreamingLoop, TestLoop):
    """mmengine's test loop with streaming, see this module."""

    phase = "test"


@LOOPS.register_module()
class VideoValLoop(_StreamingLoop, ValLoop):
    """mmengine's validation loop with streaming, see this module."""

    phase = "val"
