"""InsPro-lite: all stages on key frames, one stage in between (InsPro, Sec. 4.2 and A.1)."""

import copy
import math
from collections.abc import Sequence
from typing import Any

import torch
from mmdet.structures import TrackDataSample
from torch import Tensor, nn

from mmvis_ext.models.mask import MaskInputs
from mmvis_ext.models.matching import match_frame
from mmvis_ext.models.query import Propagated, StageOutput, as_pyramid
from mmvis_ext.models.query.propagation import clip_to_frame
from mmvis_ext.models.training_batch import TrainingBatch, mean_over
from mmvis_ext.registry import MODELS

from .inspro import InsPro, InsProState
from .instance_model import FrameOutput, frame_output

__all__ = ["InsProLite"]

KEY_STEP = 2  # in training every second frame of a sample is a key frame


@MODELS.register_module()
class InsProLite(InsPro):
    """InsPro that runs all stages on one frame in ``key_interval``.

    On the other frames only the lite stage runs, a single stage with its own weights: it updates the proposals and
    leaves the queries as they are. Only this stage is trained here; all other weights come from a trained
    :class:`InsPro`, by ``load_from``, and are frozen (Sec. A.1).

    Args:
        key_interval: distance from one key frame to the next, the paper's K; with 1, every frame is a key frame.
        kwargs: see :class:`InsPro`.

    Raises:
        ValueError: ``key_interval`` is below 1.
    """

    classifier = (*InsPro.classifier, "lite_stage.fc_cls.*")
    starts_from_checkpoint = True

    def __init__(self, key_interval: int = 10, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if key_interval < 1:
            raise ValueError(f"key_interval={key_interval} must be at least 1, which makes every frame a key frame.")
        self.key_interval = key_interval
        self.period = math.lcm(key_interval, self.period)
        self.lite_stage = copy.deepcopy(self.head.stage(0))  # for the layers; init_weights draws its own weights
        self.lite_weights = self.head.new_generator() if self.head.mask_branch is not None else None
        for part in self.frozen_parts():
            part.requires_grad_(False)

    def frozen_parts(self) -> list[nn.Module]:
        """The parts that were trained in phase one, as an :class:`InsPro`."""
        return [part for part in (self.backbone, self.neck, self.head) if part is not None]

    def init_weights(self) -> None:
        """Initialise as InsPro does, and the lite stage like any other stage."""
        super().init_weights()
        self.lite_stage.init_weights()

    def train(self, mode: bool = True) -> "InsProLite":
        """Switch to training or testing; the frozen parts stay in test mode."""
        super().train(mode)
        for part in self.frozen_parts():
            part.eval()  # so that the running statistics of BatchNorm are frozen too
        return self

    def loss(self, inputs: Tensor, data_samples: Sequence[TrackDataSample]) -> dict[str, Tensor]:
        """Losses of the lite stage on every second frame, averaged over these frames.

        The frames between are key frames: a sample of five frames, as in the paper, is key, lite, key, lite, key (the
        paper says three key frames and two others but not in which order).

        Args:
            inputs: (B,T,3,H,W), frames of one video each, in time order, T >= 2.
            data_samples: B samples with per-frame ground truth.
        """
        with torch.no_grad():
            batch = TrainingBatch.of(self.extract_features(inputs.flatten(0, 1)), inputs, data_samples)
            carried = self.head.start(batch.sizes)
        matchers = self.new_matchers(len(batch))
        terms = []
        for t in range(batch.length):
            features, frame = batch.features(t, t + 1), batch.truth(t, t + 1)
            if t % KEY_STEP == 0:
                with torch.no_grad():
                    (output,) = self.head(features, batch.sizes, carried, last_only=True)
                    match_frame(output, frame, batch.sizes, matchers, remember=True)
                    carried = self.head.carry(output, carried, batch.sizes)
                continue
            output, carried = self.look_lite(features, batch.sizes, carried)
            matches = match_frame(output, frame, batch.sizes, matchers, remember=True)
            masks = self.lite_masks(features, output)
            logits = masks and self.head.segment(masks, [pairs.queries for pairs in matches])
            terms.append(self.stage_losses(output, logits, matches, frame, batch.sizes))
        return mean_over(terms)

    def look_lite(
        self, features: Sequence[Tensor], sizes: Tensor, carried: Propagated
    ) -> tuple[StageOutput, Propagated]:
        """Run the lite stage on one frame.

        Args:
            features: pyramid levels, (B,C,h,w) each.
            sizes: (B,2) height and width in pixels of the frames without padding.
            carried: queries and proposals from the frame before.

        Returns:
            The stage's output, and what the next frame starts from: the new boxes and the same queries.
        """
        queries, boxes = carried.queries[:, :, None], carried.boxes[:, :, None]
        output = self.head.look(self.lite_stage, features, sizes, queries, boxes)
        return output, carried._replace(boxes=clip_to_frame(output.boxes[:, :, 0].detach(), sizes))

    def lite_masks(self, features: Sequence[Tensor], output: StageOutput) -> MaskInputs | None:
        """The tensors from which the lite stage's masks are computed; ``None`` in a model without masks.

        Args:
            features: pyramid levels, (B,C,h,w) each.
            output: the stage's output.
        """
        mask_features = self.head.mask_features(features)
        if mask_features is None:
            return None
        return self.head.mask_inputs(mask_features, output, generator=self.lite_weights)

    def forward_window(
        self, frames: Tensor, sizes: Tensor, carried: Propagated, key: bool = True
    ) -> tuple[FrameOutput, Propagated]:
        """Like InsPro's, for a frame (1,3,H,W) of ``sizes`` (1,2); with ``key=False`` only the lite stage runs."""
        if key:
            return super().forward_window(frames, sizes, carried)
        features = as_pyramid(self.extract_features(frames))
        output, carried = self.look_lite(features, sizes, carried)
        return frame_output(output, self.lite_masks(features, output)), carried

    def run_network(self, frames: Tensor, state: InsProState, carried: Propagated) -> tuple[FrameOutput, Propagated]:
        """As InsPro's; the number of the frame says whether it is a key frame.

        Args:
            frames: (1,3,H,W) normalised and padded.
            state: state before the frame.
            carried: what the n slots start from that run.

        Returns:
            Predictions of the n slots, and what they start from in the next frame.
        """
        key = state.frame % self.key_interval == 0
        return self.forward_window(frames, self.window_sizes(state.geometry), carried, key)
