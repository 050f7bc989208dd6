"""Opening pictures: their size is known, and checked, before a pixel is decoded."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import require_file
from mmvis_ext.utils.limits import check_frame_size, most_pixels, too_large

__all__ = ["open_picture"]

warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # such a picture is refused here
warnings.filterwarnings("ignore", module=r"PIL\.TiffImagePlugin")  # what is broken is refused, too


@contextmanager
def open_picture(source: str | Path | bytes, where: str) -> Iterator[Image.Image]:
    """Open a picture of a size that a frame may have. Pixels are decoded when they are first asked for.

    Args:
        source: path of a file, or its content.
        where: names the picture in the error message.

    Raises:
        FileNotFoundError: there is no such file.
        OSError: it is no file or no picture, or it turns out to be broken in the ``with`` block.
        InputError: it has too many pixels; see :func:`check_frame_size`.
    """
    try:
        if not isinstance(source, bytes):
            require_file(source)
        Image.MAX_IMAGE_PIXELS = most_pixels()  # Pillow itself refuses twice as many
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
            check_frame_size(image.height, image.width, where)
            yield image
    except (OSError, InputError):
        raise
    except Image.DecompressionBombError:
        raise InputError(too_large(where)) from None
    except Exception as error:  # a broken file makes Pillow raise nearly anything
        raise OSError(None, f"{type(error).__name__}: {error}") from None
