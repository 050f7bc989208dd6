"""Reading frames, with errors that name the frame."""

from functools import partial

import mmengine.fileio as fileio
from mmcv.transforms import BaseTransform

from mmvis_ext.annotations.frames import load_frame
from mmvis_ext.registry import TRANSFORMS
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import read_file

__all__ = ["LoadFrame"]


@TRANSFORMS.register_module()
class LoadFrame(BaseTransform):
    """Like mmcv's ``LoadImageFromFile``, but errors name the frame that is missing, truncated or of a wrong size.

    Args:
        to_float32: give the image as float32 instead of uint8.
        backend_args: settings of mmengine's file backend, such as ``dict(backend="http")``. Without them only files of
            this machine are read, whatever the name of a frame looks like.

    Raises:
        InputError: see :meth:`transform`.
    """

    def __init__(self, to_float32: bool = False, backend_args: dict | None = None) -> None:
        self.to_float32, self.backend_args = to_float32, backend_args

    def transform(self, results: dict) -> dict:
        """Add a frame's ``img`` (H, W, 3), BGR, and its ``img_shape`` and ``ori_shape`` (H, W) to its dict.

        A photo is turned as its EXIF data says, unless ``height`` and ``width`` are those of its stored pixels.

        Raises:
            InputError: the frame of ``img_path`` is missing, truncated, or not ``height`` x ``width`` pixels.
        """
        path = results["img_path"]
        where = f"{path} (video {results.get('video_id')}, frame {results.get('frame_id')})"
        size = (results["height"], results["width"]) if "height" in results else None
        read = partial(fileio.get, path, self.backend_args) if self.backend_args else partial(read_file, path)
        image = load_frame(read, where, size)
        height, width = image.shape[:2]
        if size is not None and (height, width) != size:
            raise InputError(
                f"{where}: the frame is {width}x{height} pixels but the annotation file says "
                f"{results['width']}x{results['height']}; correct the one that is wrong."
            )
        results["img"] = image.astype("float32") if self.to_float32 else image
        results["img_shape"] = results["ori_shape"] = (height, width)
        return results
