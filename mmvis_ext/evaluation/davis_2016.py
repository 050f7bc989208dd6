"""J and F of DAVIS 2016: one foreground, compared frame by frame."""

from collections.abc import Iterable

import numpy as np

from mmvis_ext.utils.errors import InputError

from .davis_jf import SequenceFigures
from .davis_measures import boundary_figures, jaccards

__all__ = ["evaluate_foreground"]


def evaluate_foreground(name: str, frames: Iterable[tuple[np.ndarray, np.ndarray]], where: str = "") -> SequenceFigures:
    """Evaluate a sequence without its first and last frame, as the official code does (Perazzi et al. 2016).

    Where neither truth nor result shows anything, J and F of the frame are 1.

    Args:
        name: of the sequence.
        frames: truth and result of each frame, (H, W) uint8 of equal size; all that is not 0 is foreground.
        where: names the results in error messages; the sequence by default.

    Returns:
        The measures of one object over T - 2 frames.

    Raises:
        InputError: there are fewer than three frames.
    """
    pairs = ((np.minimum(truth, 1), np.minimum(result, 1)) for truth, result in frames)
    figures = [(jaccards(*pair, 1, 1), boundary_figures(*pair, 1, 1)) for pair in pairs]
    if len(figures) < 3:
        raise InputError(
            f"{where or name}: has {len(figures)} frames; DAVIS 2016 leaves out the first and the last, so give three."
        )
    J, F = (np.concatenate(values, axis=1) for values in zip(*figures[1:-1], strict=True))
    return SequenceFigures(name, J, F, proposals=[1], left_out=[], ids=[1], void_frames=[])
