"""Validation and test by step: a video streams through the model window by window, whatever its length."""

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.evaluator import Evaluator
from mmengine.runner import BaseLoop, Runner, TestLoop, ValLoop
from mmengine.runner.amp import autocast

from mmvis_ext.models.video_model import VideoStream, frame_geometry, set_tracks, unwrapped
from mmvis_ext.registry import LOOPS

__all__ = ["VideoTestLoop", "VideoValLoop"]


class _StreamingLoop(BaseLoop):
    """Runs the windows of :class:`VideoClipSampler` and evaluates each video when its last window is done.

    The evaluator sees one sample per video, with ``pred_tracks`` and ``video``. Stands in front of mmengine's
    test or validation loop, which sets ``evaluator`` and ``fp16``.
    """

    phase: str
    evaluator: Evaluator
    fp16: bool

    def __init__(self, runner: Runner, dataloader: Any, **kwargs: Any) -> None:
        sampler = dataloader.get("sampler") if isinstance(dataloader, dict) else None
        if sampler and sampler["type"] == "VideoClipSampler":
            # the model alone says how long its window is
            dataloader = dict(dataloader, sampler=dict(sampler, clip_len=unwrapped(runner.model).window))
        super().__init__(runner, dataloader, **kwargs)

    def run(self) -> dict:
        self.runner.call_hook(f"before_{self.phase}")
        self.runner.call_hook(f"before_{self.phase}_epoch")
        self.runner.model.eval()
        stream = None
        for index, batch in enumerate(self.dataloader):
            stream = self.run_window(index, batch, stream)
        metrics = self.evaluator.evaluate(len(self.dataloader.dataset))
        self.runner.call_hook(f"after_{self.phase}_epoch", metrics=metrics)
        self.runner.call_hook(f"after_{self.phase}")
        return metrics

    @torch.no_grad()
    def run_window(self, index: int, batch: dict, stream: VideoStream | None) -> VideoStream:
        """One window of one video; returns the stream to go on with."""
        self.runner.call_hook(f"before_{self.phase}_iter", batch_idx=index, data_batch=batch)
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
            self.evaluator.process(data_samples=outputs, data_batch=batch)
        self.runner.call_hook(f"after_{self.phase}_iter", batch_idx=index, data_batch=batch, outputs=outputs)
        return stream


@LOOPS.register_module()
class VideoTestLoop(_StreamingLoop, TestLoop):
    """mmengine's test loop, by step."""

    phase = "test"


@LOOPS.register_module()
class VideoValLoop(_StreamingLoop, ValLoop):
    """mmengine's validation loop, by step."""

    phase = "val"
