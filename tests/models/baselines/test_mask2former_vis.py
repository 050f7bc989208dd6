"""Mask2Former-VIS: mmdet's own results and losses, whole videos, and masks one at a time."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmdet.registry import MODELS as MMDET_MODELS
from mmengine.config import Config
from mmengine.registry import DefaultScope
from small_model import empty_sample, rectangles, video_sample, with_a_vanished_object
from streamed import assert_same_tracks, streamed, tracks_of

from mmvis_ext.models import Mask2FormerVISBaseline
from mmvis_ext.models.mask import encode
from mmvis_ext.registry import MODELS
from mmvis_ext.structures import decode
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.utils.errors import InputError

BASE = Path(__file__).parents[3] / "configs/_base_/models/mask2former_vis_small.py"
SIZE, K, N = (64, 96), 5, 10
GEOMETRY = FrameGeometry(original=(90, 130), resized=(60, 90))
LEFT, RIGHT = (4, 10, 40, 50), (50, 20, 90, 60)


def model_cfg(**changes) -> Config:
    cfg = Config(Config.fromfile(BASE).model.to_dict())
    small = {
        "backbone.base_channels": 8,
        "backbone.stem_channels": 8,
        "track_head.in_channels": [8, 16, 32],
        "track_head.transformer_decoder.num_layers": 2,
        "track_head.train_cfg.num_points": 64,
    }
    cfg.merge_from_dict(small | changes)
    return cfg


def build(**changes) -> Mask2FormerVISBaseline:
    model = MODELS.build(model_cfg(**changes))
    model.init_weights()
    return model.eval()


def mmdet_model(model: Mask2FormerVISBaseline) -> torch.nn.Module:
    """mmdet's model of the same config and weights."""
    cfg = {k: v for k, v in model_cfg().to_dict().items() if k != "clip_len"}
    with DefaultScope.overwrite_default_scope("mmdet"):
        theirs = MMDET_MODELS.build(Config(dict(cfg, type="Mask2FormerVideo")))
    theirs.load_state_dict(model.state_dict(), strict=True)
    return theirs.train(model.training)


def video(length: int) -> torch.Tensor:
    return torch.randn(length, 3, *SIZE)


def training_sample():
    first, last = rectangles((3, 1, LEFT), size=SIZE), rectangles((0, 2, RIGHT), (3, 1, LEFT), size=SIZE)
    return video_sample(first, last, size=SIZE)


# inference


@torch.no_grad()
def test_results_are_mmdets():
    model, frames = build(), video(4)
    sample = empty_sample(4)
    meta = dict(ori_shape=GEOMETRY.original, img_shape=GEOMETRY.resized, batch_input_shape=SIZE)
    for frame in sample.video_data_samples:
        frame.set_metainfo(meta)
    (theirs,) = mmdet_model(model).predict(frames[None], [sample])
    ours = tracks_of(model, frames, GEOMETRY).ranked(N)
    best = theirs[0].pred_track_instances
    order = best.scores.argsort(descending=True, stable=True)
    np.testing.assert_allclose([score for *_, score in ours], best.scores[order], rtol=1e-6)
    assert [label for _, label, _ in ours] == best.labels[order].tolist()
    shown = 0
    for t in range(4):
        expected = theirs[t].pred_track_instances
        for (track, *_), masks, box in zip(ours, expected.masks[order], expected.bboxes[order], strict=True):
            mask = decode([track.segmentations[t]], *GEOMETRY.original)[0]
            assert np.array_equal(mask, masks)
            assert np.array_equal(track.boxes[t], box)
            shown += mask.any()
    assert shown > N


@pytest.mark.parametrize("length", [1, 3, 7])
def test_streamed_equals_whole(length):
    model, frames = build(clip_len=3), video(length)
    whole = tracks_of(model, frames, GEOMETRY)
    assert len(whole) > 0
    assert whole.length == length
    assert_same_tracks(streamed(model, frames, GEOMETRY), whole)


def test_what_comes_after_the_window_is_another_video():
    model, frames = build(clip_len=3), video(6)
    tracks = tracks_of(model, frames, GEOMETRY)
    seen = {track.track_id: (track.visible[:3].any(), track.visible[3:].any()) for track in tracks}
    assert all(first != second for first, second in seen.values())
    assert {first for first, _ in seen.values()} == {True, False}
    long = tracks_of(build(clip_len=6), frames, GEOMETRY)
    assert any(track.visible[:3].any() and track.visible[3:].any() for track in long)


@pytest.mark.parametrize("limit", [1, 4])
def test_tracks_per_video_are_limited_by_the_config(limit):
    model = build(max_per_video=limit)
    detections, _ = model.step(video(2), model.init_state(GEOMETRY))
    assert 1 <= len(detections.track_ids) <= limit
    every, _ = build(max_per_video=N * K).step(video(2), model.init_state(GEOMETRY))
    assert len(every.track_ids) == N


def test_a_video_of_nothing_has_no_tracks():
    model = build()
    torch.nn.init.zeros_(model.track_head.mask_embed[-1].weight)
    torch.nn.init.zeros_(model.track_head.mask_embed[-1].bias)
    assert len(tracks_of(model, video(3), GEOMETRY)) == 0


def test_masks_reach_original_size_one_at_a_time(monkeypatch):
    sizes = []
    interpolate = encode.F.interpolate

    def spy(*args, **kwargs):
        out = interpolate(*args, **kwargs)
        if out.shape[-2:] == GEOMETRY.original:
            sizes.append(tuple(out.shape))
        return out

    model = build()
    monkeypatch.setattr(encode.F, "interpolate", spy)
    detections, _ = model.step(video(3), model.init_state(GEOMETRY))
    assert sizes == [(1, 1, *GEOMETRY.original)] * (3 * len(detections.track_ids))


# training


def losses_of(model, samples) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return model.loss(torch.randn(len(samples), 2, 3, *SIZE), samples)


def test_losses_are_mmdets():
    model = build().train()
    ours, theirs = (
        losses_of(model, [training_sample()] * 2),
        losses_of(mmdet_model(model), [training_sample(), training_sample()]),
    )
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
        torch.testing.assert_close(ours[name], value)


def test_losses_are_finite_and_train_everything():
    model = build().train()
    losses = losses_of(model, [training_sample(), training_sample()])
    assert all(torch.isfinite(value) for value in losses.values())
    sum(losses.values()).backward()
    assert [n for n, p in model.named_parameters() if p.requires_grad and p.grad is None] == []


def test_frames_without_objects_teach_background_only():
    losses = losses_of(build().train(), [empty_sample(2, SIZE)])
    assert all((value == 0) == ("cls" not in name) for name, value in losses.items())


def test_objects_that_a_crop_left_out_are_no_ground_truth():
    model = build().train()
    losses = losses_of(model, [training_sample()])
    for name, value in losses_of(model, [with_a_vanished_object(training_sample())]).items():
        torch.testing.assert_close(value, losses[name], rtol=0, atol=0)


def test_samples_of_another_length_are_refused():
    with pytest.raises(InputError, match=r"3 frames but the track head trains on 2.*clip_len"):
        build().loss(torch.randn(1, 3, 3, *SIZE), [empty_sample(3, SIZE)])


def test_class_weights_of_another_number_of_classes_are_refused():
    with pytest.raises(InputError, match=r"track_head.num_classes is 7, but track_head.loss_cls.class_weight has 6"):
        build(**{"track_head.num_classes": 7})
