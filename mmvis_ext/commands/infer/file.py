"""One video into one file, with its tracks beside it."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import require_writable_file

from .model import load_model, video_run_of
from .telling import Bar, tell, told

if TYPE_CHECKING:
    from mmvis_ext.inference.outputs import Output
    from mmvis_ext.videos import Selection

__all__ = ["run_file"]


def run_file(
    args: argparse.Namespace, config: Path, checkpoint: Path, sources: list[str], selection: "Selection"
) -> int:
    """One video into one file, with its tracks beside it."""
    from mmvis_ext.utils.interrupts import stopping
    from mmvis_ext.videos import open_video

    if len(sources) > 1:
        raise InputError(f"--out {args.out}: is one file for {len(sources)} videos; give a folder.")
    out, tracks = _output_paths(args.out, args.tracks, sources[0])
    source = selection.of(open_video(sources[0]))

    from mmvis_ext.inference.outputs.overlay import Overlay  # torch comes with it, which no wrong path waits for
    from mmvis_ext.inference.outputs.tables import Json

    video_run = video_run_of(args, load_model(args, config, checkpoint), [])
    with Bar() as bar, stopping("closing what was written so far") as stop:

        def outputs(number: int) -> "list[Output]":
            if number:
                raise InputError(
                    f"{source.name}: its pictures change their size, and one file has one; give a folder as --out."
                )
            return [Overlay(out.parent, source.fps, out.name), Json(tracks.parent, source.fps, tracks.name)]

        report = video_run(source, outputs, stop, bar.of(source))
    tell(None, report)
    return told(report, sources[0], video_run.inferencer)


def _output_paths(out: str, tracks: str | None, video: str) -> tuple[Path, Path]:
    """Paths of the output video and tracks, checked before anything is computed."""
    path = Path(out)
    require_writable_file(path)
    tracks_path = Path(tracks) if tracks else path.with_suffix(".json")
    files = {os.path.realpath(each) for each in (video, str(path), str(tracks_path))}  # also of links in a circle
    if len(files) < 3:
        raise InputError(f"{path}: the video, --out and --tracks must be three different files; choose other names.")
    require_writable_file(tracks_path)
    return path, tracks_path
