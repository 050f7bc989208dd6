"""One colour per track."""

import colorsys

__all__ = ["colour"]

# The seven colours of Okabe and Ito, then those that stay farthest (in Oklab) from all before them, to the normal eye
# and as protanopes and deuteranopes see them (Machado et al. 2009).
DISTINCT = (
    (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167),
    (128, 255, 255), (102, 0, 255), (128, 128, 255), (128, 204, 153), (178, 26, 102), (178, 51, 0), (230, 0, 204),
    (0, 255, 178), (178, 204, 255),
)  # fmt: skip
GOLDEN, PLASTIC = 0.6180339887, 0.7548776662  # steps that never come back to where they were


def colour(track_id: int) -> tuple[int, int, int]:
    """RGB of a track id (0 or more), always the same.

    The first 16 can be told apart with any common colour vision. All others differ too, though by less and less.
    """
    if track_id < len(DISTINCT):
        return DISTINCT[track_id]
    n = track_id - len(DISTINCT)
    red, green, blue = colorsys.hsv_to_rgb((0.1 + n * GOLDEN) % 1, 0.45 + (n * PLASTIC) % 0.55, 0.95 - 0.3 * (n % 2))
    return round(red * 255), round(green * 255), round(blue * 255)
