"""Separate track and detect queries as in MOTR, the comparison of InsPro's Table 2e."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from mmdet.structures import TrackDataSample
from torch import Tensor

from mmvis_ext.models.matching import Matches, TemporalMatcher
from mmvis_ext.models.query import Propagated, StageOutput
from mmvis_ext.models.training_batch import TrainingBatch, mean_over
from mmvis_ext.registry import MODELS
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.structures.stream import Detections
from mmvis_ext.structures.tracklets import Tracklets

from .instance_model import InstanceModel
from .track_queries import NOBODY, TrackQueries, TrackSelection, sample_generator

__all__ = ["InsProTrackAndDetect", "TrackAndDetectState"]


@dataclass(frozen=True)
class TrackAndDetectState:
    """State after a frame, with A tracks.

    Attributes:
        geometry: original and resized size of the video's frames.
        tracks: the tracks' queries and proposals.
        ids: A track ids.
        lost: for each track, for how many frames in a row it has scored below ``keep_score``.
        next_id: the id that the next new track gets.
    """

    geometry: FrameGeometry
    tracks: TrackQueries
    ids: tuple[int, ...] = ()
    lost: tuple[int, ...] = ()
    next_id: int = 0


@MODELS.register_module()
class InsProTrackAndDetect(InstanceModel[TrackAndDetectState]):
    """N detect queries find new objects in every frame; each object that was found is then followed by a track query.

    A detection that scores at least ``birth_score`` becomes a track; a track that scores below ``keep_score`` for
    ``patience`` frames in a row ends. Detections that do not become tracks are not part of the results. The number of
    queries changes with that of the tracks, so ``forward_window`` is compiled anew for each number. Thresholds and
    training are MOTR's; docs/inspro.md says what is not.

    Args:
        birth_score: in 0..1.
        keep_score: in 0..1.
        patience: number of frames.
        selection: arguments of :class:`TrackSelection`, which chooses the track queries in training.
        kwargs: see :class:`InstanceModel`; its head needs ``propagate="both"``, and ``bank_length=1`` since a track's
            slot changes from frame to frame.

    Raises:
        ValueError: the head has a feature bank, or does not propagate both queries and proposals.
    """

    def __init__(
        self, birth_score: float = 0.7, keep_score: float = 0.6, patience: int = 5, selection: dict | None = None,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        if self.head.bank_length > 1:
            raise ValueError("Track and detect queries have no feature bank; set the head's bank_length=1.")
        if self.head.propagate != "both":
            raise ValueError('Track queries carry queries and proposals on; set the head\'s propagate="both".')
        self.birth_score, self.keep_score, self.patience = birth_score, keep_score, patience
        self.selection = TrackSelection(**(selection or {}))

    def _start(self, tracks: TrackQueries, sizes: Tensor) -> Propagated:
        """What a frame starts from: the N detect queries followed by the track queries."""
        detect = self.head.start(sizes)
        return Propagated(
            torch.cat([detect.queries, tracks.queries[None]], dim=1),
            torch.cat([detect.boxes, tracks.boxes[None]], dim=1),
            None,
        )

    def _no_tracks(self) -> TrackQueries:
        queries = self.head.initial.queries
        return TrackQueries(queries.detach()[:0], queries.new_zeros(0, 4))

    # training

    def loss(self, inputs: Tensor, data_samples: Sequence[TrackDataSample]) -> dict[str, Tensor]:
        """Losses of every stage, averaged over samples and frames.

        New objects are matched with detect queries, or with track queries that follow none. From the next frame on, a
        matched object is followed by a track query and is matched with that one only, unless :class:`TrackSelection`
        drops it.

        Args:
            inputs: (B,T,3,H,W), frames of one video each, in time order.
            data_samples: B samples with per-frame ground truth.
        """
        batch = TrainingBatch.of(self.extract_features(inputs.flatten(0, 1)), inputs, data_samples)
        mask_features, terms = self.mask_features(batch), list[dict[str, Tensor]]()
        for b in range(len(batch)):
            own = [each if each is None else each[b : b + 1] for each in mask_features]
            terms += self._sample_losses(batch.sample(b), own, sample_generator(data_samples[b]))
        return mean_over(terms)

    def _sample_losses(
        self, batch: TrainingBatch, mask_features: list[Tensor | None], generator: torch.Generator
    ) -> list[dict[str, Tensor]]:
        """Losses of each frame of one sample, given the mask features (1,E,h,w) of each frame."""
        # followed: for each track query, the index of its object, or NOBODY
        tracks, followed, sizes = self._no_tracks(), list[int](), batch.sizes
        losses = []
        for t, masks in enumerate(mask_features):
            features, (frame,) = batch.features(t, t + 1), batch.truth(t, t + 1)
            start = self._start(tracks, sizes)
            outputs = self.head(features, sizes, start)
            terms = {}
            for m, output in enumerate(outputs):
                matches = self._match(output, frame, followed, sizes)
                logits = None
                if masks is not None:
                    inputs = self.head.mask_inputs(masks, output, m)
                    logits = self.head.segment(inputs, [matches.queries])
                found = self.stage_losses(output, logits, [matches], [frame], sizes)
                terms.update({f"s{m}.{name}": value for name, value in found.items()})
            losses.append(terms)
            slots, followed = self.selection(outputs[-1].boxes[0, :, 0], followed, matches, frame, generator)
            carried = self.head.carry(outputs[-1], start, sizes)
            tracks = TrackQueries.of(carried, torch.tensor(slots, dtype=torch.int64, device=sizes.device))
        return losses

    def _match(self, output: StageOutput, frame: Tracklets, followed: list[int], sizes: Tensor) -> Matches:
        """Match each visible object: with its track query if it is followed, else with a query that follows none."""
        n = self.head.num_queries
        shown = frame.visible[:, 0].tolist()
        pairs = [(n + i, g) for i, g in enumerate(followed) if g != NOBODY and shown[g]]
        free = torch.tensor([*range(n), *(n + i for i, g in enumerate(followed) if g == NOBODY)], device=sizes.device)
        new = torch.tensor([g for g, there in enumerate(shown) if there and g not in followed], dtype=torch.int64)
        new = new.to(sizes.device)
        slots, index = TemporalMatcher(self.cost, len(free)).match(
            output.class_logits[0, free, 0], output.boxes[0, free, 0], frame.labels[new], frame.boxes[new, 0], new,
            tuple(sizes[0].tolist()),
        )  # fmt: skip
        known = torch.tensor(pairs, dtype=torch.int64, device=sizes.device).view(-1, 2)
        return Matches(torch.cat([free[slots], known[:, 0]]), torch.cat([new[index], known[:, 1]]))

    # inference

    def init_state(self, geometry: FrameGeometry) -> TrackAndDetectState:
        """State before the first frame: nothing is followed yet."""
        return TrackAndDetectState(geometry, self._no_tracks())

    @torch.no_grad()
    def step(self, frames: Tensor, state: TrackAndDetectState) -> tuple[Detections, TrackAndDetectState]:
        """One frame, (1,3,H,W); see :meth:`VideoModel.step`."""
        sizes, n = self.window_sizes(state.geometry), self.head.num_queries
        result, carried = self.forward_window(frames, sizes, self._start(state.tracks, sizes))

        best = result.scores.amax(-1).tolist()
        lost = [0 if s >= self.keep_score else before + 1 for s, before in zip(best[n:], state.lost, strict=True)]
        kept = [i for i, frames_lost in enumerate(lost) if frames_lost < self.patience]
        born = [i for i in range(n) if best[i] >= self.birth_score]
        slots = torch.tensor([n + i for i in kept] + born, dtype=torch.int64, device=sizes.device)
        ids = tuple(state.ids[i] for i in kept) + tuple(range(state.next_id, state.next_id + len(born)))
        after = TrackAndDetectState(
            state.geometry,
            TrackQueries.of(carried, slots),
            ids,
            tuple(lost[i] for i in kept) + (0,) * len(born),
            state.next_id + len(born),
        )
        return replace(self.detections(result.take(slots), state.geometry), track_ids=list(ids)), after
