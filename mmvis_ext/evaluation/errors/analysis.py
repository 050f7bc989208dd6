"""The errors of a whole data set."""

from dataclasses import dataclass
from functools import cached_property

from mmvis_ext.annotations.records import AnnotationFile
from mmvis_ext.evaluation.entries import Entry, result_entries, truth_entries
from mmvis_ext.evaluation.ytvis_ap import MAX_DETS, YTVISResult, evaluate_ytvis

from .gains import class_precision, gains, mean_precision, working_score
from .groups import Group, groups
from .judged import JudgedVideo, judge_video
from .kinds import KINDS, MISSED

__all__ = ["TrackErrors", "track_errors"]


@dataclass(frozen=True)
class TrackErrors:
    """Results of a data set, and where their AP is lost.

    Attributes:
        figures: AP and AR, as :func:`evaluate_ytvis` gives them.
        videos: what is wrong in each video, in rising order of their ids.
    """

    figures: YTVISResult
    videos: list[JudgedVideo]

    @cached_property
    def gains(self) -> dict[str, dict[str, float]]:
        """What each kind of error costs, see :func:`gains`."""
        return gains(self.videos)

    @cached_property
    def groups(self) -> list[Group]:
        """How objects of each size and length are found."""
        return groups(self.videos)

    @cached_property
    def working_score(self) -> float:
        """The lowest score of results that are worth showing, see :func:`working_score`."""
        return working_score(self.videos)

    def counts(self, level: int = 0, min_score: float = 0.0) -> dict[str, int]:
        """How often each kind occurs at a threshold, among results that score at least ``min_score``."""
        counts = dict.fromkeys(KINDS, 0)
        for video in self.videos:
            for kind, entry in zip(video.kinds[level].tolist(), video.found, strict=True):
                if kind and entry.score >= min_score:
                    counts[kind] += 1
            counts[MISSED] += int(video.missed[level].sum())
        return counts

    def video_precision(self) -> dict[int, float]:
        """AP of each video alone in 0..100, by its id; -1 for a video without ground truth."""
        return {v.id: 100 * mean_precision(class_precision([v])) if v.truths else -1.0 for v in self.videos}


def track_errors(truth: AnnotationFile, results: list[dict], results_where: str = "the results") -> TrackErrors:
    """Judge results by their masks, and find out what is wrong with them.

    Args:
        truth: as :func:`read_annotation_file` reads it.
        results: as :func:`evaluate_ytvis` takes them.
        results_where: names the results in error messages.

    Raises:
        InputError: see :func:`evaluate_ytvis`.
    """
    figures = evaluate_ytvis(truth, results, results_where=results_where)
    found_in: dict[int, list[Entry]] = {video.id: [] for video in truth.videos}
    truths_in: dict[int, list[Entry]] = {video.id: [] for video in truth.videos}
    for entry in result_entries(results, truth, "segm", results_where):
        found_in[entry.video_id].append(entry)
    for entry in truth_entries(truth, "segm"):
        truths_in[entry.video_id].append(entry)
    lengths = {video.id: len(video.file_names) for video in truth.videos}
    videos = [judge_video(i, lengths[i], found_in[i], truths_in[i], MAX_DETS[-1]) for i in sorted(lengths)]
    return TrackErrors(figures, videos)
