"""J&F of DAVIS and the PNGs for its server, from a model's tracks of whole videos."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

import numpy as np
from mmengine.logging import MMLogger

from mmvis_ext.registry import METRICS
from mmvis_ext.structures.rle import RLE
from mmvis_ext.utils.errors import InputError

from .davis_folders import paired
from .davis_jf import MAX_PROPOSALS, SequenceFigures, summarize
from .davis_protocols import FOREGROUND, OBJECTS, Protocol
from .davis_submission import best_proposals, check_davis_folder, index_maps, write_sequence
from .folder_metric import FolderMetric
from .report import davis_table
from .video_shares import check_shares_path, jf_shares, write_shares

__all__ = ["DAVIS2016Metric", "DAVISMetric"]


@dataclass
class SequenceResults:
    """One sequence and the masks of its proposals, best first. Not a dict, which mmengine would copy."""

    video: dict
    proposals: list[list[RLE | None]]


@METRICS.register_module()
class DAVISMetric(FolderMetric):
    """J&F of DAVIS 2019's unsupervised track, and the folder of PNGs for its server.

    Each data sample holds ``pred_tracks`` (:class:`VideoTracks`) and ``video`` as :class:`DAVISUnsupervisedDataset`
    gives it: ``id``, ``width``, ``height``, ``length``, ``file_names`` and ``truth_files``, the PNGs of the truth, or
    ``None`` where the split has none.

    A sequence's proposals are its best tracks, see :func:`best_proposals`. Where two overlap, the better one has the
    pixel. Sequences are composed, written and compared on every core.

    Args:
        max_proposals: tracks kept per sequence; the benchmark takes 20.
        min_score: tracks with a lower score are left out.
        shares_file: path of a JSON file for the figures and J&F of each object, see :mod:`.video_shares`.
        kwargs: of :class:`FolderMetric`; the results are ``out_dir/SEQUENCE/00000.png``.

    Raises:
        InputError: an argument is out of range, or ``out_dir`` holds something else than results, or the truth.
    """

    default_prefix = "davis"
    protocol: ClassVar[Protocol] = OBJECTS

    check_folder = staticmethod(check_davis_folder)
    unjudged = "J&F cannot be computed: {cause}; send the results to the benchmark's server instead."
    no_truth = "annotations"

    def __init__(
        self,
        max_proposals: int = MAX_PROPOSALS,
        min_score: float = 0.0,
        shares_file: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not 1 <= max_proposals <= MAX_PROPOSALS:
            raise InputError(f"{type(self).__name__}: max_proposals is 1 to {MAX_PROPOSALS}, not {max_proposals}.")
        self.max_proposals = max_proposals
        self.min_score = min_score
        self.shares_file = None if shares_file is None else check_shares_path(shares_file)

    def process(self, data_batch: Any, data_samples: Sequence[Any]) -> None:
        """Keep each sequence and the masks of its best tracks."""
        for sample in data_samples:
            sample = sample if isinstance(sample, dict) else sample.to_dict()
            if "file_names" not in sample["video"]:
                raise InputError(
                    f"video {sample['video']['id']}: does not say what its files are called, which "
                    f"{type(self).__name__} needs; test on a DAVISUnsupervisedDataset or a DAVIS2016Dataset."
                )
            self._keep_truth(sample["video"])
            proposals = best_proposals(sample["pred_tracks"], self.max_proposals, self.min_score)
            self.results.append(SequenceResults(sample["video"], proposals))

    def _keep_truth(self, video: dict) -> None:
        """Refuse an ``out_dir`` that holds the truth: it looks like older results and would be replaced."""
        if self.out_dir is None or not video["truth_files"]:
            return
        truth, out = (Path(os.path.realpath(path)) for path in (video["truth_files"][0], self.out_dir))
        if truth.is_relative_to(out):
            raise InputError(
                f"{self.out_dir}: holds the annotations, which would be lost; write the results elsewhere."
            )

    @classmethod
    def write(cls, folder: Path, item: SequenceResults) -> None:
        """Write the PNGs of a sequence."""
        write_sequence(folder, item.video["file_names"], _maps(item), cls.protocol.png)

    @classmethod
    def judge(cls, item: SequenceResults) -> SequenceFigures:
        """The figures of a sequence."""
        names = item.video["file_names"]
        pairs = paired(item.video["truth_files"], _maps(item), names, cls.protocol)
        return cls.protocol.evaluate(str(PurePosixPath(names[0]).parent), pairs)

    def summarize(self, kept: Sequence[SequenceResults], figures: Sequence[SequenceFigures]) -> dict[str, float]:
        """J&F, J-mean, J-recall, J-decay, F-mean, F-recall, F-decay in 0..100; -1 where nothing is judged."""
        MMLogger.get_current_instance().info(f"Figures of each sequence and object:\n{davis_table(figures)}")
        values = summarize(figures)
        if self.shares_file is not None:
            write_shares(self.shares_file, values, jf_shares([item.video["id"] for item in kept], figures))
        return values


@METRICS.register_module()
class DAVIS2016Metric(DAVISMetric):
    """J and F of DAVIS 2016 (Perazzi et al. 2016), whose truth is one foreground.

    The foreground is what any of the kept tracks shows. First and last frame are left out, see
    :func:`evaluate_foreground`. The PNGs in ``out_dir`` are grey, with 0 and 255.

    Args:
        max_proposals: tracks that make the foreground; the best one by default, see :func:`best_proposals`.
        min_score: tracks with a lower score are left out.
        kwargs: of :class:`DAVISMetric`.
    """

    default_prefix = "davis2016"
    protocol: ClassVar[Protocol] = FOREGROUND

    def __init__(self, max_proposals: int = 1, min_score: float = 0.0, **kwargs: Any) -> None:
        super().__init__(max_proposals, min_score, **kwargs)


def _maps(item: SequenceResults) -> Iterator[np.ndarray]:
    video = item.video
    return index_maps(item.proposals, (video["height"], video["width"]), len(video["file_names"]))
