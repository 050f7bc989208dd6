"""One colour per track."""

import colorsys

__all__ = ["colour"]

# The seven colours of Okabe and Ito, followed by colours that were chosen one after the other, each as far as possible
# (in Oklab) from all before it, both in normal vision and as protanopes and deuteranopes see it (Machado et al. 2009).
DISTINCT = (
    (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167),
    (128, 255, 255), (102, 0, 255), (128, 128, 255), (128, 204, 153), (178, 26, 102), (178, 51, 0), (230, 0, 204),
    (0, 255, 178), (178, 204, 255),
)  # fmt: skip
GOLDEN, PLASTIC = 0.6180339887, 0.7548776662  # irrational steps, with which no value modulo 1 repeats


def colour(track_id: int) -> tuple[int, int, int]:
    """RGB of a track id (0 or more), always the same.

    The first 16 colours can be told apart with all common kinds of colour vision. The others differ less and less.
    """
    if track_id < len(DISTINCT):
        return DISTINCT[track_id]
    n = track_id - len(DISTINCT)
    red, green, blue = colorsys.hsv_to_rgb((0.1 + n * GOLDEN) % 1, 0.45 + (n * PLASTIC) % 0.55, 0.95 - 0.3 * (n % 2))
    return round(red * 255), round(green * 255), round(blue * 255)
