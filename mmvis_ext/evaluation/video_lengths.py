"""YouTube-VIS 2022: the results are judged on short and on long videos, and their AP is the mean of the two."""

from dataclasses import dataclass
from typing import Any

from mmvis_ext.annotations.records import AnnotationFile

from .entries import judgeable
from .ytvis_ap import YTVISResult, evaluate_ytvis

__all__ = ["ShortAndLong", "evaluate_short_and_long", "joined"]


@dataclass(frozen=True)
class ShortAndLong:
    """The figures of the short and of the long videos."""

    short: YTVISResult
    long: YTVISResult

    def summary(self) -> dict[str, float]:
        """``AP``, the mean of both, and then the figures of each with ``short_`` or ``long_`` in front, in 0..100.

        -1 stands where there is no ground truth to measure a figure on; for ``AP``, where one of the parts has none.
        """
        parts = dict(short=self.short.summary(), long=self.long.summary())
        both = [part["AP"] for part in parts.values()]
        mean = -1.0 if min(both) < 0 else sum(both) / 2
        return dict(AP=mean) | {f"{name}_{key}": value for name, part in parts.items() for key, value in part.items()}


def joined(short: AnnotationFile, long: AnnotationFile) -> AnnotationFile:
    """The videos and categories of both files, each id once."""
    videos = {video.id: video for file in (short, long) for video in file.videos}
    categories = {category["id"]: category for file in (short, long) for category in file.categories}
    return AnnotationFile(f"{short.path} and {long.path}", list(categories.values()), list(videos.values()))


def evaluate_short_and_long(
    short: AnnotationFile, long: AnnotationFile, results: list[dict], **settings: Any
) -> ShortAndLong:
    """Evaluate results on two ground truths, each on its own videos and classes.

    Args:
        short: of the short videos.
        long: of the long videos.
        results: of both, as :func:`evaluate_ytvis` takes them.
        settings: further arguments of :func:`evaluate_ytvis`.

    Raises:
        InputError: see :func:`evaluate_ytvis`.
    """
    parts = []
    for file, other in ((short, long), (long, short)):
        elsewhere = {video.id for video in other.videos} - {video.id for video in file.videos}
        mine = [item for item in results if _video_of(item) not in elsewhere]
        parts.append(evaluate_ytvis(file, judgeable(mine, file)[0], **settings))
    return ShortAndLong(*parts)


def _video_of(item: Any) -> int | None:
    """The video of a result; ``None`` for what is none, which the evaluation refuses."""
    video_id = item.get("video_id") if isinstance(item, dict) else None
    return video_id if isinstance(video_id, int) else None
