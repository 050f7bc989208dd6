"""The base of the metrics whose benchmark takes a folder of results, and whose truth lies in files of its own."""

from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from mmengine.logging import MMLogger

from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import atomic_folder
from mmvis_ext.utils.parallel import map_in_processes

from .video_metric import VideoMetric

__all__ = ["FolderMetric"]


class FolderMetric(VideoMetric):
    """Writes a folder of results and judges sequence by sequence, on every core.

    A subclass says what a sequence's results are, how they are written and judged, and what the figures are.

    Args:
        out_dir: folder of the results. It appears complete or not at all, and takes the place of older results.
        format_only: write the folder and compute nothing.
        workers: processes; one per core by default.
        collect_device: ``cpu`` or ``gpu``, how the processes' results are brought together.
        prefix: stands before each figure's name.

    Attributes:
        unjudged: the sentence of a log where figures cannot be computed; ``{cause}`` stands for why.
        no_truth: what a sequence without annotations lacks.

    Raises:
        InputError: ``format_only`` without ``out_dir``, or ``out_dir`` holds something else than results.
    """

    unjudged: ClassVar[str]
    no_truth: ClassVar[str]

    def __init__(
        self,
        out_dir: str | None = None,
        format_only: bool = False,
        workers: int | None = None,
        collect_device: str = "cpu",
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if format_only and out_dir is None:
            raise InputError(f"{type(self).__name__}: format_only=True writes a folder; give its path as out_dir.")
        self.out_dir = None if out_dir is None else self.check_folder(out_dir)
        self.format_only = format_only
        self.workers = workers

    @staticmethod
    @abstractmethod
    def check_folder(path: str | Path) -> Path:
        """Check that a folder can take results, and return its path.

        Raises:
            InputError: it cannot.
        """

    @classmethod
    def writing(cls, path: str, format_only: bool) -> dict:
        return dict(out_dir=str(cls.check_folder(path)), format_only=format_only)

    @classmethod
    @abstractmethod
    def write(cls, folder: Path, item: Any) -> None:
        """Write the results of a sequence into a folder; in another process, hence of the class."""

    @classmethod
    @abstractmethod
    def judge(cls, item: Any) -> Any:
        """The figures of a sequence; in another process, hence of the class."""

    @abstractmethod
    def summarize(self, kept: Sequence[Any], figures: Sequence[Any]) -> dict[str, float]:
        """Log the figures of the sequences, and return those of all together."""

    def compute_metrics(self, results: list[list[Any]]) -> dict[str, float]:
        """Write the folder and compute the figures.

        Args:
            results: the sequences of each process; one that several processes saw counts once.

        Returns:
            See :meth:`summarize`. Empty where a sequence has no truth, and with ``format_only``.
        """
        logger = MMLogger.get_current_instance()
        kept = self.each_once(results)
        missing = sum(item.video["truth_files"] is None for item in kept)
        # written first, so that an error in the comparison does not lose results that took long to make
        if self.out_dir is not None:
            with atomic_folder(self.out_dir) as folder:
                map_in_processes(partial(self.write, folder), kept, workers=self.workers)
            logger.info(f"Wrote the results of {len(kept)} sequences to {self.out_dir}.")
        if self.format_only:
            return {}
        if missing or not kept:
            cause = f"{missing} of {len(kept)} sequences have no {self.no_truth}" if kept else "there are no sequences"
            logger.warning(self.unjudged.format(cause=cause))
            return {}
        return self.summarize(kept, map_in_processes(self.judge, kept, workers=self.workers))
