"""Ground-truth tracklets of one clip as tensors of equal length."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from mmengine.structures import InstanceData
from torch import Tensor

__all__ = ["Tracklets", "ignored_regions", "shown_instances"]


@dataclass
class Tracklets:
    """G ground-truth tracklets over T frames.

    Attributes:
        boxes: (G, T, 4) float32 xyxy in pixels of the network's input; zeros where absent.
        masks: (G, T, H, W) uint8 on the (padded) network input; zeros where absent. (G, T, 0, 0) where the data set
            has boxes alone.
        visible: (G, T) bool, the frames that show the object.
        labels: (G,) int64, from the annotation of the whole track.
        ids: (G,) int64, the file's track ids.

    Raises:
        ValueError: the fields disagree in G or T.
    """

    boxes: Tensor
    masks: Tensor
    visible: Tensor
    labels: Tensor
    ids: Tensor

    def __post_init__(self) -> None:
        g, t = self.visible.shape
        if (self.boxes.shape, self.masks.shape[:2], self.labels.shape, self.ids.shape) != (
            (g, t, 4),
            (g, t),
            (g,),
            (g,),
        ):
            raise ValueError(
                f"Tracklets of G={g}, T={t} got boxes {tuple(self.boxes.shape)}, masks {tuple(self.masks.shape)}, "
                f"labels {tuple(self.labels.shape)} and ids {tuple(self.ids.shape)}."
            )

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: Tensor) -> "Tracklets":
        """Select tracklets by a bool or integer index over G."""
        return Tracklets(self.boxes[index], self.masks[index], self.visible[index], self.labels[index], self.ids[index])

    def frames(self, start: int, stop: int) -> "Tracklets":
        """The same G tracklets in frames ``start`` to ``stop`` only, also those that are absent there."""
        window = slice(start, stop)
        return Tracklets(self.boxes[:, window], self.masks[:, window], self.visible[:, window], self.labels, self.ids)

    @classmethod
    def from_frames(cls, frames: Sequence, size: tuple[int, int], device: torch.device | str) -> "Tracklets":
        """Gather per-frame instances into tracklets.

        An object is visible where its mask has a pixel: cropping and shrinking may leave instances without any.

        Args:
            frames: T of mmdet's ``DetDataSample``, whose ``gt_instances`` hold ``bboxes`` (n, 4), ``labels`` (n,),
                ``instances_ids`` (n,) and, unless the data set has boxes alone, ``masks`` (``BitmapMasks``).
            size: (H, W) of the padded network input.
            device: where the tensors go.

        Returns:
            Every track that is visible in at least one of the frames, in order of appearance.
        """
        order: dict[int, int] = {}
        for frame in frames:
            for track_id in frame.gt_instances.instances_ids.tolist():
                order.setdefault(track_id, len(order))
        g, t = len(order), len(frames)
        boxes = torch.zeros(g, t, 4)
        with_masks = any("masks" in frame.gt_instances for frame in frames)
        masks = torch.zeros(g, t, *(size if with_masks else (0, 0)), dtype=torch.uint8)
        visible = torch.zeros(g, t, dtype=torch.bool)
        labels = torch.zeros(g, dtype=torch.int64)
        for i, frame in enumerate(frames):
            instances = frame.gt_instances
            rows = torch.tensor([order[k] for k in instances.instances_ids.tolist()], dtype=torch.int64)
            if not len(rows):
                continue
            frame_boxes = getattr(instances.bboxes, "tensor", instances.bboxes)
            boxes[rows, i] = frame_boxes.to("cpu", torch.float32)
            labels[rows] = instances.labels.cpu()
            visible[rows, i] = True
            if with_masks:
                bitmap = torch.from_numpy(instances.masks.masks)
                masks[rows, i, : bitmap.shape[-2], : bitmap.shape[-1]] = bitmap
        if with_masks:
            visible &= masks.flatten(2).any(-1).bool()
            boxes *= visible[..., None]
        ids, kept = torch.tensor(list(order), dtype=torch.int64), visible.any(1)
        return cls(*(x[kept].to(device, non_blocking=True) for x in (boxes, masks, visible, labels, ids)))


def shown_instances(instances: InstanceData) -> InstanceData:
    """The instances of one frame that can be seen there, for parts of mmdet that take frames as they are.

    Cropping and shrinking may leave instances whose mask has no pixel and whose box is (0, 0, 0, 0). Such a box as a
    target of a box regression gives a loss that is not a number.

    Args:
        instances: ``bboxes`` (n, 4) xyxy and, unless the data set has boxes alone, ``masks`` (mmdet's mask structures).

    Returns:
        Those with a mask of at least one pixel or, without masks, with a box of positive width and height.
    """
    if "masks" in instances:
        return instances[torch.from_numpy(instances.masks.areas > 0)]
    boxes = getattr(instances.bboxes, "tensor", instances.bboxes)
    return instances[(boxes[:, 2:] > boxes[:, :2]).all(1)]


def ignored_regions(frames: Sequence, size: tuple[int, int], device: torch.device | str) -> Tensor:
    """Where the annotations say nothing about objects: crowds, void pixels, and what a moved image does not cover.

    Args:
        frames: T of mmdet's ``DetDataSample``, whose ``ignored_instances`` may hold ``masks`` (``BitmapMasks``).
        size: (H, W) of the padded network input.
        device: where the tensor goes.

    Returns:
        (T, H, W) bool.
    """
    regions = torch.zeros(len(frames), *size, dtype=torch.bool)
    for t, frame in enumerate(frames):
        masks = frame.get("ignored_instances", {}).get("masks", ())
        if len(masks):
            region = torch.from_numpy(masks.masks.any(0))
            regions[t, : region.shape[0], : region.shape[1]] = region
    return regions.to(device, non_blocking=True)
