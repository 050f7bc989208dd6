"""Training on one clip until a model knows it by heart."""

import numpy as np
import torch
from mmdet.structures import TrackDataSample

from mmvis_ext.models import VideoModel
from mmvis_ext.structures import decode
from mmvis_ext.structures.stream import Detections
from mmvis_ext.structures.tracklets import Tracklets


def overfit(
    model: VideoModel, frames: torch.Tensor, sample: TrackDataSample, steps: int, lr: float, decay: bool = False
) -> float:
    """Train on the frames (1,T,3,H,W) of one sample, with a rate that falls to zero if ``decay``.

    Returns:
        The last loss as a share of the first one.
    """
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda i: 1 - i / steps if decay else 1.0)
    history = []
    for _ in range(steps):
        total = sum(model.loss(frames, [sample]).values())
        history.append(total.item())
        optimizer.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return history[-1] / history[0]


def paint(frames: torch.Tensor, truth: Tracklets) -> None:
    """Give the objects in frames (T,3,H,W) a colour, which is their class."""
    for masks, label in zip(truth.masks, truth.labels, strict=True):
        frames[:, label] += 2 * masks


def found_by_heart(found: Detections, truth: Tracklets) -> tuple[dict[int, int], float]:
    """The place of each class among the two best ones, and the mean IoU of the masks in frames that show the object.

    The truth is two objects of classes 1 and 2.
    """
    best = found.scores.max((1, 2)).argsort()[-2:]
    places = {int(found.scores[i].max(0).argmax()): int(i) for i in best}
    assert set(places) == {1, 2} == set(truth.labels.tolist())
    ious = []
    for g, label in enumerate(truth.labels.tolist()):
        shown = truth.visible[g].numpy()
        masks = decode(found.masks[places[label]], *truth.masks.shape[-2:])[shown].astype(bool)
        target = truth.masks[g].numpy()[shown].astype(bool)
        ious.append((masks & target).sum() / (masks | target).sum())
    return places, float(np.mean(ious))
