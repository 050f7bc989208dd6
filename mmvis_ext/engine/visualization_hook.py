"""Pictures of the tracks that a test run predicts, for each video."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
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

__all__ = ["TrackVisualizationHook"]

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
        prediction = shown_prediction(tracks, metainfo["classes"], self.score_thr)
        truth = None
        if video["truth"] is not None:
            truth = shown_truth(video["truth"], metainfo["categories"])
        prediction = take_colours(prediction, truth or ())
        folder, size = Path(self.paths[0]).parent.name, (tracks.height, tracks.width)
        target = self.out_dir / f"{video['id']:04d}_{re.sub(r'[^-.@+0-9A-Za-z]+', '_', folder)}"
        if self.kind in ("sheet", "both"):
            title = f"video {video['id']} · {folder} · {len(self.paths)} frames"
            self._write_sheet(target.with_name(f"{target.name}.png"), truth, prediction, title, size)
        if self.kind in ("video", "both"):
            self._write_video(target.with_name(f"{target.name}.mp4"), truth, prediction, size)

    def _write_sheet(
        self,
        path: Path,
        truth: Sequence[ShownTrack] | None,
        prediction: Sequence[ShownTrack],
        title: str,
        size: tuple[int, int],
    ) -> None:
        times = spread(len(self.paths), ROWS * self.columns)
        frames = list(read_frames((self.paths[t] for t in times), size))
        sheet = comparison_sheet(frames, truth, prediction, times, title, self.columns)
        write_atomically(path, cv2.imencode(".png", sheet[..., ::-1])[1].tobytes())

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
