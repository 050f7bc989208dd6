"""What the way from a video file to written results costs beside the model."""

import argparse
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import torch

from mmvis_ext.engine.benchmarking import can_hold, holding, network_replaced, time_in_turns
from mmvis_ext.engine.building import build_model, read_config
from mmvis_ext.inference import FrameResult, VISInferencer
from mmvis_ext.inference.frame_result import Choice, frame_results
from mmvis_ext.inference.outputs import FinishedVideo, Stamp
from mmvis_ext.inference.session import windows
from mmvis_ext.inference.video_run import VideoRun, write_video
from mmvis_ext.utils.errors import InputError
from mmvis_ext.videos import Frame, VideoSource, open_video

from .infer import output_kinds

__all__ = ["end_to_end"]

MOST = 60  # frames of the video that are used; they stay in memory


def end_to_end(args: argparse.Namespace) -> dict[str, Any]:
    """Seconds per frame of each stage alone, and the speed of all together against the model's own.

    ``model_fps`` counts resizing, the model's step and the encoding of masks, on frames that are in memory.
    ``whole_of_model`` is the share of it that the way from file to files reaches, and ``writing_of_model`` what drawing
    and writing take, as a share of the model's time.
    """
    with tempfile.TemporaryDirectory() as folder:
        inferencer = _inferencer(args, Path(folder))
        source = _First(open_video(args.end_to_end), inferencer.window)
        run = VideoRun(inferencer, output_kinds(args.save), Choice(0.0))
        held = args.held or (None if args.checkpoint else 10)
        if held is not None and not can_hold(inferencer.model):
            raise InputError(
                f"--held {held}: {type(inferencer.model).__name__} cannot be made to show objects; give a --checkpoint."
            )
        with network_replaced(inferencer.model, lambda own: holding(inferencer.model, own, held)):
            return _measured(args, run, source, Path(folder))


def _inferencer(args: argparse.Namespace, folder: Path) -> VISInferencer:
    config, checkpoint = read_config(args.config, args.cfg_options), args.checkpoint
    if checkpoint is None:
        checkpoint = folder / "random.pth"
        torch.save(dict(state_dict=build_model(config, device="cpu").state_dict()), checkpoint)
    return VISInferencer(config, checkpoint, args.device, args.amp, args.compile)


class _First(VideoSource):
    """The first frames of a video, in whole windows where there are enough."""

    def __init__(self, source: VideoSource, window: int) -> None:
        self.source, self.name, self.fps = source, source.name, source.fps
        self.most = max(window, MOST // window * window)
        self.length = self.most

    def frames(self) -> Iterator[Frame]:
        """See :class:`VideoSource`."""
        yield from islice(self.source.frames(), self.most)


def _measured(args: argparse.Namespace, run: VideoRun, source: VideoSource, folder: Path) -> dict[str, Any]:
    inferencer, frames = run.inferencer, list(source.frames())
    results: list[FrameResult] = []
    video: list[FinishedVideo] = []

    def step() -> None:
        session = inferencer.session()
        results.clear()
        for window in windows(frames, inferencer.window):
            results.extend(frame_results(session.push_frames(window), window, inferencer.classes, run.choice))
        stamps = [Stamp(*frame[1:]) for frame in frames]
        video[:] = [FinishedVideo(source.name, source.fps, stamps, session.close(), inferencer.categories)]

    def prepare() -> None:
        for window in windows(frames, inferencer.window):
            inferencer.prepare([frame.picture for frame in window])

    def write() -> None:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            outputs = run.outputs(Path(place), source.fps)
            for result in results:
                for output in outputs:
                    output.add(result)
            for output in outputs:
                output.finish(video[0])

    calls = dict(
        model=step,
        write=write,
        prepare=prepare,
        decode=lambda: [None for _ in source.frames()],
        whole=lambda: write_video(run, source, folder / "out", {}),
    )
    begin = perf_counter()
    step()  # what is written needs its results
    first = perf_counter() - begin
    with torch.no_grad():
        seconds = time_in_turns(calls, args.repeat, args.warmup, str(inferencer.device))
    each = {name: median(times) / len(frames) for name, times in seconds.items()}
    height, width = frames[0].picture.shape[:2]
    return dict(
        config=args.config,
        video=source.name,
        size=f"{width}x{height}",
        frames=len(frames),
        tracks=len(video[0].tracks),
        save=args.save,
        threads=torch.get_num_threads(),
        first_pass_seconds=first,
        seconds_per_frame={name: each[name] for name in ("decode", "prepare", "model", "write", "whole")},
        model_fps=1 / each["model"],
        whole_fps=1 / each["whole"],
        whole_of_model=each["model"] / each["whole"],
        writing_of_model=each["write"] / each["model"],
    )
