"""A fourth system, as small as it can be: all that one has to write to have training, tests and tools."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from mmdet.structures import TrackDataSample
from mmengine.config import Config
from small_model import CASES, TRUNK, C, K, N
from torch import Tensor, nn

from mmvis_ext.models import InstanceCost, TemporalMatcher, VideoModel
from mmvis_ext.models.losses import box_losses, class_loss, count_entries
from mmvis_ext.models.matching import Matches
from mmvis_ext.models.training_batch import TrainingBatch, mean_over
from mmvis_ext.registry import MODELS
from mmvis_ext.structures import box_masks
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.structures.stream import Detections


@dataclass(frozen=True)
class ToyState:
    """Between two frames: the queries, (1,N,C)."""

    geometry: FrameGeometry
    queries: Tensor


class ToyOutput(NamedTuple):
    """Class logits (B,N,K) and boxes (B,N,4) in xyxy pixels."""

    logits: Tensor
    boxes: Tensor


@MODELS.register_module()
class ToyQueries(VideoModel[ToyState]):
    """N queries that see the mean of each frame; what they become goes on to the next one. Masks fill their boxes."""

    classifier = ("classify.*",)

    def __init__(self, num_classes: int, num_queries: int = N, channels: int = C, **kwargs) -> None:
        super().__init__(window=1, **kwargs)
        self.queries = nn.Parameter(torch.randn(num_queries, channels))
        self.see, self.classify = nn.Linear(channels, channels), nn.Linear(channels, num_classes)
        self.place = nn.Linear(channels, 4)

    @property
    def num_classes(self) -> int:
        return self.classify.out_features

    def look(self, features: Sequence[Tensor], sizes: Tensor, queries: Tensor) -> tuple[ToyOutput, Tensor]:
        """What (B,N,C) queries say about a frame each, and what they become."""
        queries = torch.tanh(queries + self.see(features[-1].mean((2, 3)))[:, None])
        centre, half = self.place(queries).sigmoid().split(2, dim=-1)
        boxes = torch.cat([centre - half / 2, centre + half / 2], dim=-1) * sizes.flip(-1).repeat(1, 2)[:, None]
        return ToyOutput(self.classify(queries), boxes), queries

    def loss(self, inputs: Tensor, data_samples: Sequence[TrackDataSample]) -> dict[str, Tensor]:
        batch = TrainingBatch.of(self.extract_features(inputs.flatten(0, 1)), inputs, data_samples)
        matchers = [TemporalMatcher(InstanceCost(), len(self.queries)) for _ in range(len(batch))]
        queries, terms = self.queries.expand(len(batch), -1, -1), []
        for t in range(batch.length):
            output, queries = self.look(batch.features(t, t + 1), batch.sizes, queries)
            truth, matches = batch.truth(t, t + 1), []
            for b, (frame, matcher) in enumerate(zip(truth, matchers, strict=True)):
                shown = frame.visible[:, 0].nonzero().squeeze(1)
                slots, index = matcher.match(
                    output.logits[b], output.boxes[b], frame.labels[shown], frame.boxes[shown, 0], frame.ids[shown],
                    tuple(batch.sizes[b].tolist()),
                )  # fmt: skip
                matches.append(Matches(slots, shown[index]))
            entries = count_entries(matches, truth, 1)
            l1, giou = box_losses(output.boxes[:, :, None], matches, truth, batch.sizes, entries)
            classes = class_loss(output.logits[:, :, None], matches, truth, entries)
            terms.append(dict(loss_cls=classes, loss_bbox=l1, loss_giou=giou))
        return mean_over(terms)

    def init_state(self, geometry: FrameGeometry) -> ToyState:
        return ToyState(geometry, self.queries.detach()[None])

    def forward_window(self, frames: Tensor, sizes: Tensor, carried: Tensor) -> tuple[ToyOutput, Tensor]:
        return self.look(self.extract_features(frames), sizes, carried)

    @torch.no_grad()
    def step(self, frames: Tensor, state: ToyState) -> tuple[Detections, ToyState]:
        output, queries = self.forward_window(frames, self.window_sizes(state.geometry), state.queries)
        scores = output.logits[0].float().sigmoid()
        boxes = state.geometry.to_original(output.boxes[0].float()).cpu().numpy()
        visible = (scores.amax(-1) >= 0.1).cpu().numpy()
        masks = box_masks(boxes, visible, *state.geometry.original)
        detections = Detections(
            list(range(len(boxes))), scores[:, None].cpu().numpy(), boxes[:, None], [[m] for m in masks],
            visible[:, None],
        )  # fmt: skip
        return detections, replace(state, queries=queries)


CASES["toy"] = lambda: Config(dict(TRUNK, type="ToyQueries", num_classes=K))
