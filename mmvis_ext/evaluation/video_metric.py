"""What the metrics of whole videos share: several processes, and how a tool has the results written."""

from collections.abc import Sequence
from typing import Any

from mmengine.dist import get_world_size
from mmengine.evaluator import BaseMetric

from mmvis_ext.registry import METRICS

__all__ = ["VideoMetric", "writing_metric"]


class VideoMetric(BaseMetric):
    """A metric whose results are one object per video, with the ``video`` of its data sample.

    Attributes:
        results: mmengine's list: of these objects, and once :meth:`evaluate` has begun of one list of them.
    """

    results: list[Any]

    @classmethod
    def writing(cls, path: str, format_only: bool) -> dict:
        """Settings with which the metric writes its results.

        Args:
            path: of what is to be written.
            format_only: compute nothing.

        Raises:
            InputError: it cannot be written.
        """
        raise NotImplementedError

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
