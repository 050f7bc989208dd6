"""How large a frame may be. A small file can say that it holds a picture which fills the memory."""

import os

from .errors import InputError

__all__ = ["MAX_PIXELS", "MAX_PIXELS_SETTING", "check_frame_size", "most_pixels", "too_large"]

MAX_PIXELS_SETTING = "MMVIS_MAX_PIXELS"
"""Name of the environment variable that sets another number than :data:`MAX_PIXELS`."""

MAX_PIXELS = 2**28 // 3  # that of Pillow: a quarter of a GiB in RGB
MOST_ELONGATED = 100  # the network's input would have no row left of a frame that is much longer than high


def most_pixels() -> int:
    """How many pixels a frame may have.

    Raises:
        InputError: the environment variable that sets it holds no number above 0.
    """
    text = os.environ.get(MAX_PIXELS_SETTING, str(MAX_PIXELS))
    if not text.isdecimal() or int(text) == 0:
        raise InputError(f"{MAX_PIXELS_SETTING}={text!r} is no number of pixels; set it to one, or unset it.")
    return int(text)


def check_frame_size(height: int, width: int, where: str) -> None:
    """Check the size of a frame in pixels, before it is decoded.

    Raises:
        InputError: it has more pixels than :func:`most_pixels`, none, or one side that is far longer than the other;
            ``where`` names the frame.
    """
    if height * width > most_pixels():
        raise InputError(too_large(where, f" ({width}x{height})"))
    if min(height, width) < 1 or max(height, width) > MOST_ELONGATED * min(height, width):
        raise InputError(
            f"{where}: {width}x{height} pixels are no frame, since one side has more than {MOST_ELONGATED} times the "
            "pixels of the other; crop it, or leave the video out."
        )


def too_large(where: str, size: str = "") -> str:
    """What to say of a frame with too many pixels; ``size`` is the one that it has, in brackets."""
    return (
        f"{where}: has more than the {most_pixels()} pixels that a frame may have{size}; make it smaller, or set the "
        f"environment variable {MAX_PIXELS_SETTING} to more if you trust it."
    )
