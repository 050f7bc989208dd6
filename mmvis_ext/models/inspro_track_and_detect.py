"""Separate track and detect queries, as MOTR has them: what InsPro's one set is compared with (Table 2e)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
from mmdet.structures import TrackDataSample
from torch import Tensor

from mmvis_ext.registry import MODELS
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.structures.stream import Detections
from mmvis_ext.structures.tracklets import Tracklets

from .inspro import InsPro, frame_output
from .losses import Matches
from .matching import TemporalMatcher
from .query import Propagated, StageOutput, as_pyramid
from .query.propagation import clip_to_frame

__all__ = ["InsProTrackAndDetect", "TrackAndDetectState", "TrackQueries"]


class TrackQueries(NamedTuple):
    """Queries of the objects that are followed: (A,C), and their proposals (A,4) in xyxy pixels."""

    queries: Tensor
    boxes: Tensor

    def take(self, output: StageOutput, slots: Tensor, sizes: Tensor) -> "TrackQueries":
        """What the next frame follows: the outputs of some slots, with boxes clipped and detached as InsPro's are.

        Args:
            output: of the last stage, B = T = 1.
            slots: (A,) int64.
            sizes: (1,2) height and width in pixels.
        """
        boxes = clip_to_frame(output.boxes[:, slots, 0].detach(), sizes)
        return TrackQueries(output.queries[0, slots, 0], boxes[0])


@dataclass(frozen=True)
class TrackAndDetectState:
    """Between two frames.

    Attributes:
        geometry: of the video's frames.
        tracks: A of them.
        ids: A track ids.
        lost: A, for how many frames in a row each scored too low.
        next_id: the first id not given away yet.
    """

    geometry: FrameGeometry
    tracks: TrackQueries
    ids: tuple[int, ...] = ()
    lost: tuple[int, ...] = ()
    next_id: int = 0


@MODELS.register_module()
class InsProTrackAndDetect(InsPro):
    """N detect queries find new objects in every frame; an object that was found is followed by a track query.

    A detection that scores ``birth_score`` becomes a track; a track that scores below ``keep_score`` for ``patience``
    frames in a row ends. Only tracks are results.

    Args:
        birth_score: in 0..1.
        keep_score: in 0..1.
        patience: frames.
        kwargs: of :class:`InsPro`; its head needs ``bank_length=1``, since slots do not last.

    Raises:
        ValueError: the head has a feature bank.
    """

    def __init__(self, birth_score: float = 0.4, keep_score: float = 0.3, patience: int = 5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if self.head.bank_length > 1:
            raise ValueError("Track and detect queries have no feature bank; set the head's bank_length=1.")
        self.birth_score, self.keep_score, self.patience = birth_score, keep_score, patience

    def _start(self, tracks: TrackQueries, sizes: Tensor) -> Propagated:
        """Detect queries first, track queries behind them."""
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

        An object that was matched in a frame is followed by a track query from then on, which is the only query it is
        matched with; detect queries are matched with the objects that appear.

        Args:
            inputs: (B,T,3,H,W), frames of one video each, in time order.
            data_samples: B, with per-frame ground truth.
        """
        b, length, _, height, width = inputs.shape
        levels = [f.unflatten(0, (b, length)) for f in self.extract_features(inputs.flatten(0, 1))]
        losses: dict[str, Tensor] = {}
        for i, sample in enumerate(data_samples):
            targets = Tracklets.from_frames(sample, (height, width), inputs.device)
            sizes = inputs.new_tensor([sample[0].metainfo["img_shape"][:2]])
            features = [as_pyramid(f[i, t, None] for f in levels) for t in range(length)]
            for terms in self._sample_losses(features, targets, sizes):
                for name, value in terms.items():
                    losses[name] = losses.get(name, 0) + value / (b * length)
        return losses

    def _sample_losses(
        self, frames: Sequence[Sequence[Tensor]], targets: Tracklets, sizes: Tensor
    ) -> list[dict[str, Tensor]]:
        """Losses of each frame of one sample."""
        tracks, followed = self._no_tracks(), list[int]()  # followed: the ground truth of each track query
        losses = []
        for t, features in enumerate(frames):
            outputs = self.head(features, sizes, self._start(tracks, sizes))
            frame = targets.frames(t, t + 1)
            mask_features = self.head.mask_features(features)
            terms = {}
            for m, output in enumerate(outputs):
                matches = self._match(output, frame, followed, sizes)
                logits = None
                if mask_features is not None:
                    inputs = self.head.mask_inputs(mask_features, output, m)
                    logits = self.head.segment(inputs, [matches.queries])
                found = self.stage_losses(output, logits, [matches], [frame], sizes)
                terms.update({f"s{m}.{name}": value for name, value in found.items()})
            losses.append(terms)
            born = matches.queries < self.head.num_queries
            slots = torch.arange(len(followed), device=sizes.device) + self.head.num_queries
            tracks = tracks.take(outputs[-1], torch.cat([slots, matches.queries[born]]), sizes)
            followed += matches.targets[born].tolist()
        return losses

    def _match(self, output: StageOutput, frame: Tracklets, followed: list[int], sizes: Tensor) -> Matches:
        """Followed objects go with their track query, the others that the frame shows with a detect query."""
        n = self.head.num_queries
        shown = frame.visible[:, 0].tolist()
        pairs = [(n + i, g) for i, g in enumerate(followed) if shown[g]]
        new = torch.tensor([g for g, there in enumerate(shown) if there and g not in followed], dtype=torch.int64)
        new = new.to(sizes.device)
        slots, index = TemporalMatcher(self.cost, n).match(
            output.class_logits[0, :n, 0], output.boxes[0, :n, 0], frame.labels[new], frame.boxes[new, 0], new,
            tuple(sizes[0].tolist()),
        )  # fmt: skip
        known = torch.tensor(pairs, dtype=torch.int64, device=sizes.device).view(-1, 2)
        return Matches(torch.cat([slots, known[:, 0]]), torch.cat([new[index], known[:, 1]]))

    # inference

    def init_state(self, geometry: FrameGeometry) -> Any:
        """State before the first frame, a :class:`TrackAndDetectState`: nothing is followed yet."""
        return TrackAndDetectState(geometry, self._no_tracks())

    @torch.no_grad()
    def step(self, frames: Tensor, state: Any) -> tuple[Detections, Any]:
        """One frame, (1,3,H,W); see :meth:`VideoModel.step`. The state is a :class:`TrackAndDetectState`."""
        sizes, n = self._sizes(state.geometry), self.head.num_queries
        features = as_pyramid(self.extract_features(frames))
        (output,) = self.head(features, sizes, self._start(state.tracks, sizes), last_only=True)
        mask_features = self.head.mask_features(features)
        masks = None if mask_features is None else self.head.mask_inputs(mask_features, output)
        result = frame_output(output, masks)

        best = result.scores.amax(-1).tolist()
        lost = [0 if s >= self.keep_score else before + 1 for s, before in zip(best[n:], state.lost, strict=True)]
        kept = [i for i, frames_lost in enumerate(lost) if frames_lost < self.patience]
        born = [i for i in range(n) if best[i] >= self.birth_score]
        slots = torch.tensor([n + i for i in kept] + born, dtype=torch.int64, device=sizes.device)
        ids = tuple(state.ids[i] for i in kept) + tuple(range(state.next_id, state.next_id + len(born)))
        after = TrackAndDetectState(
            state.geometry,
            state.tracks.take(output, slots, sizes),
            ids,
            tuple(lost[i] for i in kept) + (0,) * len(born),
            state.next_id + len(born),
        )
        return replace(self.detections(result.take(slots), state.geometry), track_ids=list(ids)), after
