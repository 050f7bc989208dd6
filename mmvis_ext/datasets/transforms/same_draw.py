"""One random draw for all frames of a sample, whatever the transform."""

import numpy as np
from mmcv.transforms import TransformBroadcaster

from mmvis_ext.datasets.randomness import seeded
from mmvis_ext.registry import TRANSFORMS
from mmvis_ext.utils.errors import InputError

__all__ = ["SameDraw"]


@TRANSFORMS.register_module()
class SameDraw(TransformBroadcaster):
    """Run transforms on each of T frames, and let each of them draw the same for every frame.

    mmcv's ``TransformBroadcaster`` with ``share_random_params`` does this for transforms that draw once, in a method
    that mmcv knows. Here a transform starts on every frame from the same random state, that of Python and of NumPy. So
    all others work as well, such as mmdet's ``Rotate``, ``ShearX`` and ``TranslateX``.

    Args:
        transforms: configs of the transforms; each takes one frame.

    Raises:
        InputError: a transform cannot take such frames.
    """

    def __init__(self, transforms: list[dict]) -> None:
        super().__init__(transforms)

    def transform(self, results: dict) -> dict:
        """Transform lists of T values, by key, into such lists."""
        frames = self.scatter_sequence(results)
        for step in self.transforms:
            seed = int(np.random.randint(2**31))
            for i, frame in enumerate(frames):
                with seeded(seed):
                    frames[i] = _applied(step, frame)
        return {key: [frame[key] for frame in frames] for key in frames[0]}


def _applied(step: object, frame: dict) -> dict:
    name = type(step).__name__
    try:
        moved = step(frame)  # type: ignore[operator]
    except (KeyError, NotImplementedError, TypeError, ValueError) as error:
        raise InputError(
            f"{name} in the data pipeline cannot take frames with {', '.join(sorted(frame))}: {error}; leave it out, "
            "or write a transform for such frames."
        ) from error
    if moved is None:
        raise InputError(f"{name} in the data pipeline gave a frame back as unusable; let it keep every frame.")
    return moved
