"""DET, SEG and TRA of the Cell Tracking Challenge and its results folders, from a model's tracks of whole videos."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from mmengine.logging import MMLogger

from mmvis_ext.registry import METRICS
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import atomic_folder
from mmvis_ext.utils.parallel import map_in_processes

from .cell_tracking_measures import evaluate_cells, mean_figures
from .cell_tracking_submission import CellTracks, best_cells, check_cell_folder, label_maps, write_cells
from .report import cell_table
from .video_metric import VideoMetric

__all__ = ["CellTrackingMetric"]


@dataclass
class SequenceResults:
    """One sequence and its tracks. Not a dict, which mmengine would copy."""

    video: dict
    tracks: CellTracks


@METRICS.register_module()
class CellTrackingMetric(VideoMetric):
    """DET, SEG and TRA of the Cell Tracking Challenge, and the folders of results that it takes.

    Each data sample holds ``pred_tracks`` (:class:`VideoTracks`) and ``video`` as :class:`CellTrackingDataset` gives
    it: ``id``, ``width``, ``height``, ``length``, ``sequence`` and ``truth_files``, which is ``None`` without truth.

    Where two tracks overlap, the one with the better score has the pixel. A track that is away for some frames goes on
    under a new label, see :func:`divide`. Where the data set reads a part of a sequence, that part is judged by itself,
    and the results are numbered from its first frame.

    Args:
        min_score: tracks with a lower score are left out.
        out_dir: folder of the results, ``out_dir/01_RES/mask000.tif`` and ``res_track.txt``. It appears complete or not
            at all, and takes the place of older results.
        format_only: write the folder and compute nothing.
        workers: processes that write and judge, one sequence at a time; one per core by default.
        collect_device: ``cpu`` or ``gpu``, how the processes' results are brought together.
        prefix: stands before each figure's name.

    Raises:
        InputError: an argument is out of range, or ``out_dir`` holds something else than results.
    """

    default_prefix = "ctc"

    def __init__(
        self,
        min_score: float = 0.0,
        out_dir: str | None = None,
        format_only: bool = False,
        workers: int | None = None,
        collect_device: str = "cpu",
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if format_only and out_dir is None:
            raise InputError("CellTrackingMetric: format_only=True writes a folder; give its path as out_dir.")
        self.min_score = min_score
        self.out_dir = None if out_dir is None else check_cell_folder(out_dir)
        self.format_only = format_only
        self.workers = workers

    @classmethod
    def writing(cls, path: str, format_only: bool) -> dict:
        return dict(out_dir=str(check_cell_folder(path)), format_only=format_only)

    def process(self, data_batch: Any, data_samples: Sequence[Any]) -> None:
        """Keep each sequence and the masks of its tracks."""
        for sample in data_samples:
            sample = sample if isinstance(sample, dict) else sample.to_dict()
            if "sequence" not in sample["video"]:
                raise InputError(
                    f"video {sample['video']['id']}: does not say which sequence it is, which CellTrackingMetric "
                    "needs; test on a CellTrackingDataset."
                )
            self.results.append(SequenceResults(sample["video"], best_cells(sample["pred_tracks"], self.min_score)))

    def compute_metrics(self, results: list[list[SequenceResults]]) -> dict[str, float]:
        """Write the folder and compute the figures.

        Args:
            results: the sequences of each process; one that several processes saw counts once.

        Returns:
            DET, SEG, SEG_ST and TRA in 0..1, mean over the sequences, see :func:`evaluate_cells`. Empty where a
            sequence has no truth, and with ``format_only``.
        """
        logger = MMLogger.get_current_instance()
        kept = self.each_once(results)
        missing = sum(item.video["truth_files"] is None for item in kept)
        # written first, so that an error in the comparison does not lose results that took long to make
        if self.out_dir is not None:
            with atomic_folder(self.out_dir) as folder:
                map_in_processes(partial(_write, folder), kept, workers=self.workers)
            logger.info(f"Wrote the results of {len(kept)} sequences to {self.out_dir}.")
        if self.format_only:
            return {}
        if missing or not kept:
            cause = f"{missing} of {len(kept)} sequences have no truth" if kept else "there are no sequences"
            logger.warning(f"DET, SEG and TRA cannot be computed: {cause}; send the results to the challenge instead.")
            return {}
        figures = map_in_processes(_judge, kept, workers=self.workers)
        names = [item.video["sequence"] for item in kept]
        logger.info(f"Figures of each sequence:\n{cell_table(dict(zip(names, figures, strict=True)))}")
        return mean_figures(figures)


def _size(video: dict) -> tuple[tuple[int, int], int]:
    return (video["height"], video["width"]), video["length"]


def _write(folder: Path, item: SequenceResults) -> None:
    lives, maps = label_maps(item.tracks, *_size(item.video))
    write_cells(folder / f"{item.video['sequence']}_RES", lives, maps, item.video["length"])


def _judge(item: SequenceResults) -> dict[str, float]:
    lives, maps = label_maps(item.tracks, *_size(item.video))
    truth = item.video["truth_files"]
    return evaluate_cells(truth, maps, lives, [f"the result of {path}" for path in truth.markers])
