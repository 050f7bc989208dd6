"""Reading frames, with errors that name the frame."""

import mmcv
import mmengine.fileio as fileio
from mmcv.transforms import LoadImageFromFile

from mmvis_ext.registry import TRANSFORMS
from mmvis_ext.utils.errors import InputError

__all__ = ["LoadFrame"]


@TRANSFORMS.register_module()
class LoadFrame(LoadImageFromFile):
    """mmcv's image loading; a frame that is missing, truncated or of another size than the file says is named.

    Args:
        to_float32: of the image; uint8 otherwise.
        color_type: of mmcv's ``imfrombytes``.
        imdecode_backend: of mmcv's ``imfrombytes``.
        backend_args: of mmengine's file backend.

    Raises:
        InputError: names video, frame and file.
    """

    def __init__(
        self,
        to_float32: bool = False,
        color_type: str = "color",
        imdecode_backend: str = "cv2",
        backend_args: dict | None = None,
    ) -> None:
        super().__init__(to_float32, color_type, imdecode_backend, backend_args=backend_args)

    def transform(self, results: dict) -> dict:
        """Add a frame's ``img`` (H, W, 3), BGR, and its ``img_shape`` and ``ori_shape`` (H, W) to its dict.

        Raises:
            InputError: the frame of ``img_path`` is missing, truncated, or not ``height`` x ``width`` pixels.
        """
        path = results["img_path"]
        where = f"{path} (video {results.get('video_id')}, frame {results.get('frame_id')})"
        try:
            content = fileio.get(path, self.backend_args)
        except FileNotFoundError:
            raise InputError(
                f"{where}: the frame is missing; check data_root and data_prefix, or fetch the frame again."
            ) from None
        except OSError as error:
            raise InputError(f"{where}: the frame cannot be read ({error.strerror}); check its permissions.") from None
        image = None
        if not _truncated(content):
            image = mmcv.imfrombytes(content, flag=self.color_type, backend=self.imdecode_backend)
        if image is None:
            raise InputError(f"{where}: the frame is truncated or not an image; fetch it again.")
        height, width = image.shape[:2]
        if "height" in results and (height, width) != (results["height"], results["width"]):
            raise InputError(
                f"{where}: the frame is {width}x{height} pixels but the annotation file says "
                f"{results['width']}x{results['height']}; correct the one that is wrong."
            )
        results["img"] = image.astype("float32") if self.to_float32 else image
        results["img_shape"] = results["ori_shape"] = (height, width)
        return results


def _truncated(content: bytes) -> bool:
    """Whether a JPEG or PNG lacks its end; decoders fill what is missing with grey and say nothing."""
    tail = content[-4096:].rstrip(b"\0")
    if content[:2] == b"\xff\xd8":
        return b"\xff\xd9" not in tail[-1024:]
    if content[:8] == b"\x89PNG\r\n\x1a\n":
        return b"IEND" not in tail
    return not content
