"""From a scene to pixels: frames, and for each object exactly the pixels that show it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mmvis_ext.utils.dice import COS, SIN, TRIG_ONE, TURN, Dice

from .backdrop import backdrop, crop
from .looks import BACKDROP, REACH, inside, paint, wear
from .scene import UNIT, Actor, Scene

__all__ = ["MIN_VISIBLE", "Rendered", "render"]

MIN_VISIBLE = 12
"""An object of which fewer pixels than this are visible counts as absent from the frame."""

EXPOSURES = 9
"""A blurred frame is the average of this many pictures; odd, as its masks are those of the middle one."""


class Rendered(NamedTuple):
    """A drawn video of n objects and T frames.

    Attributes:
        frames: (T, H, W, 3) uint8 RGB.
        masks: (n, T, H, W) bool, the visible pixels; no pixel belongs to two objects.
        areas: (n, T) int64, pixels that each object would show in the frame with nothing in front of it.
    """

    frames: np.ndarray
    masks: np.ndarray
    areas: np.ndarray


def render(scene: Scene, frames: Sequence[int] | None = None) -> Rendered:
    """Draw a scene.

    A pixel belongs to the foremost object that covers its centre; there is no anti-aliasing, so pictures and masks
    agree to the pixel. An object with fewer than ``MIN_VISIBLE`` visible pixels in a frame counts as absent there:
    it is in the picture, but its mask is empty. In a blurred frame the masks are those of mid-exposure.

    Args:
        scene: what to draw.
        frames: which frames, in this order; all by default.
    """
    picked = range(scene.length) if frames is None else frames
    canvas = backdrop(Dice(*scene.backdrop_key), scene.height, scene.width)
    size = (scene.height, scene.width)
    pictures = np.empty((len(picked), *size, 3), dtype=np.uint8)
    masks = np.empty((len(scene.actors), len(picked), *size), dtype=bool)
    areas = np.empty((len(scene.actors), len(picked)), dtype=np.int64)
    for k, t in enumerate(picked):
        pictures[k], owner, areas[:, k] = _expose(scene, canvas, t)
        masks[:, k] = owner == np.arange(len(scene.actors))[:, None, None]
    masks &= (masks.sum(axis=(2, 3)) >= MIN_VISIBLE)[..., None, None]
    return Rendered(pictures, masks, areas)


def _expose(scene: Scene, canvas: np.ndarray, t: int) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """One frame: the average of several pictures where there is blur, and the middle one's owners and areas."""
    middle = _draw(scene, canvas, t, 0)
    if not scene.shutter:
        return middle
    half = EXPOSURES // 2
    total = middle[0].astype(np.uint16)
    for k in (*range(-half, 0), *range(1, half + 1)):
        total += _draw(scene, canvas, t, scene.shutter * k // (EXPOSURES - 1))[0]
    return (total + half) // EXPOSURES, middle[1], middle[2]


def _draw(scene: Scene, canvas: np.ndarray, t: int, moment: int) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """A sharp picture, ``moment`` (in 1/256 step) after frame t.

    Returns:
        (H, W, 3) uint8; the owner of each pixel, (H, W) int8, -1 for none; the area of each actor.
    """
    left, top = ((v * (t * UNIT * scene.frame_step + moment)) // (UNIT**2 * scene.frame_step) for v in scene.pan)
    picture = crop(canvas, left, top, scene.height, scene.width)
    owner = np.full((scene.height, scene.width), -1, dtype=np.int8)
    areas = [0] * len(scene.actors)
    for index in scene.depth:
        window, covered, colours = _stamp(scene.actors[index], canvas, t, moment, scene.height, scene.width)
        picture[window][covered] = colours[covered]
        owner[window][covered] = index
        areas[index] = int(covered.sum())
    for x0, y0, x1, y1 in scene.occluders:
        # Bars are cut from another place of the backdrop and darkened, so that they do not look like objects.
        picture[y0:y1, x0:x1] = crop(canvas, x0 + scene.width, y0 + scene.height, y1 - y0, x1 - x0) // 2
        owner[y0:y1, x0:x1] = -1
    return picture, owner, areas


def _stamp(
    actor: Actor, canvas: np.ndarray, t: int, moment: int, height: int, width: int
) -> tuple[tuple[slice, slice], np.ndarray, np.ndarray]:
    """A window of the frame around an actor, which of its pixels the actor covers (h, w), their colours (h, w, 3)."""
    cx, cy = ((int(c) * UNIT + int(s) * moment) // UNIT for c, s in zip(actor.centre[t], actor.step[t], strict=True))
    reach = int(REACH * actor.size[t].max()) // 2
    window = (
        slice(min(max(0, (cy - reach) // UNIT), height), max(0, min(height, (cy + reach) // UNIT + 1))),
        slice(min(max(0, (cx - reach) // UNIT), width), max(0, min(width, (cx + reach) // UNIT + 1))),
    )
    dy = (np.arange(window[0].start, window[0].stop) * UNIT + UNIT // 2 - cy)[:, None]
    dx = (np.arange(window[1].start, window[1].stop) * UNIT + UNIT // 2 - cx)[None, :]
    angle = (int(actor.angle[t]) + actor.spin * moment // UNIT) % TURN
    cos, sin = int(COS[angle]), int(SIN[angle])
    # All integers but for one division, which rounds the same way on every machine.
    along, across = (int(s) * TRIG_ONE / 2 for s in actor.size[t])
    u = (dx * cos + dy * sin) / along
    v = (dy * cos - dx * sin) / across
    covered = inside(actor.look.label, u, v)
    if actor.look.pattern != BACKDROP:
        return window, covered, paint(actor.look, u, v)
    x, y = (np.floor(w * int(s) / (2 * UNIT)).astype(np.int64) for w, s in zip((u, v), actor.size[0], strict=True))
    return window, covered, wear(actor.look, canvas, x, y)
