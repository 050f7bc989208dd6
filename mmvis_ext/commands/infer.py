"""Run a model on videos; write overlays, masks and tracks in the form that is needed.

CONFIG is a config's path or the name of one that comes with the library. A name whose weights come along needs no
checkpoint, and without both a small model of single moving objects is taken (srnet_lite0_davis2016).

SOURCE is a video file, a folder of frames, a folder with videos below it, a pattern such as 'clips/*.mp4', a text file
with a path per line, the number of a camera, or the address of a stream (rtsp://, http://).

Each video gets a folder below --out. One that an earlier run finished with the same settings is skipped. Ctrl-C closes
what was written so far. Under torchrun, srun and in a Slurm array every process takes its share of the videos. With
--ray as the last word, the workers of a Ray cluster share them.

--web serves a page on which people drop a video and watch the result. It needs no SOURCE, and takes several models,
each a CONFIG with its CHECKPOINT.
"""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmvis_ext.utils.arguments import probability, seconds
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import require_writable_file

from .arguments import add_cfg_options
from .web_page import add_web_arguments, require_no_web, serve_page

if TYPE_CHECKING:
    from mmvis_ext.inference import VISInferencer
    from mmvis_ext.inference.frame_result import Choice
    from mmvis_ext.inference.many import Job, Summary
    from mmvis_ext.inference.video_run import VideoReport, VideoRun
    from mmvis_ext.videos import Selection, VideoSource

__all__ = ["EXAMPLE", "KINDS", "add_arguments", "output_kinds", "run"]

