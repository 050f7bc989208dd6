"""A training batch as the query-based models use it: features, targets and frame sizes of B clips."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from mmdet.structures import TrackDataSample
from torch import Tensor

from mmvis_ext.structures.tracklets import Tracklets

from .query import as_pyramid

__all__ = ["TrainingBatch", "mean_over"]


@dataclass(frozen=True)
class TrainingBatch:
    """B samples of T frames each.

    Attributes:
        levels: pyramid levels, the finest first, (B,T,C,h,w) each.
        targets: the B samples' ground truth over all T frames.
        sizes: (B,2) height and width in pixels of each sample's frames without padding.
    """

    levels: list[Tensor]
    targets: list[Tracklets]
    sizes: Tensor

    @classmethod
    def of(cls, features: Sequence[Tensor], inputs: Tensor, data_samples: Sequence[TrackDataSample]) -> "TrainingBatch":
        """Combine the extracted features with the samples' ground truth.

        Args:
            features: pyramid levels of all frames, (B*T,C,h,w) each.
            inputs: (B,T,3,H,W), the frames that the features were extracted from.
            data_samples: B samples with per-frame ground truth.
        """
        b, length, _, height, width = inputs.shape
        return cls(
            [level.unflatten(0, (b, length)) for level in features],
            [Tracklets.from_frames(sample, (height, width), inputs.device) for sample in data_samples],
            inputs.new_tensor([sample[0].metainfo["img_shape"][:2] for sample in data_samples]),
        )

    def __len__(self) -> int:
        """B, the number of samples."""
        return len(self.targets)

    @property
    def length(self) -> int:
        """T, the number of frames of each sample."""
        return self.levels[0].shape[1]

    def sample(self, b: int) -> "TrainingBatch":
        """One sample as a batch of its own."""
        return TrainingBatch([level[b : b + 1] for level in self.levels], [self.targets[b]], self.sizes[b : b + 1])

    def features(self, start: int, stop: int) -> tuple[Tensor, ...]:
        """Pyramid levels of the n frames ``start`` to ``stop - 1``, (B*n,C,h,w) each, sample by sample."""
        return as_pyramid(level[:, start:stop].flatten(0, 1) for level in self.levels)

    def truth(self, start: int, stop: int) -> list[Tracklets]:
        """Targets in frames ``start`` to ``stop - 1``; objects that are absent from all of these are kept too."""
        return [targets.frames(start, stop) for targets in self.targets]


def mean_over(terms: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Mean of each loss term, a scalar (), over frames or clips.

    Args:
        terms: one dict per frame or clip, all with the same names.
    """
    return {name: torch.as_tensor(sum(each[name] / len(terms) for each in terms)) for name in terms[0]}
