"""SRNet: Spatial Relation Network for single-stage instance segmentation in videos (ACM MM 2021)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count, pairwise
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from mmdet.structures import TrackDataSample
from mmdet.utils import reduce_mean
from torch import Tensor

from mmvis_ext.registry import MODELS
from mmvis_ext.structures import RLE
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.structures.rle import boxes_of, encode
from mmvis_ext.structures.stream import Detections
from mmvis_ext.structures.tracklets import Tracklets
from mmvis_ext.utils.errors import InputError

from .association import greedy_link
from .dense import DenseOutput, Instances, cluster_instances, draw_centres
from .dense.grid import mask_extents, mass_centres, read_at, resize, sample_rows, spatial_grid
from .losses import DenseLossWeights, DenseTargets, dense_losses
from .losses.dense_losses import CENTRES, IOU_LOSSES
from .video_model import VideoModel

__all__ = ["SRNet", "SRNetState"]


FINEST_STRIDE = 4  # of the pyramid


@dataclass(frozen=True)
class SRNetState:
    """Between two frames.

    Attributes:
        geometry: of the video's frames.
        before: (1,C,h,w) the coarsest level of the last frame; ``None`` before the first.
        centres: (A,2) mass centres of its instances, x and y on the grid.
        extents: (A,2) their width and height in units of the grid.
        track_ids: A of them.
        next_id: first id not given away yet.
    """

    geometry: FrameGeometry
    before: Tensor | None
    centres: Tensor
    extents: Tensor
    track_ids: tuple[int, ...] = ()
    next_id: int = 0


@MODELS.register_module()
class SRNet(VideoModel):
    """Every pixel points to its instance's centre, and every centre to where it was in the last frame.

    Two tasks by config: without categories in the head it is unsupervised video object segmentation (UVOS), with them
    video instance segmentation. An instance that the last frame did not show gets a new id.

    Args:
        head: config of :class:`DenseHead`.
        loss_weights: see :class:`DenseLossWeights`.
        iou_loss: ``lovasz`` or ``dice`` (Table 1).
        heatmap: draw the last frame's centres for the tracking head; ``False`` leaves the heatmap zero (Table 2).
        temporal: ``False`` shows the decoder this frame in place of the last one, at test alone (Table 2).
        centre: where the tracking vector is read and starts: the ``mass`` centre of the mask, or the ``predicted`` one
            that its pixels point to. It leads to the mass centre in the last frame either way.
        min_score: objectness that starts an instance.
        max_instances: per frame; those that are left out for their pixels count too.
        min_pixels: of an instance, on the head's maps.
        min_free: see :func:`cluster_instances`; 0 is the paper's algorithm to the letter, 0.5 that of its source, which
            drops the rims that are left of instances.
        max_distance: between where an instance says that it was and the last frame's centre, in units of the grid.
        kwargs: backbone, neck, score_reduction, data_preprocessor, init_cfg; see :class:`VideoModel`.

    Raises:
        ValueError: ``iou_loss`` or ``centre`` is unknown.
    """

    def __init__(
        self, head: dict, loss_weights: dict | None = None, iou_loss: str = "lovasz", heatmap: bool = True,
        temporal: bool = True, centre: str = "mass", min_score: float = 0.5, max_instances: int = 50,
        min_pixels: int = 1, min_free: float = 0.5, max_distance: float = 0.5, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(window=1, **kwargs)
        for name, value, known in (("iou_loss", iou_loss, IOU_LOSSES), ("centre", centre, CENTRES)):
            if value not in known:
                raise ValueError(f"{name}={value!r} is unknown; choose one of {known}.")
        self.head = MODELS.build(head)
        self.loss_weights = DenseLossWeights(**(loss_weights or {}))
        self.iou_loss, self.heatmap, self.temporal, self.centre = iou_loss, heatmap, temporal, centre
        self.clustering: dict[str, Any] = dict(
            min_score=min_score, max_instances=max_instances, min_pixels=min_pixels, min_free=min_free
        )
        self.max_distance = max_distance

    @property
    def num_classes(self) -> int:
        """K; 1 without categories."""
        return self.head.num_classes or 1

    # training

    def loss(self, inputs: Tensor, data_samples: Sequence[TrackDataSample]) -> dict[str, Tensor]:
        """Losses of every frame, each with the one before it; a sample's first is trained as a video's first.

        Args:
            inputs: (B,T,3,H,W), frames of one video each, in time order.
            data_samples: B, with per-frame ground truth.

        Raises:
            InputError: a sample has several clips.
        """
        _, length, _, height, width = inputs.shape
        padded = height, width
        if any(sample.get("num_clips", 1) != 1 for sample in data_samples):
            raise InputError("SRNet follows one clip per sample; set num_clips=1 in the clips of its training data.")
        features = self.extract_features(inputs.flatten(0, 1))
        outputs: list[DenseOutput] = []
        targets: list[DenseTargets] = []
        for size, members in of_one_size(data_samples, padded).items():
            # the grid measures a sample's own size, as at test, not what the others of the batch make of it
            levels = cut(features, [m * length + t for m in members for t in range(length)], size, padded)
            truths = [Tracklets.from_frames(data_samples[m], padded, inputs.device) for m in members]
            shown, heatmaps = self._shown(truths, size)
            coarsest = levels[-1].unflatten(0, (len(members), length))
            before = torch.cat([coarsest[:, :1], coarsest[:, :-1]], dim=1).flatten(0, 1)
            output = self.head(levels, before, heatmaps, self.head.map_size(*size))
            outputs += [output.frame(i) for i in range(len(shown))]
            targets += shown
        counts = inputs.new_tensor(
            [sum(len(t.masks) for t in targets), sum(int(t.was_there.sum()) for t in targets)], dtype=torch.float32
        )
        instances, linked = reduce_mean(counts).clamp(min=1)
        with torch.autocast(inputs.device.type, enabled=False):
            return dense_losses(
                outputs, targets, self.head.extra_bandwidths, instances, linked, self.loss_weights, self.iou_loss,
                self.centre,
            )  # fmt: skip

    def _shown(self, truths: Sequence[Tracklets], size: tuple[int, int]) -> tuple[list[DenseTargets], Tensor]:
        """What every frame of some samples shows, and (n,1,h,w) the heatmap before it; ``size`` is the input's."""
        targets, heatmaps = [], []
        for truth in truths:
            maps = shrink(truth.masks[..., : size[0], : size[1]], self.head.map_size(*size))
            for t in range(maps.shape[1]):
                before = maps[:, t - 1] if t else torch.zeros_like(maps[:, 0])
                targets.append(frame_targets(maps[:, t], before, truth.labels))
                there = before[before.flatten(1).any(1)]
                heatmaps.append(self._draw(mass_centres(there), mask_extents(there), size))
        return targets, torch.stack(heatmaps)

    def _draw(self, centres: Tensor, extents: Tensor, size: tuple[int, int]) -> Tensor:
        """(1,h,w) heatmap of instances for the tracking head, of the finest level's size; ``size`` is the input's."""
        h, w = (-(-side // FINEST_STRIDE) for side in size)
        return draw_centres(centres, extents, (h, w))[None] if self.heatmap else centres.new_zeros(1, h, w)

    # inference

    def init_state(self, geometry: FrameGeometry) -> SRNetState:
        """State before the first frame: no instances."""
        nothing = torch.zeros(0, 2, device=next(self.parameters()).device)
        return SRNetState(geometry, None, nothing, nothing)

    def forward_window(
        self, frames: Tensor, before: Tensor | None, heatmap: Tensor
    ) -> tuple[DenseOutput, Tensor]:  # fmt: skip
        """The tensor part of a step: static shapes, no look at values, so it compiles whole.

        Args:
            frames: (1,3,H,W) normalised and padded.
            before: (1,C,h,w) the coarsest level of the last frame; ``None`` in a video's first frame.
            heatmap: (1,1,h,w) its centres.

        Returns:
            What every pixel says, and the coarsest level of this frame.
        """
        features = self.extract_features(frames)
        before = before if self.temporal and before is not None else features[-1]
        return self.head(features, before, heatmap, self.head.map_size(*frames.shape[-2:])), features[-1]

    def hold(self, result: DenseOutput, objects: int) -> DenseOutput:
        """See :meth:`VideoModel.hold`: the frame falls into columns, each of which points to its middle."""
        height, width = result.objectness.shape[-2:]
        columns = min(objects, width, int(self.clustering["max_instances"]))
        edges = torch.linspace(0, width, columns + 1).round().long()
        grid = spatial_grid(height, width, result.objectness.device)
        offsets, bandwidths = torch.zeros_like(result.offsets), torch.full_like(result.bandwidths, 1e-2)
        for first, last in pairwise(edges.tolist()):
            column = grid[:, :, first:last]
            offsets[:, :2, :, first:last] = column.mean(dim=(1, 2), keepdim=True) - column
        return result._replace(
            offsets=offsets, bandwidths=bandwidths, objectness=torch.ones_like(result.objectness)
        )  # fmt: skip

    @torch.no_grad()
    def step(self, frames: Tensor, state: SRNetState) -> tuple[Detections, SRNetState]:
        """One frame, (1,3,H,W); see :meth:`VideoModel.step`."""
        size = frames.shape[-2], frames.shape[-1]
        heatmap = self._draw(state.centres, state.extents, size)[None]
        output, coarsest = self.forward_window(frames, state.before, heatmap)
        with torch.autocast(frames.device.type, enabled=False):
            return self._found(output.frame(0), replace(state, before=coarsest), size)

    def _found(self, output: DenseOutput, state: SRNetState, size: tuple[int, int]) -> tuple[Detections, SRNetState]:
        """Algorithm 1 on what the pixels of one frame say; ``size`` (H, W) is the input's, with its padding."""
        geometry = state.geometry
        found = cluster_instances(
            output.offsets, output.bandwidths, within(output.objectness, size, geometry.resized),
            self.head.extra_bandwidths, **self.clustering,
        )  # fmt: skip
        centres = mass_centres(found.masks)
        at = centres if self.centre == "mass" else found.centres[:, :2]
        links = greedy_link(state.centres, at + read_at(output.tracking, at), self.max_distance).tolist()
        fresh = count(state.next_id)
        ids = tuple(next(fresh) if before < 0 else state.track_ids[before] for before in links)
        following = replace(
            state,
            centres=centres,
            extents=mask_extents(found.masks),
            track_ids=ids,
            next_id=next(fresh),
        )
        return self._detections(output, found, ids, size, geometry), following

    def _detections(
        self,
        output: DenseOutput,
        found: Instances,
        ids: tuple[int, ...],
        size: tuple[int, int],
        geometry: FrameGeometry,
    ) -> Detections:
        masks = encode_probabilities(found.probabilities, size, geometry)
        shown = [rle for rle in masks if rle is not None]
        boxes = np.zeros((len(ids), 1, 4), dtype=np.float32)
        visible = np.array([m is not None for m in masks], dtype=bool)[:, None]
        if shown:
            boxes[visible] = boxes_of(shown)
        objectness = found.scores[:, None].cpu().numpy()
        scores = objectness[..., None]
        if output.class_logits is not None:
            member = found.masks.flatten(1).float()
            classes = output.class_logits.softmax(0).nan_to_num(nan=0.0)
            summed = member @ classes.flatten(1).T  # (n,K)
            scores = (summed / member.sum(1, keepdim=True))[:, None].cpu().numpy()
        return Detections(
            track_ids=list(ids),
            scores=scores,
            boxes=boxes,
            masks=[[mask] for mask in masks],
            visible=visible,
            objectness=None if output.class_logits is None else objectness,
        )


def of_one_size(samples: Sequence[TrackDataSample], padded: tuple[int, int]) -> dict[tuple[int, int], list[int]]:
    """Which samples of a batch have the same padded size (H, W) by themselves; ``padded`` is that of the batch."""
    sizes: dict[tuple[int, int], list[int]] = {}
    for number, sample in enumerate(samples):
        sizes.setdefault(sample[0].get("pad_shape", padded), []).append(number)
    return sizes


def cut(
    levels: Sequence[Tensor], frames: Sequence[int], size: tuple[int, int], padded: tuple[int, int]
) -> list[Tensor]:  # fmt: skip
    """Pyramid levels of some frames of a batch, where those are ``size`` (H, W) and the batch is ``padded``."""
    rows, columns = ([-(-level.shape[axis] * size[axis] // padded[axis]) for level in levels] for axis in (-2, -1))
    if len(frames) < len(levels[0]):
        levels = [level[frames] for level in levels]
    return [level[..., :h, :w] for level, h, w in zip(levels, rows, columns, strict=True)]


def shrink(masks: Tensor, size: tuple[int, int]) -> Tensor:
    """(G,T,H,W) uint8 masks -> (G,T,h,w) bool: the pixels that a map with aligned corners stands for."""
    rows, columns = (
        sample_rows(full, small, masks.device) for full, small in zip(masks.shape[-2:], size, strict=True)
    )  # fmt: skip
    return masks[..., rows[:, None], columns].bool()


def frame_targets(now: Tensor, before: Tensor, labels: Tensor) -> DenseTargets:
    """What one frame shows.

    Args:
        now: (G,h,w) bool masks.
        before: (G,h,w) those of the frame before.
        labels: (G,) int64.
    """
    seen = now.flatten(1).any(1)
    return DenseTargets(now[seen], labels[seen], mass_centres(before[seen]), before[seen].flatten(1).any(1))


def within(objectness: Tensor, padded: tuple[int, int], resized: tuple[int, int]) -> Tensor:
    """(h,w) objectness with -1 where the input is padding, whose pixels belong to nobody.

    Args:
        objectness: (h,w), aligned with the corners of the padded input.
        padded: (H, W) of the input.
        resized: (H, W) of the frame in it.
    """
    rows, columns = (
        sample_rows(full, small, objectness.device) < real
        for full, small, real in zip(padded, objectness.shape, resized, strict=True)
    )
    return torch.where(rows[:, None] & columns, objectness, -1.0)


def encode_probabilities(
    probabilities: Tensor, padded: tuple[int, int], geometry: FrameGeometry
) -> list[RLE | None]:  # fmt: skip
    """Masks in original pixels, encoded one at a time so that memory stays flat.

    Args:
        probabilities: (n,h,w), aligned with the corners of the padded input.
        padded: (H, W) of the input.
        geometry: of the frame.

    Returns:
        n RLEs; ``None`` where no pixel is above 0.5.
    """
    out: list[RLE | None] = []
    h, w = geometry.resized
    for probability in probabilities:
        full = resize(probability[None, None], padded)[..., :h, :w]
        mask = F.interpolate(full, geometry.original, mode="bilinear", align_corners=False)[0] > 0.5
        out.append(encode(mask.cpu().numpy())[0] if bool(mask.any()) else None)
    return out
