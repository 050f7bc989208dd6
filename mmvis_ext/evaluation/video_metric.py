"""The base of the metrics of whole videos: results of several processes, and how a tool asks for a results file."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from mmengine.dist import get_world_size
from mmengine.evaluator import BaseMetric

from mmvis_ext.registry import METRICS

__all__ = ["VideoMetric", "writing_metric"]


class VideoMetric(BaseMetric):
    """A metric that keeps one result per video: an object whose ``video`` is that of the data sample.

    Attributes:
        results: mmengine's list of these objects; during :meth:`evaluate` a list that holds that list alone.
    """

    results: list[Any]

    @classmethod
    @abstractmethod
    def writing(cls, path: str, format_only: bool) -> dict:
        """Arguments of the constructor with which the metric writes its results.

        Args:
            path: of the file or folder to write.
            format_only: write only, and compute no figures.

        Raises:
            InputError: the path cannot be written.
        """

    def evaluate(self, size: int) -> dict:
        """Bring the processes' videos together and compute the figures.

        mmengine takes the processes' items in turn and keeps the first ``size``, so videos would be lost where the
        processes hold unequal numbers. Each process therefore hands over its videos as one item.
        """
        self.results = [list(self.results)]
        return super().evaluate(get_world_size())

    @staticmethod
    def each_once(results: Sequence[Sequence[Any]]) -> list[Any]:
        """The videos of all processes, sorted by id; one that several processes saw counts once."""
        by_id = {item.video["id"]: item for part in results for item in part}
        return [by_id[key] for key in sorted(by_id)]


def writing_metric(name: str | type | None) -> type[VideoMetric] | None:
    """The class of a config's metric if it can write results, or nothing."""
    kind = METRICS.get(name) if isinstance(name, str) else name
    return kind if isinstance(kind, type) and issubclass(kind, VideoMetric) else None
