"""Pictures of the tracks that a model predicts in a test, and while it is trained."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmvis_ext.registry import HOOKS
from mmvis_ext.structures import VideoTracks
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import require_writable, write_atomically
from mmvis_ext.videos import VideoWriter, read_frames
from mmvis_ext.visualization import (
    ShownTrack,
    comparison_sheet,
    draw_shown,
    readable_scale,
    shown_prediction,
    shown_truth,
    side_by_side,
    spread,
    take_colours,
)

__all__ = ["TrackVisualizationHook", "ValidationSheetHook"]

KINDS = ("sheet", "video", "both")
ROWS = 6  # rows of a sheet


@HOOKS.register_module()
class TrackVisualizationHook(Hook):
    """Draws the tracks of each video as soon as its last window has been tested. Existing files are overwritten.

    ``<video id>_<folder of its frames>.png`` is a sheet, a picture with up to 6 x ``columns`` frames spread over the
    video; the ``.mp4`` of the same name is the whole video. Both show ground truth on the left and prediction on the
    right, or just the prediction if there is no ground truth. A track has the same colour in all frames. Frames are
    read from disk again, so that only their paths are kept in memory.

    Args:
        out_dir: folder to write to.
        kind: ``sheet``, ``video`` or ``both``.
        score_thr: tracks whose best class scores less are not drawn.
        max_videos: draw only this many videos, the first of the data set, also in a distributed test; ``None`` for all.
        fps: frames per second of the mp4.
        columns: number of (ground truth, prediction) pairs per row of a sheet.

    Raises:
        InputError: ``kind`` is unknown, or ``out_dir`` cannot be written.
    """

    def __init__(
        self, out_dir: str | Path, kind: str = "both", score_thr: float = 0.3, max_videos: int | None = None,
        fps: float = 6.0, columns: int = 2,
    ) -> None:  # fmt: skip
        if kind not in KINDS:
            raise InputError(f"TrackVisualizationHook: kind {kind!r} is unknown; take one of {', '.join(KINDS)}.")
        self.out_dir, self.kind = Path(out_dir), kind
        self.score_thr, self.max_videos, self.fps, self.columns = score_thr, max_videos, fps, columns
        self.paths: list[str] = []
        self.wanted: set | None = None

    def before_test(self, runner: Runner) -> None:
        """Check that ``out_dir`` can be written, and determine which videos are drawn."""
        require_writable(self.out_dir)
        if self.max_videos is not None:
            dataset = runner.test_dataloader.dataset
            first = range(min(self.max_videos, len(dataset)))
            self.wanted = {dataset.get_data_info(i)["video_id"] for i in first}

    def after_test_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Sequence | None = None
    ) -> None:
        """Remember the window's frames; draw a video when its last window is done."""
        (window,) = data_batch["data_samples"]
        if window.metainfo["video"]["start"] == 0:
            self.paths = []
        self.paths += [frame.metainfo["img_path"] for frame in window]
        for sample in outputs or ():
            video = sample.metainfo["video"]
            if self.wanted is None or video["id"] in self.wanted:
                self._write(video, sample.pred_tracks, runner.test_dataloader.dataset.metainfo)

    def _write(self, video: dict, tracks: VideoTracks, metainfo: dict) -> None:
        truth, prediction = _shown(video, tracks, metainfo, self.score_thr)
        target, size = self.out_dir / _name(video, self.paths), (tracks.height, tracks.width)
        if self.kind in ("sheet", "both"):
            sheet = _sheet(self.paths, video, truth, prediction, size, self.columns)
            write_atomically(
                target.with_name(f"{target.name}.png"), cv2.imencode(".png", sheet[..., ::-1])[1].tobytes()
            )
        if self.kind in ("video", "both"):
            self._write_video(target.with_name(f"{target.name}.mp4"), truth, prediction, size)

    def _write_video(
        self,
        path: Path,
        truth: Sequence[ShownTrack] | None,
        prediction: Sequence[ShownTrack],
        size: tuple[int, int],
    ) -> None:
        with VideoWriter(path, self.fps) as video:
            for t, frame in enumerate(read_frames(self.paths, size)):
                scale = readable_scale(*frame.shape[:2])
                picture = draw_shown(frame, prediction, t, scale)
                if truth is not None:
                    picture = side_by_side(draw_shown(frame, truth, t, scale), picture)
                video.write(picture)


@HOOKS.register_module()
class ValidationSheetHook(Hook):
    """Hands sheets of the first videos of each validation to mmengine's visualizer, as ``val_<video>`` at an iteration.

    So they are wherever the config's ``vis_backends`` write to: in ``vis_data/vis_image`` in the folder of the log, in
    TensorBoard, in Weights & Biases. In a distributed run they are the first videos of the process of rank 0.

    Args:
        max_videos: number of videos.
        score_thr: tracks whose best class scores less are not drawn.
        columns: number of (ground truth, prediction) pairs per row of a sheet.
    """

    def __init__(self, max_videos: int = 2, score_thr: float = 0.3, columns: int = 2) -> None:
        self.max_videos, self.score_thr, self.columns = max_videos, score_thr, columns
        self.paths: list[str] = []
        self.left = 0

    def before_val(self, runner: Runner) -> None:
        self.left = self.max_videos

    def after_val_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Sequence | None = None
    ) -> None:
        if self.left <= 0:
            return
        (window,) = data_batch["data_samples"]
        if window.metainfo["video"]["start"] == 0:
            self.paths = []
        self.paths += [frame.metainfo["img_path"] for frame in window]
        for sample in outputs or ():
            video, tracks = sample.metainfo["video"], sample.pred_tracks
            shown = _shown(video, tracks, runner.val_dataloader.dataset.metainfo, self.score_thr)
            sheet = _sheet(self.paths, video, *shown, (tracks.height, tracks.width), self.columns)
            runner.visualizer.add_image(f"val_{_name(video, self.paths)}", sheet, runner.iter)
            self.left -= 1


def _name(video: dict, paths: Sequence[str]) -> str:
    """What a picture of a video is called: the video's id and the folder of its frames."""
    return f"{video['id']:04d}_{re.sub(r'[^-.@+0-9A-Za-z]+', '_', Path(paths[0]).parent.name)}"


def _shown(
    video: dict, tracks: VideoTracks, metainfo: dict, score_thr: float
) -> tuple[list[ShownTrack] | None, list[ShownTrack]]:
    """Ground truth, if there is one, and prediction of a video in the same colours."""
    truth = None
    if video["truth"] is not None:
        truth = shown_truth(video["truth"], metainfo["categories"])
    return truth, take_colours(shown_prediction(tracks, metainfo["classes"], score_thr), truth or ())


def _sheet(
    paths: Sequence[str], video: dict, truth: Sequence[ShownTrack] | None, prediction: Sequence[ShownTrack],
    size: tuple[int, int], columns: int,
) -> np.ndarray:  # fmt: skip
    """The sheet of a video whose frames have these paths and this size, (h, w, 3) uint8 RGB."""
    times = spread(len(paths), ROWS * columns)
    frames = list(read_frames((paths[t] for t in times), size))
    title = f"video {video['id']} · {Path(paths[0]).parent.name} · {len(paths)} frames"
    return comparison_sheet(frames, truth, prediction, times, title, columns)
