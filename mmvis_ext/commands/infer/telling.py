"""What ``mmvis infer`` says while it works and of what it has done."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmvis_ext.utils.errors import InputError

if TYPE_CHECKING:
    from mmvis_ext.inference import VISInferencer
    from mmvis_ext.inference.many import Job, Summary
    from mmvis_ext.inference.video_run import VideoReport
    from mmvis_ext.videos import VideoSource

__all__ = ["Bar", "memory", "summed_up", "tell", "told"]


class Bar:
    """A bar of progress on stderr."""

    def __enter__(self) -> "Bar":
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


def tell(job: "Job | None", report: "VideoReport | str | None") -> None:
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


def told(report: "VideoReport", source: str, inferencer: "VISInferencer") -> int:
    """The exit code of one video, and what is left to say."""
    print(f"peak memory {memory(inferencer)}")
    if report.interrupted:
        print(f"stopped: {source}: after {report.frames} frames; what was written holds these.", file=sys.stderr)
        return 130
    if report.problem:
        raise InputError(f"{report.problem} The {report.frames} frames before it are in what was written.")
    return 0


def summed_up(summary: "Summary") -> int:
    """Say what came of many videos; returns the exit code."""
    print(f"{len(summary.done)} videos done, {len(summary.before)} done before, {len(summary.failed)} failed")
    for name, reason in summary.failed.items():
        print(f"error: {name}: {reason}", file=sys.stderr)
    return summary.exit_code


def memory(inferencer: "VISInferencer") -> str:
    """Peak memory as text; if the model runs on a GPU, also that of the GPU."""
    from mmvis_ext.engine.benchmarking import peak_memory

    device = inferencer.device
    on_gpu = f" and {peak_memory(str(device)):.0f} MiB on {device}" if device.type == "cuda" else ""
    return f"{peak_memory():.0f} MiB{on_gpu}"
