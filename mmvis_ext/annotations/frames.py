"""Reads frames from disk; one that is missing or truncated is an error that names it."""

from collections.abc import Callable

import cv2
import numpy as np

from mmvis_ext.utils.errors import InputError

__all__ = ["load_frame"]


def load_frame(read: Callable[[], bytes], where: str) -> np.ndarray:
    """Read and decode one frame.

    Args:
        read: returns the content of the file.
        where: names the file, the video and the frame for the error message.

    Returns:
        (H, W, 3) uint8 BGR.

    Raises:
        InputError: the file is missing, cannot be read, is truncated or no image.
    """
    try:
        content = read()
    except FileNotFoundError:
        raise InputError(
            f"{where}: the frame is missing; check data_root and data_prefix, or fetch the frame again."
        ) from None
    except OSError as error:
        raise InputError(f"{where}: the frame cannot be read ({error.strerror}); check its permissions.") from None
    image = None if _truncated(content) else cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise InputError(f"{where}: the frame is truncated or not an image; fetch it again.")
    return image


def _truncated(content: bytes) -> bool:
    """Whether a JPEG or PNG lacks its end; decoders fill what is missing with grey and say nothing."""
    tail = content[-4096:].rstrip(b"\0")
    if content[:2] == b"\xff\xd8":
        return b"\xff\xd9" not in tail[-1024:]
    if content[:8] == b"\x89PNG\r\n\x1a\n":
        return b"IEND" not in tail
    return not content
