"""Several data sets as one, in fixed proportions."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mmvis_ext.registry import DATASETS
from mmvis_ext.utils.errors import InputError

from .video_dataset import Draw

__all__ = ["MixedDataset"]


@DATASETS.register_module()
class MixedDataset:
    """Training samples of several data sets, mixed at a ratio.

    An epoch shows each item of the first set once, and of every other set as many items as the ratio asks for: whole
    rounds through the set first, the remainder drawn at random by the draw's seed. With 100 videos, 40 images and
    ``ratio=dict(videos=1, images=1)``, an epoch shows each video once, each image twice, and 20 random images. As seeds
    depend on (run seed, epoch, position) alone, so does the mixture, and a resumed run draws what an uninterrupted one
    would.

    Args:
        datasets: config of each set by a name that you choose, by which an inheriting config can change a single set.
            A set without ``metainfo`` takes that of the first, and with it the classes.
        ratio: items of each set relative to those of the others, by name; 1 for a set that is not named.
        clips: config that replaces the ``clips`` of every set, since all samples of a batch must have equally many
            frames.

    Metainfo: that of the first set.

    Raises:
        InputError: there are no sets, a ratio is not above 0 or names no set, an epoch would show no item of a set, or
            a set has other classes than the first.
    """

    def __init__(
        self, datasets: Mapping[str, dict], ratio: Mapping[str, float] | None = None, clips: dict | None = None
    ) -> None:
        ratio = ratio or {}
        strange = sorted(set(ratio) - set(datasets))
        if not datasets or strange or not all(value > 0 for value in ratio.values()):
            raise InputError(
                f"MixedDataset: ratio={dict(ratio)} must name sets among {list(datasets)}, each with a number above 0; "
                "correct the config."
            )
        self.sets: dict[str, Any] = {}
        for name, cfg in datasets.items():
            self.sets[name] = self._build(name, cfg, clips)
        first = next(iter(self.sets))
        unit = len(self.sets[first]) / ratio.get(first, 1)
        self.counts = {name: round(unit * ratio.get(name, 1)) for name in self.sets}
        if 0 in self.counts.values():
            raise InputError(
                f"MixedDataset: at ratio={dict(ratio)} an epoch shows {self.counts}; raise the ratio of the set with 0."
            )

    def _build(self, name: str, cfg: dict, clips: dict | None) -> Any:
        cfg = dict(cfg) if clips is None else dict(cfg, clips=clips)
        if self.sets and not cfg.get("metainfo"):
            cfg["metainfo"] = self.metainfo
        dataset = DATASETS.build(cfg)
        dataset.full_init()
        if self.sets and tuple(dataset.metainfo["classes"]) != tuple(self.metainfo["classes"]):
            raise InputError(
                f"MixedDataset: '{name}' has the classes {list(dataset.metainfo['classes'])}, but the first set has "
                f"{list(self.metainfo['classes'])}; give all sets the same metainfo.classes."
            )
        return dataset

    @property
    def metainfo(self) -> dict:
        """That of the first set."""
        return next(iter(self.sets.values())).metainfo

    @property
    def objects_per_video(self) -> list[int]:
        """Those of all sets, one set after the other."""
        return [number for dataset in self.sets.values() for number in dataset.objects_per_video]

    def full_init(self) -> None:
        """Do nothing: the sets are read when they are built, as the others need the classes of the first."""

    def __len__(self) -> int:
        return sum(self.counts.values())

    def locate(self, idx: int, seed: int | None = None) -> tuple[str, int]:
        """Which set an item comes from, by name, and its index in that set.

        Args:
            idx: from 0 to the length.
            seed: chooses the item for an index beyond the whole rounds through its set; without a seed such indices
                go through the set's first items.
        """
        if not 0 <= idx < len(self):
            raise IndexError(f"item {idx} of {len(self)}")
        name, start = next((n, s) for n, s in self._starts() if idx >= s)
        place, length = idx - start, len(self.sets[name])
        if seed is None or place < self.counts[name] // length * length:
            return name, place % length
        return name, int(np.random.default_rng(seed).integers(length))

    def _starts(self) -> list[tuple[str, int]]:
        """Name and first index of each set in the mixture, the last set first."""
        starts = np.cumsum([0, *self.counts.values()])[:-1].tolist()
        return list(zip(self.counts, starts, strict=True))[::-1]

    def __getitem__(self, idx: int | Draw) -> dict:
        if isinstance(idx, Draw):
            name, item = self.locate(*idx)
            return self.sets[name][Draw(item, idx.seed)]
        name, item = self.locate(idx)
        return self.sets[name][item]
