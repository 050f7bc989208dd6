"""DET, SEG and TRA of the Cell Tracking Challenge and its results folders, from a model's tracks of whole videos."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.logging import MMLogger

from mmvis_ext.registry import METRICS
from mmvis_ext.utils.errors import InputError

from .cell_tracking_measures import evaluate_cells, mean_figures
from .cell_tracking_submission import CellTracks, best_cells, check_cell_folder, label_maps, write_cells
from .folder_metric import FolderMetric
from .report import cell_table

__all__ = ["CellTrackingMetric"]


@dataclass
class SequenceResults:
    """One sequence and its tracks. Not a dict, which mmengine would copy."""

    video: dict
    tracks: CellTracks


@METRICS.register_module()
class CellTrackingMetric(FolderMetric):
    """DET, SEG and TRA of the Cell Tracking Challenge, and the folders of results that it takes.

    Each data sample holds ``pred_tracks`` (:class:`VideoTracks`) and ``video`` as :class:`CellTrackingDataset` gives
    it: ``id``, ``width``, ``height``, ``length``, ``sequence`` and ``truth_files``, which is ``None`` without truth.

    Where two tracks overlap, the one with the better score has the pixel. A track that is away for some frames goes on
    under a new label, see :func:`divide`. Where the data set reads a part of a sequence, that part is judged by itself,
    and the results are numbered from its first frame.

    Args:
        min_score: tracks with a lower score are left out.
        kwargs: of :class:`FolderMetric`; the results are ``out_dir/01_RES/mask000.tif`` and ``res_track.txt``.

    Raises:
        InputError: see :class:`FolderMetric`.
    """

    default_prefix = "ctc"

    check_folder = staticmethod(check_cell_folder)
    unjudged = "DET, SEG and TRA cannot be computed: {cause}; send the results to the challenge instead."
    no_truth = "truth"

    def __init__(self, min_score: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.min_score = min_score

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

    @classmethod
    def write(cls, folder: Path, item: SequenceResults) -> None:
        """Write the maps and the table of a sequence."""
        lives, maps = label_maps(item.tracks, *_size(item.video))
        write_cells(folder / f"{item.video['sequence']}_RES", lives, maps, item.video["length"])

    @classmethod
    def judge(cls, item: SequenceResults) -> dict[str, float]:
        """The figures of a sequence."""
        lives, maps = label_maps(item.tracks, *_size(item.video))
        truth = item.video["truth_files"]
        return evaluate_cells(truth, maps, lives, [f"the result of {path}" for path in truth.markers])

    def summarize(self, kept: Sequence[SequenceResults], figures: Sequence[dict[str, float]]) -> dict[str, float]:
        """DET, SEG, SEG_ST and TRA in 0..1, mean over the sequences, see :func:`evaluate_cells`."""
        names = [item.video["sequence"] for item in kept]
        table = cell_table(dict(zip(names, figures, strict=True)))
        MMLogger.get_current_instance().info(f"Figures of each sequence:\n{table}")
        return mean_figures(figures)


def _size(video: dict) -> tuple[tuple[int, int], int]:
    return (video["height"], video["width"]), video["length"]
