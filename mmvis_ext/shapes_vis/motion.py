"""Paths of objects over the frames of a video: wandering, meeting, entering, leaving, jumping."""

from dataclasses import dataclass

import numpy as np

from mmvis_ext.utils.dice import COS, SIN, TRIG_ONE, TURN, Dice

__all__ = ["Walker", "steps_of"]

HALF_TURN, QUARTER_TURN = TURN // 2, TURN // 4
MAX_TURN = TURN // 90
"""An object turns by at most four degrees per step."""


@dataclass(frozen=True)
class Walker:
    """Draws the path of one object's centre.

    A path is (T, 2) float64, x and y in pixels. An object turns a little at every step and bounces off the margin.

    Attributes:
        dice: its random stream.
        frame: (width, height) in pixels.
        margin: distance from the border at which the centre bounces, pixels.
        reach: no pixel of the object is further than this from its centre, pixels.
        speed: pixels per step.
        frame_step: steps between two frames of the video.
    """

    dice: Dice
    frame: tuple[int, int]
    margin: float
    reach: float
    speed: float
    frame_step: int = 1

    def stay(self, start: np.ndarray, length: int) -> np.ndarray:
        """A path that begins at ``start`` and stays in the frame.

        Args:
            start: (2,) x and y in pixels.
            length: frames.

        Returns:
            (length, 2) pixels.
        """
        return self._wander(start, self._heading(), length)

    def meet(self, point: np.ndarray, heading: int, frame: int, length: int) -> np.ndarray:
        """A path through a point.

        Args:
            point: (2,) x and y in pixels.
            heading: direction at the point, in steps of ``TURN``.
            frame: in which the object is at the point.
            length: frames.

        Returns:
            (length, 2) pixels.
        """
        before = self._wander(point, heading + HALF_TURN, frame + 1)
        return np.concatenate([before[:0:-1], self._wander(point, heading, length - frame)])

    def enter(self, length: int) -> np.ndarray:
        """A path from out of sight into the frame; on the border after a quarter to a half of ``length`` frames.

        Returns:
            (length, 2) pixels.
        """
        return self._enter_at(self.dice.integer(max(1, length // 4), max(1, length // 2)), length)

    def leave(self, length: int) -> np.ndarray:
        """The path of :meth:`enter` backwards, (length, 2) pixels."""
        return self.enter(length)[::-1]

    def come_back(self, length: int) -> np.ndarray:
        """A path that leaves and, somewhere else, enters again; ``length`` must be at least five frames.

        Returns:
            (length, 2) pixels.
        """
        first = length // 2
        rest = length - first
        return np.concatenate(
            [self._enter_at(max(1, first // 2), first)[::-1], self._enter_at(max(1, rest // 3), rest)]
        )

    def jump(self, start: np.ndarray, length: int, rate: float) -> np.ndarray:
        """Like :meth:`stay`, but at each frame the object jumps elsewhere with chance ``rate``, at least once.

        Jumps are at least two frames apart, so that every stretch shows the object's speed.

        Args:
            start: (2,) x and y in pixels.
            length: frames.
            rate: 0..1.

        Returns:
            (length, 2) pixels.
        """
        cuts, last = [], 0
        for t in range(2, length - 1):
            if t - last >= 2 and self.dice.chance(rate):
                cuts.append(t)
                last = t
        cuts = cuts or [length // 2]
        pieces, point = [], start
        for begin, end in zip([0, *cuts], [*cuts, length], strict=True):
            pieces.append(self.stay(point, end - begin))
            point = self.spot([pieces[-1][-1]])
        return np.concatenate(pieces)

    def spot(self, taken: list[np.ndarray]) -> np.ndarray:
        """A place in the frame, (2,) pixels: of six random ones that furthest from the places taken, (2,) each."""
        low, high = self._room()
        places = [low + (high - low) * np.array([self.dice.uniform(), self.dice.uniform()]) for _ in range(6)]
        return max(places, key=lambda p: min((((p - t) ** 2).sum() for t in taken), default=0.0))

    def _room(self) -> tuple[np.ndarray, np.ndarray]:
        size = np.array(self.frame, dtype=np.float64)
        low = np.minimum(self.margin, size * 0.4)
        return low, size - low

    def _heading(self) -> int:
        return self.dice.integer(0, TURN - 1)

    def _wander(self, start: np.ndarray, heading: int, length: int) -> np.ndarray:
        """(length, 2) pixels, a path that begins at ``start`` with this heading and turns a little at every step."""
        (left, top), (right, bottom) = (side.tolist() for side in self._room())
        x, y = float(start[0]), float(start[1])
        path = [(x, y)]
        pace = self.speed / TRIG_ONE
        for _ in range(length - 1):
            for _ in range(self.frame_step):
                heading = (heading + self.dice.integer(-MAX_TURN, MAX_TURN)) % TURN
                dx, dy = int(COS[heading]) * pace, int(SIN[heading]) * pace
                # Only what is on its way out bounces: an entering object starts beyond the margin.
                if (x + dx < left and dx < 0) or (x + dx > right and dx > 0):
                    heading, dx = (HALF_TURN - heading) % TURN, -dx
                if (y + dy < top and dy < 0) or (y + dy > bottom and dy > 0):
                    heading, dy = -heading % TURN, -dy
                x, y = x + dx, y + dy
            path.append((x, y))
        return np.array(path)

    def _enter_at(self, frame: int, length: int) -> np.ndarray:
        """A path that is on the border in the given frame (at least 1) and still out of sight four frames before it."""
        inwards = self.dice.integer(0, 3) * QUARTER_TURN
        normal = np.array([COS[inwards], SIN[inwards]]) / TRIG_ONE
        size = np.array(self.frame, dtype=np.float64)
        border = size * (0.5 - 0.5 * normal) + np.abs(normal[::-1]) * size * self.dice.uniform(-0.2, 0.2)
        heading = inwards + self.dice.integer(-TURN // 12, TURN // 12)
        inside = self._wander(border, heading, length - frame)
        pace = max(self.speed * self.frame_step, (self.reach + 1.0) / min(4, max(1, frame // 2)))
        outside = border - np.arange(frame, 0, -1)[:, None] * pace * normal
        return np.concatenate([outside, inside])


def steps_of(path: np.ndarray) -> np.ndarray:
    """(T, 2) motion at each frame: the smaller of the steps before and after, so that a jump is not motion."""
    if len(path) < 2:
        return np.zeros_like(path)
    steps = np.diff(path, axis=0)
    before = np.concatenate([steps[:1], steps])
    after = np.concatenate([steps, steps[-1:]])
    calmer = (before**2).sum(1) < (after**2).sum(1)
    return np.where(calmer[:, None], before, after)
