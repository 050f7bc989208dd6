"""Whether the boxes of a file are those of its masks; boxes of another form than the file should have are not."""

from collections.abc import Callable, Sequence

import numpy as np

from mmvis_ext.utils.errors import InputError

from .records import VideoRecord

__all__ = ["BoxFit"]

FEWEST = 10  # boxes from which a habit of the file can be told
LITTLE = 0.5  # a file whose boxes typically overlap their masks' by less contradicts itself
BETTER = 0.1  # by which another form must fit better


class BoxFit:
    """Gathers boxes together with those of their masks, and tells at the end whether they fit.

    Boxes need not be equal to those of the masks: a person may have drawn them, or guessed the hidden part.
    """

    FORMS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
        "[x, y, width, height] in pixels": lambda b, wh: np.hstack([b[:, :2], b[:, :2] + b[:, 2:]]),
        "[x1, y1, x2, y2] in pixels": lambda b, wh: b,
        "[x, y, width, height] as shares of the frame": lambda b, wh: np.hstack([b[:, :2], b[:, :2] + b[:, 2:]]) * wh,
        "[centre x, centre y, width, height] in pixels": lambda b, wh: np.hstack(
            [b[:, :2] - b[:, 2:] / 2, b[:, :2] + b[:, 2:] / 2]
        ),
    }
    """Each form's corners, (n, 4) xyxy in pixels, of the file's numbers (n, 4) and width, height, width, height."""

    def __init__(self) -> None:
        self.rows: list[list[float]] = []

    def add(self, box: Sequence[float], of_mask: np.ndarray, video: VideoRecord) -> None:
        """Take a box as it stands in the file, and that of its mask, (4,) xyxy in pixels; zeros without a mask."""
        if of_mask.any():
            self.rows.append([*box, *of_mask, video.width, video.height])

    def check(self, where: str) -> None:
        """Compare all boxes with those of their masks.

        Raises:
            InputError: most boxes have little to do with their masks, or fit far better when read in another form.
        """
        if len(self.rows) < FEWEST:
            return
        rows = np.array(self.rows)
        boxes, of_masks, sizes = rows[:, :4], rows[:, 4:8], np.tile(rows[:, 8:], 2)
        fits = {form: float(np.median(_overlaps(read(boxes, sizes), of_masks))) for form, read in self.FORMS.items()}
        wanted, best = next(iter(fits)), max(fits, key=lambda form: fits[form])
        if fits[wanted] < LITTLE or fits[best] > fits[wanted] + BETTER:
            seems = f" (they fit as {best})" if best != wanted and fits[best] > LITTLE else ""
            raise InputError(
                f"{where}: most boxes have little to do with their masks{seems}; write them as {wanted}, or leave them "
                "out, since masks alone are enough."
            )


def _overlaps(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(n,) intersection over union of (n, 4) xyxy boxes with others, one by one."""
    low, high = np.maximum(boxes[:, :2], others[:, :2]), np.minimum(boxes[:, 2:], others[:, 2:])
    shared = (high - low).clip(0).prod(axis=1)
    areas = ((b[:, 2:] - b[:, :2]).clip(0).prod(axis=1) for b in (boxes, others))
    return shared / np.maximum(sum(areas) - shared, np.finfo(float).tiny)
