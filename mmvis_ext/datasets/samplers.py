"""Samplers: which videos or windows of videos, in which order, on which process."""

from collections.abc import Iterator
from itertools import chain, count, islice
from typing import Any

import numpy as np
from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Sampler

from mmvis_ext.registry import DATA_SAMPLERS
from mmvis_ext.utils.errors import InputError

from .video_dataset import ClipIndex, Draw

__all__ = ["VideoClipSampler", "VideoDrawSampler"]

WRAPPERS = dict(
    RepeatDataset="name its data set alone, with sampler=dict(type='VideoDrawSampler', repeat=...)",
    ConcatDataset="use a MixedDataset, which joins data sets at a ratio",
    ClassBalancedDataset="name its data set alone, or use a MixedDataset, which shows data sets at a ratio",
    MultiImageMixDataset="name its data set alone",
)
"""mmengine's and mmdet's data sets that wrap others: what to write instead, since they cannot be asked for a draw."""


@DATA_SAMPLERS.register_module()
class VideoDrawSampler(Sampler):
    """Every video once per epoch (or ``repeat`` times), shuffled, each with its own seed.

    Order and seeds depend on (seed, epoch) alone, so a resumed run draws what an uninterrupted one would.

    Args:
        dataset: of training videos.
        seed: ``None`` takes one that all processes agree on.
        repeat: draws per video and epoch.
        shuffle: ``False`` keeps the file's order.
        round_up: repeat draws at the end so that all processes get equally many.
        endless: go on with the next epoch instead of ending, for training by iterations.

    Raises:
        InputError: the data set is one of mmengine's wrappers of data sets.
    """

    def __init__(
        self, dataset: Any, seed: int | None = None, repeat: int = 1, shuffle: bool = True, round_up: bool = True,
        endless: bool = False,
    ) -> None:  # fmt: skip
        _refuse_wrapper(dataset)
        self.rank, self.world_size = get_dist_info()
        self.dataset = dataset
        self.seed = sync_random_seed() if seed is None else seed
        self.repeat, self.shuffle, self.round_up, self.endless = repeat, shuffle, round_up, endless
        self.epoch = self.skipped = 0

    def __len__(self) -> int:
        total = len(self.dataset) * self.repeat
        if self.round_up:
            return -(-total // self.world_size)
        return len(range(self.rank, total, self.world_size))

    def __iter__(self) -> Iterator[Draw]:
        if not self.endless:
            return self._draws(self.epoch)
        epochs = chain.from_iterable(map(self._draws, count(self.epoch + self.skipped // len(self))))
        return islice(epochs, self.skipped % len(self), None)

    def skip(self, number: int) -> None:
        """Leave out this process's first ``number`` draws; mmengine does so when it resumes training by iterations."""
        self.skipped = number

    def _draws(self, epoch: int) -> Iterator[Draw]:
        """This process's draws of one epoch."""
        rng = np.random.default_rng([self.seed, epoch])
        videos = np.tile(np.arange(len(self.dataset)), self.repeat)
        if self.shuffle:
            rng.shuffle(videos)
        if self.round_up:
            videos = np.resize(videos, len(self) * self.world_size)
        seeds = rng.integers(0, 2**31, size=len(videos))
        for i in range(self.rank, len(videos), self.world_size):
            yield Draw(int(videos[i]), int(seeds[i]))

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch, from 0, that is drawn from now on; mmengine's loops do so."""
        self.epoch = epoch


@DATA_SAMPLERS.register_module()
class VideoClipSampler(Sampler):
    """All videos, cut into windows of ``clip_len`` frames in time order, for the test loop by step.

    A video stays whole on one process. Videos are dealt out longest first to the process with the least to do, so a
    process may get none.

    Args:
        dataset: in test mode.
        clip_len: frames per window; the last one of a video may be shorter.
        seed: not used, as nothing is random here; mmengine gives one to every sampler.

    Raises:
        InputError: the data set is one of mmengine's wrappers of data sets.
    """

    def __init__(self, dataset: Any, clip_len: int, seed: int | None = None) -> None:
        _refuse_wrapper(dataset)
        rank, world_size = get_dist_info()
        lengths = [dataset.get_len_per_video(i) for i in range(len(dataset))]
        loads = np.zeros(world_size, dtype=int)
        mine = []
        for video in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
            target = int(loads.argmin())
            loads[target] += lengths[video]
            if target == rank:
                mine.append(video)
        self.windows = [
            ClipIndex(video, start, min(start + clip_len, lengths[video]))
            for video in sorted(mine)
            for start in range(0, lengths[video], clip_len)
        ]

    def __len__(self) -> int:
        return len(self.windows)

    def __iter__(self) -> Iterator[ClipIndex]:
        return iter(self.windows)


def _refuse_wrapper(dataset: Any) -> None:
    name = next((kind.__name__ for kind in type(dataset).__mro__ if kind.__name__ in WRAPPERS), None)
    if name is not None:
        raise InputError(f"{name}: wraps data sets of images and knows no draws from videos; {WRAPPERS[name]}.")
