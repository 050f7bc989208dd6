"""Any number of videos, each into a folder of its own."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .model import choice_of, load_model, video_run_of
from .telling import Bar, memory, summed_up, tell, told

if TYPE_CHECKING:
    from mmvis_ext.inference.many import Job, Summary
    from mmvis_ext.inference.video_run import VideoReport
    from mmvis_ext.videos import Selection

__all__ = ["run_folder"]


def run_folder(
    args: argparse.Namespace,
    config: Path,
    checkpoint: Path,
    videos: dict[str, str],
    kinds: list[str],
    selection: "Selection",
) -> int:
    """Run the videos, given by the names of their folders; returns the exit code."""
    from mmvis_ext.inference.many import Job, done_before, run_job, run_jobs, share
    from mmvis_ext.utils.files import require_writable
    from mmvis_ext.utils.interrupts import stopping

    require_writable(args.out)
    settings = _settings(args, config, checkpoint, kinds)
    jobs = [Job(name, source, Path(args.out) / name, selection, settings) for name, source in videos.items()]
    jobs = share(jobs) if args.ray is None else jobs
    todo = [job for job in jobs if args.redo or not done_before(job)]
    if todo and args.ray is not None:
        return summed_up(_run_on_ray(args, config, checkpoint, jobs, kinds))
    video_run = video_run_of(args, load_model(args, config, checkpoint), kinds) if todo else None

    def work(job: "Job") -> "VideoReport":
        assert video_run is not None
        with Bar() as bar:
            return run_job(video_run, job, stop, bar.of)

    with stopping("closing what was written so far") as stop:
        if len(jobs) == 1 and video_run is not None:
            report = work(jobs[0])
            tell(jobs[0], report)
            return told(report, jobs[0].source, video_run.inferencer)
        summary = run_jobs(jobs, work, stop, args.redo, tell)
    if video_run is not None:
        print(f"peak memory {memory(video_run.inferencer)}")
    return summed_up(summary)


def _run_on_ray(
    args: argparse.Namespace, config: Path, checkpoint: Path, jobs: "list[Job]", kinds: list[str]
) -> "Summary":
    from mmvis_ext.engine.building import read_config
    from mmvis_ext.inference import VISInferencer
    from mmvis_ext.inference.ray_cluster import cluster
    from mmvis_ext.inference.ray_pool import Recipe, run_jobs_on_ray
    from mmvis_ext.utils.interrupts import stopping

    cfg = read_config(str(config), args.cfg_options)
    choice = choice_of(args, VISInferencer(cfg, checkpoint, "cpu"))  # what is wrong with the model shows here
    recipe = Recipe(cfg, checkpoint, kinds, choice, args.device, args.half, args.compile)
    with cluster(args.ray), stopping("the workers close what was written so far") as stop:
        return run_jobs_on_ray(jobs, recipe, stop, args.ray_workers, args.redo, tell)


def _settings(args: argparse.Namespace, config: Path, checkpoint: Path, kinds: list[str]) -> dict[str, Any]:
    """All that determines the results of a video, for :func:`done_before`."""
    names = ("score_thr", "top_k", "classes", "fps", "stride", "start", "end", "max_size", "half", "cfg_options")
    found: dict[str, Any] = dict(config=str(config), checkpoint=str(checkpoint), save=sorted(kinds))
    if checkpoint.exists():
        found |= dict(checkpoint_changed=int(checkpoint.stat().st_mtime))
    return found | {name: getattr(args, name) for name in names}
