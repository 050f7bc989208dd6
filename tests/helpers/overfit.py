"""Training on one clip until a model knows it by heart."""

import torch
from mmdet.structures import TrackDataSample

from mmvis_ext.models import VideoModel


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
