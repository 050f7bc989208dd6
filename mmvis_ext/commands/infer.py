"""Run a model on a video; write the video with its tracks drawn in, and the tracks as JSON."""

import argparse
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from mmvis_ext.utils.arguments import finite
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import require_writable_file

from .arguments import add_cfg_options

if TYPE_CHECKING:
    import numpy as np

    from mmvis_ext.inference import VISInferencer
    from mmvis_ext.structures import VideoTracks
    from mmvis_ext.visualization import VideoSource, VideoWriter

__all__ = ["EXAMPLE", "add_arguments", "run"]

EXAMPLE = (
    "mmvis infer configs/efficientvis/efficientvis_small_shapesvis-mini.py work_dirs/small/epoch_15.pth video.mp4 "
    "--out overlay.mp4"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("config", help="config file")
    parser.add_argument("checkpoint", help="checkpoint file")
    parser.add_argument("video", help="video file, or folder of frames in the order of their names")
    parser.add_argument("--out", required=True, metavar="FILE.mp4", help="the video with the tracks drawn in")
    parser.add_argument("--tracks", metavar="FILE.json", help="the tracks (default: beside --out)")
    parser.add_argument("--device", help="such as cuda:0 or cpu (default: a GPU if there is one)")
    parser.add_argument("--score-thr", type=finite, default=0.3, help="lowest score of a kept track (default: 0.3)")
    parser.add_argument("--fps", type=float, help="frames per second of --out (default: as in the video)")
    add_cfg_options(parser)


def run(args: argparse.Namespace) -> None:
    """Run the model on the video."""
    from mmvis_ext.engine.building import read_config
    from mmvis_ext.inference import VISInferencer, write_tracks
    from mmvis_ext.visualization import VideoWriter, open_video

    out, tracks_path = _output_paths(args)
    source = open_video(args.video)
    inferencer = VISInferencer(read_config(args.config, args.cfg_options), args.checkpoint, args.device)
    fps = source.fps if args.fps is None else args.fps
    with VideoWriter(out, fps) as writer:
        begin = time.perf_counter()
        tracks = _stream(inferencer, source, writer, args.score_thr)
        seconds = time.perf_counter() - begin
        kept = write_tracks(tracks_path, tracks, inferencer.categories, args.score_thr, video=str(source.path), fps=fps)
    print(f"{tracks.length} frames in {seconds:.1f} s: {tracks.length / seconds:.1f} frames/s, drawing included")
    print(f"peak memory {_memory(inferencer)}")
    print(f"{kept} tracks -> {tracks_path}\noverlay -> {out}")


def _output_paths(args: argparse.Namespace) -> tuple[Path, Path]:
    """Paths of the output video and tracks, checked before anything is computed."""
    out = Path(args.out)
    require_writable_file(out)
    tracks = Path(args.tracks) if args.tracks else out.with_suffix(".json")
    if len(set(map(os.path.realpath, (args.video, out, tracks)))) < 3:  # also where a link leads in a circle
        raise InputError(f"{out}: the video, --out and --tracks must be three different files; choose other names.")
    require_writable_file(tracks)
    return out, tracks


def _stream(
    inferencer: "VISInferencer", source: "VideoSource", writer: "VideoWriter", score_thr: float
) -> "VideoTracks":
    """Stream the video through the model, draw each window as soon as it is done, and return the video's tracks."""
    from tqdm import tqdm

    from mmvis_ext.inference.inferencer import windows
    from mmvis_ext.visualization import draw_shown, readable_scale, shown_detections

    session = inferencer.session()

    def take(frames: "list[np.ndarray]") -> int:
        shown = shown_detections(session.push(frames), inferencer.classes, score_thr, frames[0].shape[:2])
        for t, frame in enumerate(frames):
            writer.write(draw_shown(frame, shown, t, readable_scale(*frame.shape[:2])))
        return len(frames)

    with tqdm(total=source.length, unit="frame", mininterval=0.5, file=sys.stderr) as bar:
        for count in map(take, windows(source, inferencer.window)):
            bar.update(count)
    return session.close()


def _memory(inferencer: "VISInferencer") -> str:
    """Peak memory as text; if the model runs on a GPU, also that of the GPU."""
    from mmvis_ext.engine.benchmarking import peak_memory

    device = next(inferencer.model.parameters()).device
    on_gpu = f" and {peak_memory(str(device)):.0f} MiB on {device}" if device.type == "cuda" else ""
    return f"{peak_memory():.0f} MiB{on_gpu}"
