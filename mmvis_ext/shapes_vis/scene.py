"""One video before it is drawn: who is where in which frame, and what they look like."""

from dataclasses import dataclass, replace

import numpy as np

from mmvis_ext.utils.dice import COS, SIN, TRIG_ONE, TURN, Dice
from mmvis_ext.utils.errors import InputError

from .config import TRAITS, SceneConfig
from .looks import BACKDROP, REACH, Look, draw_look
from .motion import Walker, steps_of

__all__ = ["UNIT", "Actor", "Scene", "sample_scene"]

UNIT = 256
"""Lengths are integers in 1/256 pixel, so that rounding differences between machines cannot change a picture."""

# One random stream per purpose: a knob that changes one leaves the others alone.
STREAM_TRAITS, STREAM_LENGTH, STREAM_CAST, STREAM_BACKDROP, STREAM_PAN, STREAM_OCCLUDERS, STREAM_MEETING = range(1, 8)
STREAM_LOOK, STREAM_PATH, STREAM_FORM = range(8, 11)


@dataclass(frozen=True, eq=False)
class Actor:
    """One object over a video of T frames.

    Attributes:
        look: its class and texture.
        centre: (T, 2) int64, x and y in 1/256 pixel; may lie outside the frame.
        step: (T, 2) int64, motion per step, for the blur; 1/256 pixel.
        size: (T, 2) int64, across its own two axes; 1/256 pixel.
        angle: (T,) int64 in 1/4096 turn.
        spin: turn per step, in 1/4096 turn.
    """

    look: Look
    centre: np.ndarray
    step: np.ndarray
    size: np.ndarray
    angle: np.ndarray
    spin: int


@dataclass(frozen=True, eq=False)
class Scene:
    """One video.

    Attributes:
        height, width: of the frames, pixels.
        length: T, frames.
        actors: the objects; the position is the track.
        depth: positions in ``actors`` from the back to the front.
        occluders: (left, top, right, bottom) of bars in front of everything, pixels, right and bottom excluded.
        backdrop_key: names the random stream of the background.
        pan: x and y motion of the background's crop per frame, 1/256 pixel.
        shutter: how long the shutter is open, 1/256 step; 0 means no blur.
        frame_step: steps between two frames.
        traits: the difficulties that this video shows, of ``TRAITS``.
    """

    height: int
    width: int
    length: int
    actors: tuple[Actor, ...]
    depth: tuple[int, ...]
    occluders: tuple[tuple[int, int, int, int], ...]
    backdrop_key: tuple[int, ...]
    pan: tuple[int, int]
    shutter: int
    frame_step: int
    traits: frozenset[str]


def sample_scene(config: SceneConfig, seed: int | tuple[int, ...]) -> Scene:
    """Draw a scene; the same config and seed always give the same one.

    Some difficulties rule each other out, as nobody could then tell the objects apart: in a video with look-alikes no
    object jumps; and only objects other than the look-alikes and the pair that crosses enter or leave.

    Args:
        config: the knobs.
        seed: a non-negative integer or a tuple of them.

    Raises:
        InputError: a negative seed.
    """
    key = (seed,) if isinstance(seed, int) else tuple(seed)
    if any(part < 0 for part in key):
        raise InputError(f"ShapesVIS seed {seed} is negative; take 0 or more.")
    dice = Dice(*key)
    traits = {name for name, chance in _chances(config, dice) if chance}
    length = dice.child(STREAM_LENGTH, 0).integer(*config.length)
    cast = dice.child(STREAM_CAST, 0)
    count = _settle(config, traits, cast.integer(*config.objects))
    looks, sizes = _draw_looks(config, dice, traits, count)
    paths = _draw_paths(config, dice, traits, sizes, length)
    actors = [_actor(config, dice, traits, i, looks[i], sizes[i], paths[i]) for i in range(count)]
    actors = cast.shuffled(actors)
    return Scene(
        height=config.height,
        width=config.width,
        length=length,
        actors=tuple(actors),
        depth=tuple(cast.shuffled(range(count))),
        occluders=_draw_occluders(config, dice) if "occluder" in traits else (),
        backdrop_key=(*key, STREAM_BACKDROP, 0),
        pan=_draw_pan(config, dice) if "pan" in traits else (0, 0),
        shutter=_fixed(config.shutter) if "blur" in traits else 0,
        frame_step=config.frame_step,
        traits=frozenset(traits),
    )


def _chances(config: SceneConfig, dice: Dice) -> list[tuple[str, bool]]:
    draw = dice.child(STREAM_TRAITS, 0)
    return [(name, draw.chance(getattr(config, name))) for name in TRAITS]


def _settle(config: SceneConfig, traits: set[str], count: int) -> int:
    """The number of objects; removes from ``traits`` the difficulties that the others rule out."""
    special = _special(config, traits)
    count = max(count, min(special + ("enter_leave" in traits), config.objects[1]))
    if "lookalike" in traits:
        traits.discard("jump")
    if count <= special:
        traits.discard("enter_leave")
    return count


def _special(config: SceneConfig, traits: set[str]) -> int:
    """How many objects, the last ones, cross or look alike; where both happen, two of the look-alikes cross."""
    return max(2 * ("crossing" in traits), config.lookalikes * ("lookalike" in traits))