EXAMPLE = "mmvis infer video.mp4 --out results --save overlay,masks,json"
KINDS = "overlay gif frames masks cutouts json youtube-vis coco mots davis ctc timeline"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("words", nargs="*", metavar="[CONFIG [CHECKPOINT]] SOURCE", help="model and videos, see above")
    parser.add_argument(
        "--out", default="mmvis_out", metavar="DIR", help="folder of results, or one FILE.mp4 (default: mmvis_out)"
    )
    parser.add_argument(
        "--save", default="overlay,json", metavar="KINDS", help=f"of {', '.join(KINDS.split())} (default: overlay,json)"
    )
    parser.add_argument("--tracks", metavar="FILE.json", help="the tracks, if --out is a file (default: beside it)")
    parser.add_argument(
        "--score-thr", type=probability, default=0.3, help="lowest score of a kept track (default: 0.3)"
    )
    parser.add_argument("--top-k", type=int, metavar="N", help="keep the best N tracks of a video (default: all)")
    parser.add_argument("--classes", metavar="NAMES", help="keep these classes, separated by commas (default: all)")
    parser.add_argument(
        "--fps", type=float, help="frames a second to look at; of a folder of frames, its rate (default: all; 6)"
    )
    parser.add_argument("--stride", type=int, default=1, metavar="N", help="look at every Nth frame")
    parser.add_argument("--start", type=seconds, default=0.0, metavar="TIME", help="begin there, such as 12.5 or 1:30")
    parser.add_argument("--end", type=seconds, metavar="TIME", help="end there")
    parser.add_argument("--max-size", type=int, metavar="PIXELS", help="shrink frames whose longer side has more")
    parser.add_argument("--half", action="store_true", help="compute in half precision")
    parser.add_argument("--compile", action="store_true", help="let torch.compile translate the model")
    parser.add_argument("--device", help="such as cuda:0 or cpu (default: a GPU if there is one)")
    parser.add_argument("--redo", action="store_true", help="also videos that were done before")
    parser.add_argument(
        "--ray",
        nargs="?",
        const="",
        metavar="ADDRESS",
        help="share the videos out on a Ray cluster (HOST:PORT, auto, local)",
    )
    parser.add_argument(
        "--ray-workers", type=int, metavar="N", help="how many on Ray (default: one for each GPU or 4 cores)"
    )
    add_cfg_options(parser)
    add_web_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the model on the videos, or serve the page on which others do."""
    if args.web:
        return serve_page(args, _inferencer)
    require_no_web(args)
    from mmvis_ext.videos import Selection, find_videos

    config, checkpoint, sources = _words(args.words)
    kinds = output_kinds(args.save)
    if args.top_k is not None and args.top_k < 1:
        raise InputError(f"--top-k {args.top_k} keeps no track; give 1 or more.")
    _check_ray(args)
    selection = Selection(args.stride, args.fps, args.start, args.end, args.max_size)
    if args.out.lower().endswith(".mp4"):
        if set(kinds) != {"overlay", "json"}:
            raise InputError(f"--save {args.save}: fits no single file; give a folder as --out.")
        return _run_file(args, config, checkpoint, sources, selection)
    if args.tracks is not None:
        raise InputError(f"--tracks {args.tracks}: belongs to --out FILE.mp4; here, save the kind json.")
    videos = find_videos(sources)
    return _run_folder(args, config, checkpoint, videos, kinds, selection)


def _words(words: list[str]) -> tuple[Path, Path, list[str]]:
    """Config, checkpoint and sources.

    Raises:
        InputError: there is no source, or the config comes without weights and none are named.
    """
    from mmvis_ext.engine.shipped import DEFAULT, WEIGHTS, find_checkpoint, find_config, is_config

    words = list(words)
    config = find_config(words.pop(0) if words and is_config(words[0]) else DEFAULT)
    checkpoint = Path(words.pop(0)) if words and words[0].endswith(WEIGHTS) else None
    if not words:
        raise InputError("mmvis infer: names no video; give a file, a folder, a pattern, a camera or an address.")
    return config, checkpoint or find_checkpoint(config), words


def output_kinds(text: str) -> list[str]:
    """The kinds of output that ``--save`` names.

    Raises:
        InputError: one of them is unknown, or there are none.
    """
    kinds = [kind.strip() for kind in text.split(",") if kind.strip()]
    known = KINDS.split()
    for kind in kinds or [""]:
        if kind not in known:
            raise InputError(f"--save {text}: there is no kind {kind!r}; choose among {', '.join(known)}.")
    return list(dict.fromkeys(kinds))


def _check_ray(args: argparse.Namespace) -> None:
    """Refuse what does not go together with ``--ray``.

    Raises:
        InputError: there is such a thing.
    """
    if args.ray is None and args.ray_workers is not None:
        raise InputError("--ray-workers: are workers of a Ray cluster; give --ray too.")
    if args.ray is None:
        return
    if args.ray_workers is not None and args.ray_workers < 1:
        raise InputError(f"--ray-workers {args.ray_workers}: does no work; give 1 or more.")
    if args.out.lower().endswith(".mp4"):
        raise InputError(f"--out {args.out}: is one file, and --ray is for many videos; give a folder.")
    if args.device not in (None, "cpu", "cuda"):
        raise InputError(f"--device {args.device}: Ray gives each worker a GPU of its own; give cuda or cpu.")


def _inferencer(args: argparse.Namespace, config: Path, checkpoint: Path) -> "VISInferencer":
    from mmvis_ext.engine.building import read_config
    from mmvis_ext.inference import VISInferencer

    return VISInferencer(
        read_config(str(config), args.cfg_options), checkpoint, args.device or _own_gpu(), args.half, args.compile
    )


def _own_gpu() -> str | None:
    """The GPU of this process among several on a machine."""
    import torch

    place = os.environ.get("LOCAL_RANK") or os.environ.get("SLURM_LOCALID") or ""
    if place.isdecimal() and torch.cuda.is_available():
        return f"cuda:{int(place) % torch.cuda.device_count()}"
    return None


def _video_run(args: argparse.Namespace, inferencer: "VISInferencer", kinds: list[str]) -> "VideoRun":
    from mmvis_ext.inference.video_run import VideoRun

    return VideoRun(inferencer, kinds, _choice(args, inferencer))


def _choice(args: argparse.Namespace, inferencer: "VISInferencer") -> "Choice":
    classes = None if args.classes is None else [name.strip() for name in args.classes.split(",")]
    return inferencer.choice(args.score_thr, classes, args.top_k)


def _run_folder(
    args: argparse.Namespace,
    config: Path,
    checkpoint: Path,
    videos: dict[str, str],
    kinds: list[str],
    selection: "Selection",
) -> int:
    from mmvis_ext.inference.many import Job, done_before, run_job, run_jobs, share
    from mmvis_ext.utils.files import require_writable
    from mmvis_ext.utils.interrupts import stopping

    require_writable(args.out)
    settings = _settings(args, config, checkpoint, kinds)
    jobs = [Job(name, source, Path(args.out) / name, selection, settings) for name, source in videos.items()]
    jobs = share(jobs) if args.ray is None else jobs
    todo = [job for job in jobs if args.redo or not done_before(job)]
    if todo and args.ray is not None:
        return _summed_up(_run_on_ray(args, config, checkpoint, jobs, kinds))
    video_run = _video_run(args, _inferencer(args, config, checkpoint), kinds) if todo else None

    def work(job: "Job") -> "VideoReport":
        assert video_run is not None
        with _Bar() as bar:
            return run_job(video_run, job, stop, bar.of)

    with stopping("closing what was written so far") as stop:
        if len(jobs) == 1 and todo:
            report = work(jobs[0])
            _tell(jobs[0], report)
            return _told(report, jobs[0].source, video_run)
        summary = run_jobs(jobs, work, stop, args.redo, _tell)
    if video_run is not None:
        print(f"peak memory {_memory(video_run.inferencer)}")
    return _summed_up(summary)


def _run_on_ray(
    args: argparse.Namespace, config: Path, checkpoint: Path, jobs: "list[Job]", kinds: list[str]
) -> "Summary":
    from mmvis_ext.engine.building import read_config
    from mmvis_ext.inference import VISInferencer
    from mmvis_ext.inference.ray_cluster import cluster
    from mmvis_ext.inference.ray_pool import Recipe, run_jobs_on_ray
    from mmvis_ext.utils.interrupts import stopping

    cfg = read_config(str(config), args.cfg_options)
    choice = _choice(args, VISInferencer(cfg, checkpoint, "cpu"))  # what is wrong with the model shows here
    recipe = Recipe(cfg, checkpoint, kinds, choice, args.device, args.half, args.compile)
    with cluster(args.ray), stopping("the workers close what was written so far") as stop:
        return run_jobs_on_ray(jobs, recipe, stop, args.ray_workers, args.redo, _tell)


def _summed_up(summary: "Summary") -> int:
    """Say what came of many videos; returns the exit code."""
    print(f"{len(summary.done)} videos done, {len(summary.before)} done before, {len(summary.failed)} failed")
    for name, reason in summary.failed.items():
        print(f"error: {name}: {reason}", file=sys.stderr)
    return summary.exit_code


def _settings(args: argparse.Namespace, config: Path, checkpoint: Path, kinds: list[str]) -> dict[str, Any]:
    """All that determines the results of a video, for :func:`done_before`."""
    names = ("score_thr", "top_k", "classes", "fps", "stride", "start", "end", "max_size", "half", "cfg_options")
    found: dict[str, Any] = dict(config=str(config), checkpoint=str(checkpoint), save=sorted(kinds))
    if checkpoint.exists():
        found |= dict(checkpoint_changed=int(checkpoint.stat().st_mtime))
    return found | {name: getattr(args, name) for name in names}


def _run_file(
    args: argparse.Namespace, config: Path, checkpoint: Path, sources: list[str], selection: "Selection"
) -> int:
    """One video into one file, with its tracks beside it."""
    from mmvis_ext.inference import write_tracks
    from mmvis_ext.inference.outputs.overlay import Overlay
    from mmvis_ext.utils.interrupts import stopping
    from mmvis_ext.videos import open_video

    if len(sources) > 1:
        raise InputError(f"--out {args.out}: is one file for {len(sources)} videos; give a folder.")
    out, tracks = _output_paths(args.out, args.tracks, sources[0])
    source = selection.of(open_video(sources[0]))
    video_run = _video_run(args, _inferencer(args, config, checkpoint), [])
    with _Bar() as bar, stopping("closing what was written so far") as stop:

        def outputs(number: int) -> list[Any]:
            if number:
                raise InputError(
                    f"{source.name}: its pictures change their size, and one file has one; give a folder as --out."
                )
            return [Overlay(out.parent, source.fps, out.name), _Tracks(tracks, write_tracks)]

        report = video_run(source, outputs, stop, bar.of(source))
    _tell(None, report)
    return _told(report, sources[0], video_run)


class _Tracks:
    """The tracks in a file of the user's choice."""

    def __init__(self, path: Path, write: Callable[..., int]) -> None:
        self.path, self.write = path, write

    def add(self, _: Any) -> None:
        """Nothing is written before the end."""

    def finish(self, video: Any) -> Path:
        """Write the file."""
        self.write(self.path, video.tracks, video.categories, video=video.name, fps=video.fps)
        return self.path

    def abandon(self) -> None:
        """Nothing is there to be cleaned up."""


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


