"""One video of a page: from the upload to what can be watched and downloaded."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmvis_ext.inference.frame_result import FrameResult
from mmvis_ext.inference.inferencer import VISInferencer
from mmvis_ext.inference.outputs import FinishedVideo, Output
from mmvis_ext.inference.outputs.overlay import Overlay
from mmvis_ext.inference.outputs.pictures import Masks
from mmvis_ext.inference.outputs.tables import Json
from mmvis_ext.inference.outputs.timeline import Timeline
from mmvis_ext.inference.video_run import VideoReport, VideoRun
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.interrupts import Stop
from mmvis_ext.videos import Selection

from .limits import Limits

__all__ = ["MOST_FPS", "Results", "Runs", "Settings"]

MOST_FPS = 30.0  # frames a second that a visitor can ask for; together with the length, this bounds the work


@dataclass(frozen=True)
class Settings:
    """What a visitor chooses.

    Attributes:
        model: its name on the page.
        score_thr: lowest score of a kept track, in 0..1.
        fps: frames a second that are looked at.
        max_size: pixels of the longer side; larger pictures are made smaller.
    """

    model: str
    score_thr: float = 0.3
    fps: float = 10.0
    max_size: int = 640

    def selection(self, limits: Limits) -> Selection:
        """The frames that are looked at, none of which lies behind the longest time, whatever a header says.

        Raises:
            InputError: a setting is out of range.
        """
        if not self.fps <= MOST_FPS:
            raise InputError(f"{self.fps:g} frames a second are more than {MOST_FPS:g}; take fewer.")
        return Selection(fps=self.fps, end=limits.seconds, max_size=self.max_size)


@dataclass(frozen=True)
class Results:
    """Files about a video, and a sentence on it.

    Attributes:
        overlay: the video with its tracks drawn in, which browsers play.
        timeline: a picture of when each track is there.
        masks: a zip with a picture per track and frame; ``None`` from a model of boxes alone.
        tracks: the tracks as JSON.
        summary: what was done, for people.
    """

    overlay: Path
    timeline: Path
    masks: Path | None
    tracks: Path
    summary: str


@dataclass
class Runs:
    """Runs videos, one at a time.

    The model of the last run stays in memory.

    Attributes:
        models: makes the model of each name.
        limits: of the videos.
    """

    models: Mapping[str, Callable[[], VISInferencer]]
    limits: Limits = field(default_factory=Limits)
    _loaded: tuple[str, VISInferencer] | None = field(default=None, init=False, repr=False)

    def __call__(
        self,
        video: str | Path | None,
        settings: Settings,
        folder: Path,
        stop: Stop | None = None,
        progress: Callable[[int, int | None], Any] = lambda done, length: None,
    ) -> Results:
        """Run a video.

        Args:
            video: path of the upload, ``None`` if there is none.
            settings: of this run.
            folder: an empty one for the results.
            stop: is asked after each frame; what was done until then is the result.
            progress: is told how many frames are done, and of how many as far as that is known.

        Raises:
            InputError: there is no video, it does not keep to the limits or cannot be read, its pictures change their
                size, a setting is out of range, or the model cannot be loaded.
        """
        if video is None:
            raise InputError("there is no video yet; choose one or drop it on the field.")
        source = settings.selection(self.limits).of(self.limits.open(Path(video)))
        inferencer = self._model(settings.model)
        run = VideoRun(inferencer, [], inferencer.choice(settings.score_thr))
        done = 0

        def count(frames: int) -> None:
            nonlocal done
            done += frames
            progress(done, source.length)

        def outputs(number: int) -> list[Output]:
            if number:
                raise InputError(f"{source.name}: its pictures change their size, and a page shows one; cut it there.")
            kinds = (Timeline, ZippedMasks, Json)
            return [Overlay(folder, source.fps, "overlay.webm"), *(kind(folder, source.fps) for kind in kinds)]

        report = run(source, outputs, stop, count)
        overlay, timeline, masks, tracks = report.files
        return Results(overlay, timeline, masks if masks.exists() else None, tracks, _summary(report))

    def _model(self, name: str) -> VISInferencer:
        if name not in self.models:
            raise InputError(f"model {name!r}: is not on this page; choose among {', '.join(self.models)}.")
        if self._loaded is None or self._loaded[0] != name:
            self._loaded = None  # two large models need not fit into the memory
            self._loaded = name, self.models[name]()
        return self._loaded[1]


class ZippedMasks(Masks):
    """``masks.zip`` with the pictures of :class:`Masks`; nothing from a model of boxes alone."""

    needs_masks = False

    def __init__(self, folder: Path, fps: float) -> None:
        super().__init__(folder, fps)
        self.there = True

    def add(self, result: FrameResult) -> None:
        """See :class:`Output`."""
        self.there = self.there and result.masks is not None

    def finish(self, video: FinishedVideo) -> Path:
        """See :class:`Output`."""
        path = self.folder / "masks.zip"
        if self.there:
            pictures = super().finish(video)
            shutil.make_archive(str(path.with_suffix("")), "zip", pictures)
            shutil.rmtree(pictures)
        return path


def _summary(report: VideoReport) -> str:
    number = "1 track" if report.tracks == 1 else f"{report.tracks} tracks"
    said = [f"{number} in {report.frames} frames, {report.seconds:.1f} s."]
    said += [] if report.tracks else ["A lower score may show some."]
    said += ["Stopped early." if report.interrupted else "", report.problem or ""]
    said += [f"Note: {note}." for note in report.notes]
    return " ".join(filter(None, said))
