"""Named datasets: ``tiny``, ``mini``, ``study`` and ``claims``, and the settings that turn one difficulty up."""

from dataclasses import dataclass, field, replace
from typing import Any

from mmvis_ext.utils.errors import InputError

from .config import SceneConfig

__all__ = ["PRESETS", "Preset", "get_preset"]

Batches = tuple[tuple[int, SceneConfig], ...]


@dataclass(frozen=True)
class Preset:
    """A dataset's recipe.

    Attributes:
        name: what it is called in files and on the command line.
        about: what it is for, a phrase.
        splits: for ``train`` and ``val`` a tuple of pairs (number of videos, their knobs).
        stills: number of images of each split in the COCO layout; they take the knobs of the split's videos in turn.
    """

    name: str
    about: str
    splits: dict[str, Batches]
    stills: dict[str, int] = field(default_factory=lambda: {"train": 200, "val": 50})

    def knobs(self, split: str) -> list[SceneConfig]:
        """The knobs of each video of a split."""
        return [config for count, config in self.splits[split] for _ in range(count)]

    def still_knobs(self, split: str) -> list[SceneConfig]:
        """The knobs of each still image of a split."""
        knobs = self.knobs(split)
        return [knobs[i % len(knobs)] for i in range(self.stills[split])]

    def with_knobs(self, **values: Any) -> "Preset":
        """The same recipe with these knobs set in all of its videos.

        Raises:
            InputError: a value is out of range or does not fit the recipe's other knobs.
        """
        splits = {
            split: tuple((count, replace(config, **values)) for count, config in batches)
            for split, batches in self.splits.items()
        }
        return replace(self, splits=splits)

    def of_motion(self) -> "Preset":
        """The recipe for SRNet's tables.

        There are as few videos to learn from as in DAVIS, half of all have camouflaged objects, and there is only every
        third frame, so that a link has to know where objects were.
        """
        splits = self.with_knobs(camouflage=0.5, frame_step=3).splits
        few = tuple((min(count, 60), config) for count, config in splits["train"])
        about = f"{self.name} for SRNet: few videos, a third of the frame rate, camouflaged objects in half of them"
        return replace(self, name=f"{self.name}-motion", about=about, splits=splits | {"train": few})


def get_preset(name: str) -> Preset:
    """The preset of this name; raises InputError where there is none."""
    if name not in PRESETS:
        raise InputError(f"ShapesVIS has no preset '{name}'; take one of: {', '.join(PRESETS)}.")
    return PRESETS[name]


def _tiny() -> Preset:
    # Each video shows something that a test needs, whatever the seed.
    base = SceneConfig(height=48, width=64, length=(5, 9), objects=(2, 2), size=(14, 24), pan_speed=(0.5, 1.5))
    alone = replace(base, objects=(1, 1), enter_leave=1.0)
    three = replace(base, objects=(3, 3), size=(12, 18))
    twins = replace(base, lookalike=1.0, crossing=1.0)
    guest = replace(base, enter_leave=1.0)
    train, val = (alone, three, twins, guest), (three, guest)
    splits = {"train": tuple((1, c) for c in train), "val": tuple((1, c) for c in val)}
    return Preset("tiny", "six short videos, for tests", splits, {"train": 6, "val": 3})


def _mini() -> Preset:
    base = SceneConfig(
        height=96,
        width=128,
        length=(8, 20),
        objects=(1, 3),
        size=(20, 48),
        speed=(2.0, 5.0),
        lookalike=0.2,
        crossing=0.25,
        enter_leave=0.25,
        pan_speed=(0.5, 2.0),
    )
    return Preset("mini", "the quickstart: learnt from scratch in minutes", _both(base, 160, 40))


STUDY = SceneConfig(
    height=120,
    width=160,
    length=(18, 36),
    objects=(2, 4),
    size=(18, 48),
    speed=(2.0, 7.0),
    lookalike=0.5,
    crossing=0.35,
    occluder=0.25,
    enter_leave=0.35,
    scale=0.3,
    deform=0.3,
    jump=0.1,
    blur=0.25,
    pan=0.75,
)

CLAIMS = replace(
    STUDY,
    height=96,
    width=128,
    length=(8, 16),
    objects=(2, 3),
    size=(20, 48),
    speed=(2.0, 5.0),
    lookalike=0.3,
    crossing=0.3,
    occluder=0.2,
    enter_leave=0.35,
    scale=0.25,
    deform=0.25,
    blur=0.2,
    pan=0.5,
)

SETTINGS: dict[str, tuple[str, dict]] = {
    "lookalike": (
        "three objects of one class and texture, two of which cross",
        dict(lookalike=1.0, lookalikes=3, objects=(3, 4), crossing=1.0),
    ),
    "occlusion": ("crossing objects and bars in front", dict(crossing=1.0, occluder=1.0)),
    "enter-leave": ("objects enter, leave and come back", dict(enter_leave=1.0)),
    "fast": ("a sixth of the frame rate, and sudden jumps", dict(frame_step=6, jump=1.0, lookalike=0.0)),
    "blur": ("motion blur", dict(blur=1.0, shutter=2.0)),
    "pan": ("a fast camera pan", dict(pan=1.0, pan_speed=(4.0, 8.0))),
    "scale": ("objects change size and shape", dict(scale=1.0, deform=1.0, scale_ratio=4.0)),
    "long": ("videos of 300 frames and more", dict(length=(300, 330))),
}
"""What each ``study-<name>`` is about, and the knobs by which it differs from ``study``.

With the same seed, a setting's n-th video is ``study``'s n-th video but for these knobs.
"""


def _both(config: SceneConfig, train: int, val: int) -> dict[str, Batches]:
    return {"train": ((train, config),), "val": ((val, config),)}


def _claims() -> Preset:
    about = "the papers' tables: fewer difficulties at once, so that small models learn it in minutes"
    return Preset("claims", about, _both(CLAIMS, 400, 200), {"train": 1000, "val": 200})


def _study_setting(name: str) -> Preset:
    about, values = SETTINGS[name]
    train, val = (10, 6) if name == "long" else (100, 50)
    return Preset(f"study-{name}", f"study: {about}", _both(replace(STUDY, **values), train, val))


PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        _tiny(),
        _mini(),
        Preset("study", "all difficulties mixed", _both(STUDY, 400, 100), {"train": 1000, "val": 200}),
        _claims(),
        _claims().of_motion(),
        *(_study_setting(name) for name in SETTINGS),
    )
}
"""By name, as the command line takes them."""