def _draw_looks(config: SceneConfig, dice: Dice, traits: set[str], count: int) -> tuple[list[Look], list[int]]:
    draws = [dice.child(STREAM_LOOK, i) for i in range(count)]
    # Objects that do not look alike differ in their first colour, while there are colours left.
    first = dice.child(STREAM_CAST, 1).integer(0, 7)
    looks = [draw_look(draw, first + 3 * i) for i, draw in enumerate(draws)]
    sizes = [draw.integer(*config.size) for draw in draws]
    if "camouflage" in traits:
        places = [(draw.integer(0, 2 * config.width - 1), draw.integer(0, 2 * config.height - 1)) for draw in draws]
        looks = [replace(look, pattern=BACKDROP, origin=place) for look, place in zip(looks, places, strict=True)]
    if "lookalike" in traits:
        for i in range(count - config.lookalikes, count):
            looks[i], sizes[i] = looks[-1], sizes[-1]
    return looks, sizes


def _draw_paths(config: SceneConfig, dice: Dice, traits: set[str], sizes: list[int], length: int) -> list[np.ndarray]:
    """(T, 2) float64 per object, pixels."""
    count, special = len(sizes), _special(config, traits)
    meeting = dice.child(STREAM_MEETING, 0)
    paths: list[np.ndarray] = []
    taken: list[np.ndarray] = []
    for i, size in enumerate(sizes):
        draw = dice.child(STREAM_PATH, i)
        walker = Walker(
            dice=draw,
            frame=(config.width, config.height),
            margin=0.45 * size,
            reach=0.5 * size * REACH * _stretch(config, traits),
            speed=draw.uniform(*config.speed),
            frame_step=config.frame_step,
        )
        start = walker.spot(taken)
        leaves = i == 0 or (i < count - special and draw.chance(0.5))
        if "crossing" in traits and i >= count - 2:
            paths.append(_meet(walker, meeting, first=i == count - 1, size=size, length=length))
        elif "enter_leave" in traits and leaves:
            way = draw.choice((walker.enter, walker.leave, walker.come_back))
            paths.append(way(length))
        elif "jump" in traits:
            paths.append(walker.jump(start, length, config.jump_rate))
        else:
            paths.append(walker.stay(start, length))
        taken.append(start)
    return paths


def _meet(walker: Walker, meeting: Dice, first: bool, size: int, length: int) -> np.ndarray:
    """The path of one of two objects that meet: both draw the same place and time from streams of the same key."""
    plan = Dice(*meeting.key)
    frame = plan.integer(length * 2 // 5, length * 3 // 5)
    point = np.array([side * plan.uniform(0.35, 0.65) for side in walker.frame])
    heading = plan.integer(0, TURN - 1)
    if not first:
        heading += TURN // 2 + plan.integer(-TURN // 8, TURN // 8)
        point = point + size * np.array([plan.uniform(-0.15, 0.15), plan.uniform(-0.15, 0.15)])
    return walker.meet(point, heading % TURN, min(frame, length - 1), length)


def _stretch(config: SceneConfig, traits: set[str]) -> float:
    """The largest factor by which an object's size may exceed the drawn one."""
    grow = config.scale_ratio**0.5 if "scale" in traits else 1.0
    return grow * (1.0 + (config.deformation if "deform" in traits else 0.0))


def _actor(
    config: SceneConfig, dice: Dice, traits: set[str], index: int, look: Look, size: int, path: np.ndarray
) -> Actor:
    draw, length = dice.child(STREAM_FORM, index), len(path)
    steps = np.arange(length)
    most = round(config.spin * TURN / 360)
    spin = draw.integer(-most, most)
    angle = draw.integer(0, TURN - 1) + steps * spin * config.frame_step
    # Over the video a cosine runs through most of its period, from a random phase on.
    period, phase = draw.integer(length, length * 3 // 2), draw.integer(0, TURN - 1)
    wave = COS[(phase + steps * TURN // period) % TURN] / TRIG_ONE
    ripple = SIN[(phase + 2 * steps * TURN // period) % TURN] / TRIG_ONE
    axes = np.full((length, 2), float(size))
    if "scale" in traits:
        grow = draw.uniform(1.0 + 0.6 * (config.scale_ratio - 1.0), config.scale_ratio) ** 0.5
        axes *= (1.0 / grow + (grow - 1.0 / grow) * (0.5 + 0.5 * wave))[:, None]
    if "deform" in traits:
        axes *= 1.0 + config.deformation * np.stack([ripple, -ripple], axis=1)
    return Actor(
        look=look,
        centre=np.rint(path * UNIT).astype(np.int64),
        step=np.rint(steps_of(path) * UNIT / config.frame_step).astype(np.int64),
        size=np.rint(axes * UNIT).astype(np.int64),
        angle=angle % TURN,
        spin=spin,
    )


def _draw_occluders(config: SceneConfig, dice: Dice) -> tuple[tuple[int, int, int, int], ...]:
    draw, bars = dice.child(STREAM_OCCLUDERS, 0), []
    for _ in range(draw.integer(*config.occluders)):
        upright = draw.chance(0.5)
        along = config.width if upright else config.height
        thick = draw.integer(along // 12, along // 6)
        start = draw.integer(along // 6, along * 5 // 6 - thick)
        bars.append((start, 0, start + thick, config.height) if upright else (0, start, config.width, start + thick))
    return tuple(bars)


def _draw_pan(config: SceneConfig, dice: Dice) -> tuple[int, int]:
    draw = dice.child(STREAM_PAN, 0)
    speed, heading = draw.uniform(*config.pan_speed) * config.frame_step, draw.integer(0, TURN - 1)
    return _fixed(speed * int(COS[heading]) / TRIG_ONE), _fixed(speed * int(SIN[heading]) / TRIG_ONE)


def _fixed(value: float) -> int:
    return round(value * UNIT)
