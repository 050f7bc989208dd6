"""Objects that touch become one object, as a rider and what he rides on are one in DAVIS 2016."""

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmdet.structures.mask import BitmapMasks
from scipy.sparse.csgraph import connected_components

from mmvis_ext.registry import TRANSFORMS
from mmvis_ext.structures.rle import boxes_of, encode
from mmvis_ext.utils.errors import InputError

from .pseudo_motion import OF_OBJECTS, like

__all__ = ["JoinTouching"]


@TRANSFORMS.register_module()
class JoinTouching(BaseTransform):
    """Join the objects of one frame that touch, and keep the largest of what comes out.

    Data sets of images have a person and his horse as two objects, those of salient objects in videos as one. Objects
    touch if a pixel of one is at most ``gap`` pixels from one of the other, along x and along y; so do the first and
    the last of a chain of objects. The label and the track id are those of the largest of the joined ones. Objects that
    are to be ignored stay as they are.

    In the pipeline it belongs into a ``TransformBroadcaster``, after the annotations are loaded.

    Args:
        gap: pixels.
        keep: how many objects of a frame stay, the largest first; the others become background. ``None`` keeps all.

    Raises:
        InputError: an argument is out of range, or the frame has no masks.
    """

    def __init__(self, gap: int = 2, keep: int | None = None) -> None:
        for fine, said in (
            (gap >= 0, f"gap={gap} must be at least 0"),
            (keep is None or keep >= 1, f"keep={keep} must be at least 1"),
        ):
            if not fine:
                raise InputError(f"JoinTouching: {said}; correct the config.")
        self.gap, self.keep = gap, keep

    def transform(self, results: dict) -> dict:
        """Join ``gt_masks`` (G, H, W), and what else belongs to them.

        Raises:
            InputError: the frame has no masks.
        """
        if "gt_masks" not in results:
            raise InputError(
                "JoinTouching joins masks, but the frames have none; set with_mask=True in LoadTrackAnnotations and "
                "use a data set with masks, or leave JoinTouching out."
            )
        masks = results["gt_masks"].masks
        ignored = np.asarray(results.get("gt_ignore_flags", np.zeros(len(masks), bool)), bool)
        areas = masks.sum(axis=(1, 2), dtype=np.int64)
        groups = [np.flatnonzero(~ignored)[group] for group in self._groups(masks[~ignored])]
        joined = [masks[group].any(axis=0).astype(masks.dtype) for group in groups]
        kept = sorted(range(len(groups)), key=lambda g: -int(joined[g].sum()))[: self.keep]
        rest = np.flatnonzero(ignored)
        order = [*(int(groups[g][areas[groups[g]].argmax()]) for g in kept), *rest]
        shown = np.stack([*(joined[g] for g in kept), *masks[rest]]) if order else masks[:0]
        results["gt_masks"] = BitmapMasks(shown, *masks.shape[1:])
        results["gt_bboxes"] = like(results["gt_bboxes"], boxes_of(encode(shown)))
        for key in OF_OBJECTS:
            if key in results:
                results[key] = results[key][np.array(order, int)]
        return results

    def _groups(self, masks: np.ndarray) -> list[np.ndarray]:
        """Indices of the masks (G, H, W) that touch, a group each."""
        if not len(masks):
            return []
        kernel = np.ones((2 * self.gap + 1, 2 * self.gap + 1), np.uint8)
        wide = np.stack([cv2.dilate(mask, kernel) for mask in masks]).reshape(len(masks), -1)
        touch = wide.astype(np.float32) @ masks.reshape(len(masks), -1).astype(np.float32).T > 0
        count, group = connected_components(touch, directed=False)
        return [np.flatnonzero(group == g) for g in range(count)]
