"""The knobs of a scene."""

from dataclasses import asdict, dataclass, fields
from typing import Any

from mmvis_ext.utils.errors import InputError

__all__ = ["TRAITS", "SceneConfig"]

TRAITS = ("lookalike", "crossing", "occluder", "enter_leave", "scale", "deform", "jump", "blur", "pan", "camouflage")
"""The difficulties. Each is a knob of :class:`SceneConfig`: the chance that a video shows it."""


@dataclass(frozen=True)
class SceneConfig:
    """What scenes may look like. A pair is the range, both ends included, from which each video or object draws.

    Motion is computed in steps of time; by default each frame is one step. Knobs do not disturb each other: with the
    same seed, turning one up leaves the rest of the draws as they were.

    Attributes:
        height, width: of the frames, pixels.
        length: frames of a video.
        objects: objects of a video; a video gets more where its difficulties need them.
        size: of an object, its pixels from side to side.
        speed: of an object, pixels per step.
        spin: largest turn of an object per step, degrees.
        frame_step: steps between two frames; 6 makes a video of a sixth of the frame rate.
        lookalike: chance that ``lookalikes`` objects share class, pattern, colours and size.
        crossing: chance that two objects meet in the middle of the frame and the video, one in front.
        occluder: chance of ``occluders`` bars that stand still in front of everything.
        enter_leave: chance that objects come in late, leave early, or leave and come back.
        scale: chance that objects grow or shrink, by a factor of up to ``scale_ratio``.
        deform: chance that objects stretch and squeeze, by up to ``deformation`` of their size.
        jump: chance that objects jump to another place; each then does so at each frame with chance ``jump_rate``.
        blur: chance of motion blur; the shutter is open for ``shutter`` steps.
        pan: chance that the background passes by, at ``pan_speed`` pixels per step.
        camouflage: chance that all objects have the background's colours and texture, so that little but their motion
            tells them from it.

    Raises:
        InputError: a knob is out of range or does not fit another one.
    """

    height: int = 120
    width: int = 160
    length: tuple[int, int] = (18, 36)
    objects: tuple[int, int] = (2, 4)
    size: tuple[int, int] = (18, 48)
    speed: tuple[float, float] = (2.0, 5.0)
    spin: float = 4.0
    frame_step: int = 1

    lookalike: float = 0.0
    crossing: float = 0.0
    occluder: float = 0.0
    enter_leave: float = 0.0
    scale: float = 0.0
    deform: float = 0.0
    jump: float = 0.0
    blur: float = 0.0
    pan: float = 1.0
    camouflage: float = 0.0

    lookalikes: int = 2
    occluders: tuple[int, int] = (1, 2)
    scale_ratio: float = 2.5
    deformation: float = 0.35
    jump_rate: float = 0.2
    shutter: float = 1.0
    pan_speed: tuple[float, float] = (0.5, 2.0)

    def __post_init__(self) -> None:
        for knob in fields(self):
            _check_form(knob.name, getattr(self, knob.name), knob.default)
        for name in (*TRAITS, "jump_rate"):
            _require(getattr(self, name) <= 1, name, "must be between 0 and 1")
        _require(self.height >= 16, "height", "must be at least 16 pixels")
        _require(self.width >= 16, "width", "must be at least 16 pixels")
        _require(self.length[0] >= 1, "length", "must be at least 1 frame")
        _require(self.size[0] >= 8, "size", "must be at least 8 pixels")
        _require(self.objects[0] >= 1, "objects", "must be at least 1")
        _require(self.objects[1] <= 20, "objects", "must be at most 20, as many as DAVIS takes")
        _require(self.frame_step >= 1, "frame_step", "must be at least 1")
        _require(self.scale_ratio >= 1, "scale_ratio", "must be at least 1")
        _require(self.shutter <= 4, "shutter", "must be at most 4 steps")
        _require(self.deformation < 1, "deformation", "must be below 1")
        if self.enter_leave or self.jump:
            _require(self.length[0] >= 5, "length", "must be at least 5 frames where objects enter, leave or jump")
        if self.crossing:
            _require(self.objects[1] >= 2, "objects", "must reach at least 2 where objects cross")
        if self.lookalike:
            _require(2 <= self.lookalikes <= self.objects[1], "lookalikes", "must be between 2 and the most objects")

    def recipe(self) -> dict[str, Any]:
        """The knobs by name, as a data set's manifest has them.

        A knob that is younger than the manifest is left out where it is off, so that older data sets are still valid.
        """
        return {name: value for name, value in asdict(self).items() if name != "camouflage" or value}

    @classmethod
    def parse(cls, settings: list[str]) -> dict[str, int | float | tuple]:
        """Read ``knob=value`` texts; a range is written ``low,high``, a single number means both.

        Raises:
            InputError: there is no such knob, or the value has a wrong form.
        """
        defaults = {knob.name: getattr(cls, knob.name) for knob in fields(cls)}
        values: dict[str, int | float | tuple] = {}
        for text in settings:
            name, equals, value = text.partition("=")
            if not equals or name not in defaults:
                raise InputError(f"'{text}' sets no knob; write knob=value with one of: {', '.join(defaults)}.")
            default = defaults[name]
            kind = type(default[0] if isinstance(default, tuple) else default)
            try:
                numbers = tuple(kind(part) for part in value.split(","))
            except ValueError:
                numbers = ()
            if isinstance(default, tuple) and len(numbers) == 1:
                numbers *= 2
            if len(numbers) != (2 if isinstance(default, tuple) else 1):
                form = f"{kind.__name__},{kind.__name__}" if isinstance(default, tuple) else kind.__name__
                raise InputError(f"'{text}': {name} takes {form}; correct the value.")
            values[name] = numbers if isinstance(default, tuple) else numbers[0]
        return values


def _require(holds: bool, name: str, rule: str) -> None:
    if not holds:
        raise InputError(f"ShapesVIS knob '{name}' {rule}; correct the value.")


def _check_form(name: str, value: Any, default: object) -> None:
    if isinstance(default, tuple):
        pair = isinstance(value, tuple) and len(value) == 2
        _require(pair, name, "must be a pair (low, high)")
        for number in value:
            _check_form(name, number, default[0])
        _require(value[0] <= value[1], name, "must have its low end first")
        return
    kinds = int if isinstance(default, int) else int | float
    _require(isinstance(value, kinds) and not isinstance(value, bool), name, f"takes {type(default).__name__} numbers")
    # Also refuses NaN and infinity.
    _require(0 <= value < 1e6, name, "must be a finite number and not negative")
