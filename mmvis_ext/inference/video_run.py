"""One video from its source to files: read ahead, run through the model, drawn and written beside it."""

import json
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from mmvis_ext.structures import VideoTracks
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import atomic_folder
from mmvis_ext.utils.interrupts import Stop
from mmvis_ext.utils.threads import Handover, read_ahead
from mmvis_ext.videos import Frame, VideoSource

from .frame_result import Choice, FrameResult, frame_results
from .inferencer import VISInferencer
from .outputs import OUTPUTS, FinishedVideo, Output, Stamp
from .session import windows

__all__ = ["RECORD", "VideoReport", "VideoRun", "write_video"]

RECORD = "run.json"
"""Name of the file that says what was done in a folder of results."""

WAITING = 8  # results that may wait to be drawn and written


@dataclass(frozen=True)
class VideoReport:
    """What came of a video.

    Attributes:
        frames: number of frames that the model saw.
        tracks: number of tracks that were kept.
        seconds: from the first frame to the last file.
        files: files and folders that were written.
        notes: sentences about what was odd: where a file broke off, where the pictures changed their size.
        problem: why reading ended before the end; ``None`` if it did not.
        interrupted: whether somebody asked to stop.
    """

    frames: int
    tracks: int
    seconds: float
    files: list[Path]
    notes: list[str] = field(default_factory=list)
    problem: str | None = None
    interrupted: bool = False


@dataclass(frozen=True)
class VideoRun:
    """How videos are run.

    Attributes:
        inferencer: with the model.
        kinds: what is written, names of :data:`OUTPUTS`.
        choice: which tracks are kept.
    """

    inferencer: VISInferencer
    kinds: Sequence[str]
    choice: Choice

    def outputs(self, folder: Path, fps: float) -> list[Output]:
        """New outputs for a video, in an existing folder."""
        return [OUTPUTS[kind](folder, fps) for kind in self.kinds]

    def __call__(
        self,
        source: VideoSource,
        open_outputs: Callable[[int], list[Output]],
        stop: Stop | None = None,
        progress: Callable[[int], Any] = lambda _: None,
    ) -> VideoReport:
        """Run a video.

        Where the pictures change their size, a new segment begins, with tracks and files of its own.

        Args:
            source: the video.
            open_outputs: makes the outputs of a segment, from its number.
            stop: is asked after each window.
            progress: is told how many frames were done.

        Raises:
            InputError: not a single frame can be read, or a file cannot be written.
        """
        begin, stop = time.perf_counter(), stop or Stop()
        reading = _Reading(source, stop)
        frames, tracks = 0, 0
        files: list[Path] = []
        notes: list[str] = []
        with closing(reading.frames()) as every:
            for number, (shape, of_one_size) in enumerate(groupby(every, lambda f: f.picture.shape[:2])):
                if number:
                    notes.append(f"from frame {frames} on the pictures are {shape[1]}x{shape[0]}: segment {number + 1}")
                segment = self._segment(source, of_one_size, open_outputs(number), progress)
                frames, tracks, files = frames + segment.frames, tracks + segment.tracks, files + segment.files
        if not frames:
            raise InputError(reading.problem or f"{source.name}: has no frames in the part that was asked for.")
        if source.cut_at is not None:
            notes.append(f"the file breaks off at frame {source.cut_at}")
        seconds = time.perf_counter() - begin
        return VideoReport(frames, tracks, seconds, files, notes, reading.problem, stop.asked)

    def _segment(
        self, source: VideoSource, frames: Iterator[Frame], outputs: list[Output], progress: Callable[[int], Any]
    ) -> VideoReport:
        session = self.inferencer.session()
        stamps: list[Stamp] = []

        def write(results: list[FrameResult]) -> None:
            for result in results:
                for output in outputs:
                    output.add(result)

        try:
            with Handover(write, WAITING) as hand_over:

                def step(window: list[Frame]) -> int:
                    stamps.extend(Stamp(*frame[1:]) for frame in window)
                    found = session.push_frames(window)
                    hand_over(frame_results(found, window, self.inferencer.classes, self.choice))
                    return len(window)

                for count in map(step, windows(frames, self.inferencer.window)):
                    progress(count)
            video = self._finished(source, session.close(), stamps)
            files = [output.finish(video) for output in outputs]
        except BaseException:
            for output in outputs:
                with suppress(InputError):
                    output.abandon()
            raise
        return VideoReport(len(stamps), len(video.tracks), 0.0, files)

    def _finished(self, source: VideoSource, tracks: VideoTracks, stamps: list[Stamp]) -> FinishedVideo:
        scores = np.array([track.scores for track in tracks])
        kept = [tracks.tracks[place] for place in self.choice.best(scores)]
        return FinishedVideo(source.name, source.fps, stamps, replace(tracks, tracks=kept), self.inferencer.categories)


def write_video(
    run: VideoRun,
    source: VideoSource,
    folder: Path,
    settings: dict[str, Any],
    stop: Stop | None = None,
    progress: Callable[[int], Any] = lambda _: None,
) -> VideoReport:
    """Run a video into a folder, which appears when all is in it.

    ``run.json`` in it says what was done: settings, number of frames and tracks, whether the video was finished.

    Args:
        run: how.
        source: the video.
        folder: is replaced if it is there and has a ``run.json``.
        settings: what determines the result, for :func:`done_before`.
        stop: see :class:`VideoRun`; what was done until then is written.
        progress: see :class:`VideoRun`.

    Raises:
        InputError: see :class:`VideoRun`; or something else is in the folder.
    """
    if folder.exists() and not (folder / RECORD).exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder}: is there already and holds no results of this command; give another --out.")
    with atomic_folder(folder) as temporary:

        def open_outputs(number: int) -> list[Output]:
            place = temporary / f"segment_{number + 1}" if number else temporary
            place.mkdir(exist_ok=True)
            return run.outputs(place, source.fps)

        report = run(source, open_outputs, stop, progress)
        record = dict(source=source.name, settings=settings, frames=report.frames, tracks=report.tracks)
        record |= dict(seconds=round(report.seconds, 3), notes=report.notes, problem=report.problem)
        record |= dict(finished=report.problem is None and not report.interrupted)
        (temporary / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return replace(report, files=[folder / path.relative_to(temporary) for path in report.files])


class _Reading:
    """The frames of a source, read ahead, up to one that cannot be read or until somebody asks to stop."""

    def __init__(self, source: VideoSource, stop: Stop) -> None:
        self.source, self.stop = source, stop
        self.problem: str | None = None

    def frames(self) -> Generator[Frame, None, None]:
        frames = self.source.frames()
        frames = frames if self.source.live else read_ahead(frames, WAITING)
        try:
            for frame in frames:
                yield frame
                if self.stop.asked:
                    return
        except InputError as error:
            self.problem = str(error)
        finally:
            frames.close()  # type: ignore[attr-defined]
