"""Still images that seem to move: every frame of a sample is warped on its own."""

import math

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmdet.structures.bbox import BaseBoxes
from mmdet.structures.mask import BitmapMasks

from mmvis_ext.registry import TRANSFORMS
from mmvis_ext.structures.rle import boxes_of, encode
from mmvis_ext.utils.errors import InputError

__all__ = ["OF_OBJECTS", "PseudoMotion", "like", "warp_masks"]

# what else belongs to the objects of a frame, and what it is of the part that is not covered
OF_OBJECTS = dict(gt_bboxes_labels=0, gt_instances_ids=-1, gt_ignore_flags=True)


@TRANSFORMS.register_module()
class PseudoMotion(BaseTransform):
    """A random affine map and crop per frame, of image, masks and boxes: T looks at one image become a video.

    In the pipeline it comes after the ``TransformBroadcaster`` that loads frames and annotations, because it takes the
    sample as a whole. Each frame draws its own map, while the frame size (H, W) and the objects' track ids stay. Masks
    move with the image and boxes are those of the moved masks. An object that leaves a frame is absent there. For the
    first frame up to ``tries`` maps are drawn, until one keeps every object in the frame; if none does, the one that
    keeps most is taken. So the sample starts with something to follow. What the image does not cover is one more
    instance, with the track id -1, that is to be ignored.

    A map turns, scales, shears and shifts about the middle of the frame; a window of the result is then cut out and
    enlarged to the frame. Every parameter is drawn uniformly from its range.

    Args:
        max_rotation: degrees, either way.
        scale: range of the factor by which the content grows.
        max_shear: degrees, either way, along x.
        max_shift: share of the frame's width and height, either way.
        crop: range of the window's side as a share of the frame's; 1 cuts nothing off.
        tries: draws for the first frame.
        border: colour (blue, green, red) of what the image does not cover.

    Raises:
        InputError: an argument is out of range, or the frames have no masks.
    """

    def __init__(
        self,
        max_rotation: float = 15.0,
        scale: tuple[float, float] = (0.8, 1.2),
        max_shear: float = 5.0,
        max_shift: float = 0.1,
        crop: tuple[float, float] = (0.7, 1.0),
        tries: int = 10,
        border: tuple[int, int, int] = (104, 116, 124),
    ) -> None:
        knobs = (
            (0 <= max_rotation <= 180, f"max_rotation={max_rotation} must be in [0, 180]"),
            (0 < scale[0] <= scale[1], f"scale={scale} must be a rising pair above 0"),
            (0 <= max_shear < 90, f"max_shear={max_shear} must be in [0, 90)"),
            (0 <= max_shift <= 1, f"max_shift={max_shift} must be in [0, 1]"),
            (0 < crop[0] <= crop[1] <= 1, f"crop={crop} must be a rising pair in (0, 1]"),
            (tries >= 1, f"tries={tries} must be at least 1"),
        )
        for fine, said in knobs:
            if not fine:
                raise InputError(f"PseudoMotion: {said}; correct the config.")
        self.max_rotation, self.max_shear, self.max_shift = max_rotation, max_shear, max_shift
        self.scale, self.crop = scale, crop
        self.tries, self.border = tries, border

    def transform(self, results: dict) -> dict:
        """Move ``img``, ``gt_masks``, ``gt_bboxes`` and what else belongs to the objects of each of T frames.

        Raises:
            InputError: the frames have no masks.
        """
        if "gt_masks" not in results:
            raise InputError(
                "PseudoMotion moves masks, but the frames have none; set with_mask=True in LoadTrackAnnotations and "
                "use a data set with masks, or leave PseudoMotion out."
            )
        for t, (image, masks) in enumerate(zip(results["img"], results["gt_masks"], strict=True)):
            matrix, moved = self._keeping(masks) if t == 0 else self._moved(masks)
            height, width = image.shape[:2]
            results["img"][t] = cv2.warpAffine(image, matrix, (width, height), borderValue=self.border)
            seen = moved.any(axis=(1, 2))
            bare = self._uncovered(matrix, height, width) if "gt_ignore_flags" in results else moved[:0]
            shown = np.concatenate([moved[seen], bare])
            results["gt_masks"][t] = BitmapMasks(shown, height, width)
            results["gt_bboxes"][t] = like(results["gt_bboxes"][t], boxes_of(encode(shown)))
            for key, value in OF_OBJECTS.items():
                if key in results:
                    results[key][t] = np.append(results[key][t][seen], np.full(len(bare), value, results[key][t].dtype))
        return results

    def _uncovered(self, matrix: np.ndarray, height: int, width: int) -> np.ndarray:
        """(1, H, W) uint8, the pixels that are not of the image; (0, H, W) if there are none."""
        image = np.ones((height, width), np.uint8)
        bare = 1 - cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_NEAREST)[None]
        return bare if bare.any() else bare[:0]

    def draw(self, height: int, width: int) -> np.ndarray:
        """(2, 3) float64, a random map from the pixels of a frame to those of the moved one."""
        angle = math.radians(np.random.uniform(-self.max_rotation, self.max_rotation))
        shear = math.tan(math.radians(np.random.uniform(-self.max_shear, self.max_shear)))
        factor = np.random.uniform(*self.scale)
        shift = np.random.uniform(-self.max_shift, self.max_shift, 2) * (width, height)
        window = np.random.uniform(*self.crop)
        corner = np.random.uniform(0, 1 - window, 2) * (width, height)
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        linear = factor * turn @ np.array([[1, shear], [0, 1]])
        # coordinates are those of pixel centres: the frame begins at -0.5, so its middle is at half its size minus 0.5
        middle = np.array([width - 1, height - 1]) / 2
        offset = middle + shift - linear @ middle
        # the middle of the window goes to that of the frame, then the window is enlarged
        centre = corner + (window * np.array([width, height]) - 1) / 2
        return np.column_stack([linear, offset - centre]) / window + np.column_stack([np.zeros((2, 2)), middle])

    def _moved(self, masks: BitmapMasks) -> tuple[np.ndarray, np.ndarray]:
        """A map and the (n, H, W) uint8 masks under it."""
        matrix = self.draw(masks.height, masks.width)
        return matrix, warp_masks(masks.masks, matrix, masks.height, masks.width)

    def _keeping(self, masks: BitmapMasks) -> tuple[np.ndarray, np.ndarray]:
        """:meth:`_moved` by the first of several draws that keeps every object, or by the one that keeps most."""
        best, most = self._moved(masks), -1
        for attempt in range(self.tries):
            drawn = self._moved(masks) if attempt else best
            kept = int(drawn[1].any(axis=(1, 2)).sum())
            if kept > most:
                best, most = drawn, kept
            if most == len(masks):
                break
        return best


def warp_masks(masks: np.ndarray, matrix: np.ndarray, height: int, width: int) -> np.ndarray:
    """(n, h, w) masks under a (2, 3) map of pixels: (n, height, width) of the same type; outside they are 0."""
    moved = np.zeros((len(masks), height, width), masks.dtype)
    for i, mask in enumerate(masks):
        moved[i] = cv2.warpAffine(mask, matrix, (width, height), flags=cv2.INTER_NEAREST)
    return moved


def like(old: BaseBoxes | np.ndarray, boxes: np.ndarray) -> BaseBoxes | np.ndarray:
    """(n, 4) xyxy in the type that the frame's boxes had."""
    return type(old)(boxes) if isinstance(old, BaseBoxes) else boxes
