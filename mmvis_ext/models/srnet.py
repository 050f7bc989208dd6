"""SRNet: Spatial Relation Network for single-stage instance segmentation in videos (ACM MM 2021)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, NamedTuple

import numpy as np
import torch
from mmdet.structures import TrackDataSample
from mmdet.utils import reduce_mean
from torch import Tensor

from mmvis_ext.registry import MODELS
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.structures.rle import RLE, boxes_of
from mmvis_ext.structures.stream import Detections
from mmvis_ext.utils.errors import InputError

from .association import greedy_link
from .dense import DenseHead, DenseOutput, DenseTargets, Instances, class_scores, cluster_instances, draw_centres
from .dense.grid import mask_extents, mass_centres, read_at, within_frame
from .dense.targets import cut, join, of_one_size, targets_over_time
from .losses import DenseLossWeights, dense_losses
from .losses.dense_losses import CENTRES, IOU_LOSSES
from .mask import encode_probabilities
from .video_model import VideoModel

__all__ = ["LastFrame", "SRNet", "SRNetState"]


FINEST_STRIDE = 4  # of the pyramid's finest level, in pixels


class LastFrame(NamedTuple):
    """What the network takes as input from the previous frame.

    Attributes:
        coarsest: (1,C,h,w) coarsest pyramid level of the previous frame; ``None`` for a video's first frame.
        heatmap: (1,1,h,w) instance heatmap, with a Gaussian at the centre of each instance of the previous frame.
    """

    coarsest: Tensor | None
    heatmap: Tensor


@dataclass(frozen=True)
class SRNetState:
    """State after a frame, with that frame's A instances. "The grid" is the spatial grid, see :func:`spatial_grid`.

    Attributes:
        geometry: original and resized size of the video's frames.
        before: (1,C,h,w) coarsest pyramid level of the last frame; ``None`` before the first one.
        centres: (A,2) mass centres of the instances, x and y in coordinates of the grid; on the CPU, as the extents.
        extents: (A,2) width and height of the instances in units of the grid.
        track_ids: their A track ids.
        next_id: the id that the next new track gets.
    """

    geometry: FrameGeometry
    before: Tensor | None
    centres: Tensor
    extents: Tensor
    track_ids: tuple[int, ...] = ()
    next_id: int = 0


@MODELS.register_module()
class SRNet(VideoModel[SRNetState]):
    """Online dense model: every pixel predicts the centre of its instance and that centre's place in the last frame.

    The config chooses the task: with categories in the head it is video instance segmentation, without them
    unsupervised video object segmentation (UVOS). Instances are linked to those of the last frame alone; one that
    finds no partner there gets a new track id.

    Args:
        head: config of :class:`DenseHead`.
        loss_weights: see :class:`DenseLossWeights`.
        iou_loss: ``lovasz`` or ``dice`` (Table 1).
        heatmap: draw the last frame's centres for the tracking head; ``False`` leaves the heatmap zero (Table 2).
        temporal: ``False`` gives the decoder the current frame's features in place of the last frame's, at test only
            (Table 2).
        first_frame: weight of a training sample's first frame in the loss. Like a video's first frame it is its own
            predecessor, with an empty heatmap; with 0 it is only the predecessor of the second.
        centre: the point at which an instance's tracking vector is read and from which it starts: the ``mass`` centre
            of its mask, or the ``predicted`` centre that its pixels point to. In both cases the vector is trained to
            end at the instance's mass centre in the last frame.
        min_score: only pixels with an objectness above this start an instance.
        max_instances: see :func:`cluster_instances`.
        min_pixels: see there.
        min_free: see there. 0 is Algorithm 1 as printed; 0.5 is the authors' code, which drops the rims that are left
            over around instances already found.
        max_distance: an instance is linked to one of the last frame only if its tracking vector ends at most this far
            from that one's centre, in units of the grid.
        kwargs: backbone, neck, score_reduction, data_preprocessor, init_cfg; see :class:`VideoModel`.

    Raises:
        ValueError: ``iou_loss`` or ``centre`` is unknown, or ``first_frame`` is not in 0..1.
    """

    classifier = ("head.categories.2.*",)

    def __init__(
        self, head: dict, loss_weights: dict | None = None, iou_loss: str = "lovasz", heatmap: bool = True,
        temporal: bool = True, first_frame: float = 1.0, centre: str = "mass", min_score: float = 0.5,
        max_instances: int = 50, min_pixels: int = 1, min_free: float = 0.5, max_distance: float = 0.5, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(window=1, **kwargs)
        for name, value, known in (("iou_loss", iou_loss, IOU_LOSSES), ("centre", centre, CENTRES)):
            if value not in known:
                raise ValueError(f"{name}={value!r} is unknown; choose one of {known}.")
        if not 0 <= first_frame <= 1:
            raise ValueError(f"first_frame={first_frame} must be in 0..1, the weight of a sample's first frame.")
        self.head: DenseHead = MODELS.build(head)
        self.first_frame = first_frame
        self.loss_weights = DenseLossWeights(**(loss_weights or {}))
        self.iou_loss, self.heatmap, self.temporal, self.centre = iou_loss, heatmap, temporal, centre
        self.clustering: dict[str, Any] = dict(
            min_score=min_score, max_instances=max_instances, min_pixels=min_pixels, min_free=min_free
        )
        self.max_distance = max_distance

    @property
    def num_classes(self) -> int:
        """K, the number of classes; 1 without categories."""
        return self.head.num_classes or 1

    # training

    def loss(self, inputs: Tensor, data_samples: Sequence[TrackDataSample]) -> dict[str, Tensor]:
        """Losses of every frame, given the frame before it.

        A sample's first frame is treated like a video's first frame: it is its own predecessor, with an empty heatmap.
        Its weight is ``first_frame``, unless it is the only one.

        Args:
            inputs: (B,T,3,H,W), frames of one video each, in time order.
            data_samples: B samples with per-frame ground truth.

        Raises:
            InputError: a sample has several clips.
        """
        _, length, _, height, width = inputs.shape
        padded = height, width
        if any(sample.get("num_clips", 1) != 1 for sample in data_samples):
            raise InputError("SRNet follows one clip per sample; set num_clips=1 in the clips of its training data.")
        features = self.extract_features(inputs.flatten(0, 1))
        first = 1.0 if length == 1 else self.first_frame
        trained = range(length) if first else range(1, length)
        outputs: list[DenseOutput] = []
        targets: list[DenseTargets] = []
        for size, members in of_one_size(data_samples, padded).items():
            # the spatial grid depends on the size, so each sample is cut back from the batch's padding to its own size
            map_size = self.head.map_size(*size)
            levels = cut(features, [m * length + t for m in members for t in trained], size, padded)
            coarsest = features[-1][[m * length + max(t - 1, 0) for m in members for t in trained]]
            (before,) = cut([coarsest], range(len(coarsest)), size, padded)
            # what follows from the annotations is small, and faster to compute where they are, on the CPU
            over_time = {m: targets_over_time(data_samples[m], padded, size, map_size, first) for m in members}
            shown = [over_time[m][t] for m in members for t in trained]
            heatmaps = torch.stack([self._draw(mass_centres(b), mask_extents(b), size) for _, b in shown])
            outputs.append(self.head(levels, before, heatmaps.to(inputs.device), map_size))
            targets.append(join([target for target, _ in shown]))
        counts = torch.tensor([(t.weight[t.frame].sum(), t.was_there.sum()) for t in targets]).sum(0)
        instances, linked = reduce_mean(counts.to(inputs.device)).clamp(min=1)
        targets = [target.to(inputs.device) for target in targets]
        with torch.autocast(inputs.device.type, enabled=False):
            return dense_losses(
                outputs, targets, self.head.extra_bandwidths, instances, linked, self.loss_weights, self.iou_loss,
                self.centre,
            )  # fmt: skip

    def _draw(self, centres: Tensor, extents: Tensor, size: tuple[int, int]) -> Tensor:
        """(1,h,w) instance heatmap at the finest level's size, for an input of ``size`` (H, W)."""
        h, w = (-(-side // FINEST_STRIDE) for side in size)
        return draw_centres(centres, extents, (h, w))[None] if self.heatmap else centres.new_zeros(1, h, w)

    # inference

    def init_state(self, geometry: FrameGeometry) -> SRNetState:
        """State before the first frame: no instances."""
        return SRNetState(geometry, None, torch.zeros(0, 2), torch.zeros(0, 2))

    def forward_window(self, frames: Tensor, sizes: Tensor, carried: LastFrame) -> tuple[DenseOutput, Tensor]:
        """See :meth:`VideoModel.forward_window`.

        Args:
            frames: (1,3,H,W) normalised and padded.
            sizes: (1,2) height and width in pixels without padding; in the padding, objectness is set to -1.
            carried: features and heatmap of the frame before.

        Returns:
            The per-pixel predictions, and the coarsest level of this frame, (1,C,h,w).
        """
        features, padded = self.extract_features(frames), (frames.shape[-2], frames.shape[-1])
        return self.look(features, padded, sizes, carried), features[-1]

    def look(
        self, features: Sequence[Tensor], padded: tuple[int, int], sizes: Tensor, carried: LastFrame
    ) -> DenseOutput:
        """The per-pixel predictions for a frame whose features are there already.

        Args:
            features: pyramid levels, (1,C,h,w) each.
            padded: (H, W) of the padded frame.
            sizes: see :meth:`forward_window`.
            carried: see :meth:`forward_window`.
        """
        before = features[-1] if carried.coarsest is None or not self.temporal else carried.coarsest
        output = self.head(features, before, carried.heatmap, self.head.map_size(*padded))
        inside = within_frame(output.objectness.shape[-2:], padded, sizes[0])
        return output._replace(objectness=torch.where(inside, output.objectness, -1.0))

    @torch.no_grad()
    def step(self, frames: Tensor, state: SRNetState) -> tuple[Detections, SRNetState]:
        """One frame, (1,3,H,W); see :meth:`VideoModel.step`."""
        size = frames.shape[-2], frames.shape[-1]
        last = LastFrame(state.before, self._draw(state.centres, state.extents, size)[None].to(frames.device))
        output, coarsest = self.forward_window(frames, self.window_sizes(state.geometry), last)
        with torch.autocast(frames.device.type, enabled=False):
            return self._found(output.frame(0), replace(state, before=coarsest), size)

    def _found(self, output: DenseOutput, state: SRNetState, size: tuple[int, int]) -> tuple[Detections, SRNetState]:
        """Algorithm 1 (clustering and linking) on one frame's predictions; ``size`` is (H, W) of the padded input.

        It looks at one instance after the other, for each of which a GPU would be waited for. So it runs on the CPU.
        """
        device, output = output.offsets.device, output.cpu()
        found = cluster_instances(
            output.offsets, output.bandwidths, output.objectness, self.head.extra_bandwidths, **self.clustering
        )
        centres = mass_centres(found.masks)
        at = centres if self.centre == "mass" else found.centres[:, :2]
        links = greedy_link(state.centres, at + read_at(output.tracking, at), self.max_distance).tolist()
        fresh = count(state.next_id)
        ids = tuple(next(fresh) if before < 0 else state.track_ids[before] for before in links)
        following = replace(
            state, centres=centres, extents=mask_extents(found.masks), track_ids=ids, next_id=next(fresh)
        )
        masks = encode_probabilities(found.probabilities.to(device), size, state.geometry)
        return self._detections(output, found, ids, masks), following

    def _detections(
        self, output: DenseOutput, found: Instances, ids: Sequence[int], masks: Sequence[RLE | None]
    ) -> Detections:
        visible = np.array([m is not None for m in masks], dtype=bool)[:, None]
        objectness = found.scores[:, None].numpy()
        scores = objectness[..., None]
        if output.class_logits is not None:
            scores = class_scores(found.masks, output.class_logits)[:, None].numpy()
        return Detections(
            track_ids=list(ids),
            scores=scores,
            boxes=boxes_of(masks)[:, None],
            masks=[[mask] for mask in masks],
            visible=visible,
            objectness=None if output.class_logits is None else objectness,
        )