class _Bar:
    """A bar of progress on stderr."""

    def __enter__(self) -> "_Bar":
        self.bar: Any = None
        return self

    def of(self, source: "VideoSource") -> Callable[[int], Any]:
        """Begin with a source; returns what counts its frames."""
        from tqdm import tqdm

        name = Path(source.name).name[-30:]
        self.bar = tqdm(total=source.length, unit="frame", mininterval=0.5, desc=name, file=sys.stderr)
        return self.bar.update

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.close()


def _tell(job: "Job | None", report: "VideoReport | str | None") -> None:
    """Say what came of a video."""
    name = f"{job.name}: " if job else ""
    if report is None:
        print(f"{name}done before")
    elif isinstance(report, str):
        print(f"{name}failed")
    else:
        speed = report.frames / max(report.seconds, 1e-9)
        print(f"{name}{report.frames} frames in {report.seconds:.1f} s: {speed:.1f} frames/s, all included")
        for note in report.notes:
            print(f"note: {note}")
        print(f"{report.tracks} tracks -> {', '.join(map(str, report.files))}")


def _told(report: "VideoReport", source: str, video_run: "VideoRun | None") -> int:
    """The exit code of one video, and what is left to say."""
    if video_run is not None:
        print(f"peak memory {_memory(video_run.inferencer)}")
    if report.interrupted:
        print(f"stopped: {source}: after {report.frames} frames; what was written holds these.", file=sys.stderr)
        return 130
    if report.problem:
        raise InputError(f"{report.problem} The {report.frames} frames before it are in what was written.")
    return 0


def _memory(inferencer: "VISInferencer") -> str:
    """Peak memory as text; if the model runs on a GPU, also that of the GPU."""
    from mmvis_ext.engine.benchmarking import peak_memory

    device = inferencer.device
    on_gpu = f" and {peak_memory(str(device)):.0f} MiB on {device}" if device.type == "cuda" else ""
    return f"{peak_memory():.0f} MiB{on_gpu}"
