"""Samples as pictures and as videos, with their tracks, as a data loader gives them to the model."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from mmdet.structures import TrackDataSample

from mmvis_ext.annotations import VideoRecord
from mmvis_ext.structures import box_masks, encode
from mmvis_ext.structures.tracklets import Tracklets
from mmvis_ext.utils.files import write_atomically
from mmvis_ext.videos import VideoWriter
from mmvis_ext.visualization import (
    Row,
    ShownTrack,
    cell_scale,
    contact_sheet,
    draw_shown,
    readable_scale,
    shown_truth,
    spread,
)

__all__ = ["write_sample"]

MOST = 12  # maximum number of frames of a clip on a sheet
FPS = 6.0


def _training_tracks(sample: TrackDataSample, size: tuple[int, int], classes: Sequence[str]) -> list[ShownTrack]:
    """The tracklets of a training sample as the loss sees them, on frames of ``size`` (H, W)."""
    tracks = Tracklets.from_frames(sample, size, "cpu")
    shown = []
    for i in range(len(tracks)):
        boxes, visible = tracks.boxes[i].numpy(), tracks.visible[i].numpy()
        if tracks.masks[i].numel():
            masks = [m if v else None for m, v in zip(encode(tracks.masks[i].numpy()), visible, strict=True)]
        else:
            masks = box_masks(boxes, visible, *size)
        shown.append(ShownTrack(i, f"{classes[int(tracks.labels[i])]} #{tracks.ids[i]}", masks, boxes))
    return shown


def _testing_tracks(video: VideoRecord | None, size: tuple[int, int], categories: Sequence[dict]) -> list[ShownTrack]:
    """The ground truth of a test video, with boxes scaled to frames of ``size`` (H, W)."""
    if video is None:
        return []
    height, width = size
    factors = np.array([width / video.width, height / video.height] * 2)
    return [replace(t, boxes=t.boxes * factors) for t in shown_truth(video, categories)]


def _shown_tracks(sample: TrackDataSample, size: tuple[int, int], metainfo: dict) -> list[ShownTrack]:
    if "video" in sample.metainfo:
        return _testing_tracks(sample.metainfo["video"]["truth"], size, metainfo["categories"])
    return _training_tracks(sample, size, metainfo["classes"])


def _sample_sheet(frames: np.ndarray, sample: TrackDataSample, tracks: Sequence[ShownTrack]) -> np.ndarray:
    """A sheet with a row for each clip of the sample, (h, w, 3) uint8 RGB."""
    scale = cell_scale(*frames.shape[1:3])
    clips = np.array_split(np.arange(len(frames)), sample.metainfo.get("num_clips", 1))
    rows = []
    for number, clip in enumerate(clips, start=1):
        times = [int(clip[i]) for i in spread(len(clip), MOST)]
        cells = [draw_shown(frames[t], tracks, t, scale, with_boxes=True) for t in times]
        notes = [f"frame {sample[t].metainfo['frame_id']}" for t in times]
        rows.append(Row(f"clip {number}" if len(clips) > 1 else "", cells, notes))
    about = sample[0].metainfo
    title = f"video {about['video_id']} · {Path(about['img_path']).parent.name} · {about['img_shape'][1]}x"
    return contact_sheet(rows, f"{title}{about['img_shape'][0]} pixels")


def _write_video(path: Path, frames: np.ndarray, sample: TrackDataSample, tracks: Sequence[ShownTrack]) -> None:
    """Write a video that shows the clips of a sample beside each other."""
    scale = readable_scale(*frames.shape[1:3])
    clips = np.split(np.arange(len(frames)), sample.metainfo.get("num_clips", 1))
    with VideoWriter(path, FPS) as video:
        for times in zip(*clips, strict=True):
            video.write(np.hstack([draw_shown(frames[t], tracks, t, scale, with_boxes=True) for t in times]))


def write_sample(item: dict, target: Path, metainfo: dict, mp4: bool) -> None:
    """Draw one item of a data set to ``target``.png and, with ``mp4``, also to ``target``.mp4."""
    sample = item["data_samples"]
    frames = np.ascontiguousarray(item["inputs"].numpy().transpose(0, 2, 3, 1)[..., ::-1])  # BGR to RGB
    tracks = _shown_tracks(sample, (frames.shape[1], frames.shape[2]), metainfo)
    sheet = _sample_sheet(frames, sample, tracks)
    write_atomically(target.with_suffix(".png"), cv2.imencode(".png", sheet[..., ::-1])[1].tobytes())
    if mp4:
        _write_video(target.with_suffix(".mp4"), frames, sample, tracks)
