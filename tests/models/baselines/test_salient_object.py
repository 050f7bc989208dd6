"""The network that paints the foreground: its loss pixel by pixel, and what it finds."""

import math

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from small_model import SIZE, empty_sample, rectangles, salient_object_cfg, video_sample
from streamed import tracks_of

from mmvis_ext.models import SalientObjectBaseline
from mmvis_ext.registry import MODELS
from mmvis_ext.structures import decode
from mmvis_ext.structures.geometry import FrameGeometry

ONE, TWO = (0, 0, (4, 6, 22, 28)), (7, 0, (26, 4, 44, 20))


@pytest.fixture
def model() -> SalientObjectBaseline:
    out = MODELS.build(salient_object_cfg())
    out.init_weights()
    return out


def painted(model, logits):
    """The model, which now gives these logits (n,H,W) whatever it sees."""
    model.paint = lambda features, size: logits
    return model


def ignored(mask: np.ndarray) -> InstanceData:
    region = rectangles((-1, 0, (0, 0, 1, 1)))
    region.masks.masks[0] = mask
    return region


def slowly(logits, samples) -> tuple[float, float]:
    """Binary cross-entropy over all known pixels, and the mean dice loss of the frames."""
    entropy, pixels, dices, number = 0.0, 0, [], 0
    for sample in samples:
        for frame in sample:
            height, width = frame.metainfo["img_shape"]
            both, ours, theirs = 0.0, 0.0, 0.0
            for y in range(SIZE[0]):
                for x in range(SIZE[1]):
                    there = any(mask[y, x] for mask in frame.gt_instances.masks.masks)
                    void = "ignored_instances" in frame and frame.ignored_instances.masks.masks[0, y, x]
                    if y >= height or x >= width or (void and not there):
                        continue
                    p = 1 / (1 + math.exp(-float(logits[number, y, x])))
                    entropy -= math.log(p if there else 1 - p)
                    pixels += 1
                    both, ours, theirs = both + p * there, ours + p * p, theirs + there
            dices.append(1 - 2 * both / (ours + theirs + 2e-3))
            number += 1
    return entropy / pixels, sum(dices) / len(dices)


def test_the_loss_is_that_of_all_objects_together(model):
    first = video_sample(rectangles(ONE), rectangles(ONE, TWO))
    second = video_sample(rectangles(), rectangles(TWO), size=(28, 40))
    void = np.zeros(SIZE, np.uint8)
    void[:10, :30] = 1
    first[1].ignored_instances = ignored(void)
    logits = torch.randn(4, *SIZE)
    losses = painted(model, logits).loss(torch.zeros(2, 2, 3, *SIZE), [first, second])
    assert [float(losses["loss_entropy"]), float(losses["loss_dice"])] == pytest.approx(
        slowly(logits, [first, second]), abs=1e-5
    )


def test_it_learns_one_frame(model):
    torch.manual_seed(0)
    sample, frames = video_sample(rectangles(ONE, TWO)), torch.randn(1, 1, 3, *SIZE)
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3)
    for _ in range(60):
        loss = sum(model.loss(frames, [sample]).values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    (track,) = tracks_of(model.eval(), frames[0], FrameGeometry(SIZE, SIZE))
    truth = sample[0].gt_instances.masks.masks.any(0)
    found = decode(track.segmentations, *SIZE)[0].astype(bool)
    assert (truth & found).sum() / (truth | found).sum() > 0.8
    assert 0.5 < track.scores[0] <= 1


def test_without_objects_there_is_a_loss_and_no_track(model):
    losses = model.loss(torch.randn(1, 2, 3, *SIZE), [empty_sample(2)])
    assert all(loss.isfinite() for loss in losses.values())
    assert not len(tracks_of(painted(model.eval(), torch.full((1, *SIZE), -3.0)), torch.zeros(2, 3, *SIZE),
                             FrameGeometry(SIZE, SIZE)))  # fmt: skip


def test_the_mask_has_the_size_of_the_video_and_no_padding(model):
    logits = torch.full((1, *SIZE), -9.0)
    logits[:, 4:, 10:] = 9.0
    geometry = FrameGeometry(original=(56, 80), resized=(28, 40))
    (track,) = tracks_of(painted(model.eval(), logits), torch.zeros(1, 3, *SIZE), geometry)
    mask = decode(track.segmentations, 56, 80)[0]
    assert mask[8:, 20:].all()
    assert mask.sum() == 48 * 60
