"""Objects of one video pasted over another, along their tracks."""

import cv2
import numpy as np
from mmcv.transforms import BaseTransform, TransformBroadcaster
from mmdet.structures.mask import BitmapMasks

from mmvis_ext.registry import TRANSFORMS
from mmvis_ext.structures.rle import boxes_of, encode
from mmvis_ext.utils.errors import InputError

from .pseudo_motion import OF_OBJECTS, like, warp_masks

__all__ = ["CopyPasteTracks"]


@TRANSFORMS.register_module()
class CopyPasteTracks(BaseTransform):
    """Paste tracks of another video of the data set over the frames of a sample.

    This is copy-paste (Ghiasi et al. 2021) for videos. The other video, the donor, is drawn at random, and its frames
    as those of the sample are. Of its tracks, 1 to ``most`` are pasted with fresh track ids, frame by frame, so they
    move as they do in their own video. One random map places a donor's frames: they are scaled, and their middle is
    shifted from that of the sample's frames. What is pasted hides what is under it: masks and boxes show what is left,
    and an object without a pixel is absent in that frame.

    In the pipeline it stands in place of the ``TransformBroadcaster`` that loads the frames. It runs its transforms on
    both videos, with draws of their own: a flip among them flips the two independently. Crowds are not pasted.

    Args:
        transforms: configs of the transforms that load frames and annotations, with masks.
        prob: share of the samples in which tracks are pasted.
        most: tracks per sample, at most.
        scale: range of the factor by which the donor's frames grow.
        max_shift: share of the sample's width and height, either way.

    Raises:
        InputError: an argument is out of range.
    """

    def __init__(
        self,
        transforms: list[dict],
        prob: float = 0.5,
        most: int = 3,
        scale: tuple[float, float] = (0.8, 1.25),
        max_shift: float = 0.25,
    ) -> None:
        for fine, said in (
            (0 <= prob <= 1, f"prob={prob} must be in [0, 1]"),
            (most >= 1, f"most={most} must be at least 1"),
            (0 < scale[0] <= scale[1], f"scale={scale} must be a rising pair above 0"),
            (0 <= max_shift <= 1, f"max_shift={max_shift} must be in [0, 1]"),
        ):
            if not fine:
                raise InputError(f"CopyPasteTracks: {said}; correct the config.")
        self.load = TransformBroadcaster(transforms, share_random_params=True)
        self.prob, self.most, self.scale, self.max_shift = prob, most, scale, max_shift

    def transform(self, results: dict) -> dict:
        """Load the frames of a sample and, in a share of the samples, paste tracks of its ``donor`` over them.

        Args:
            results: lists over T frames, by key, and under ``donor`` the same of the other video.

        Raises:
            InputError: there is no donor, or the frames have no masks.
        """
        if "donor" not in results:
            raise InputError(
                "CopyPasteTracks has no video to paste from; put it into the training pipeline of a data set of videos "
                "itself, right after ClipSample, and into nothing else."
            )
        donor = results.pop("donor")
        pasting = np.random.uniform() < self.prob
        results = self.load(results)
        if "gt_masks" not in results:
            raise InputError(
                "CopyPasteTracks pastes masks, but the frames have none; set with_mask=True in LoadTrackAnnotations "
                "and use a data set with masks, or leave CopyPasteTracks out."
            )
        return self.paste(results, self.load(donor)) if pasting else results

    def paste(self, results: dict, donor: dict) -> dict:
        """Paste tracks of the loaded ``donor`` over the loaded frames of ``results``."""
        tracks = self._choose(donor)
        matrix = self._draw(results["img"][0].shape[:2], donor["img"][0].shape[:2])
        fresh = 1 + max((int(ids.max()) for ids in results["gt_instances_ids"] if len(ids)), default=-1)
        of_objects = [key for key in OF_OBJECTS if key in results]
        for t, image in enumerate(results["img"]):
            height, width = image.shape[:2]
            there = [np.flatnonzero(donor["gt_instances_ids"][t] == track) for track in tracks]
            rows = np.concatenate([np.zeros(0, int), *there])
            masks = warp_masks(donor["gt_masks"][t].masks[rows], matrix, height, width)
            covered = np.zeros((height, width), bool)
            for mask in masks[::-1]:  # a later one lies over an earlier one
                mask[covered] = 0
                covered |= mask > 0
            shown = np.concatenate([results["gt_masks"][t].masks * ~covered, masks])
            seen = shown.any(axis=(1, 2))
            moved = cv2.warpAffine(donor["img"][t], matrix, (width, height))
            results["img"][t] = np.where(covered[..., None], moved, image)
            results["gt_masks"][t] = BitmapMasks(shown[seen], height, width)
            results["gt_bboxes"][t] = like(results["gt_bboxes"][t], boxes_of(encode(shown[seen])))
            added = {key: donor[key][t][rows] for key in of_objects}
            added["gt_instances_ids"] = fresh + np.repeat(np.arange(len(tracks)), [len(found) for found in there])
            for key in of_objects:
                old = results[key][t]
                results[key][t] = np.concatenate([old, added[key].astype(old.dtype)])[seen]
        return results

    def _choose(self, donor: dict) -> list[int]:
        """Track ids of 1 to ``most`` of the donor's tracks, in random order; none if it shows none but crowds."""
        ids = np.concatenate(donor["gt_instances_ids"])
        ignored = np.concatenate(donor["gt_ignore_flags"]).astype(bool)
        tracks = np.setdiff1d(ids, ids[ignored])
        number = np.random.randint(1, self.most + 1)
        return np.random.permutation(tracks)[:number].tolist()

    def _draw(self, size: tuple[int, int], donor: tuple[int, int]) -> np.ndarray:
        """(2, 3) float64, a random map from the pixels of the donor's frames to those of the sample's; sizes (H, W)."""
        factor = np.random.uniform(*self.scale)
        shift = np.random.uniform(-self.max_shift, self.max_shift, 2) * size[::-1]
        middle, of_donor = ((np.array(s[::-1]) - 1) / 2 for s in (size, donor))
        return np.column_stack([factor * np.eye(2), middle + shift - factor * of_donor])
