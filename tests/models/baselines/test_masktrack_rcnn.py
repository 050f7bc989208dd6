"""MaskTrack R-CNN: mmdet's own results and losses, streams, and a memory that stays flat."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmdet.models.data_preprocessors import TrackDataPreprocessor
from mmdet.registry import MODELS as MMDET_MODELS
from mmdet.structures import TrackDataSample
from mmengine.config import Config
from mmengine.registry import DefaultScope
from small_model import empty_sample, rectangles, video_sample, with_a_vanished_object
from streamed import stored_numbers, tracks_of

from mmvis_ext.models import MaskTrackRCNNBaseline
from mmvis_ext.registry import MODELS
from mmvis_ext.structures import decode
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.utils.errors import InputError

BASE = Path(__file__).parents[3] / "configs/_base_/models/masktrack_rcnn_small.py"
SIZE, K = (64, 96), 5
GEOMETRY = FrameGeometry(original=(128, 192), resized=SIZE)  # twice as large: no rounding
LEFT, RIGHT = (4, 10, 40, 50), (50, 20, 90, 60)
LIMIT = "detector.test_cfg.rcnn.max_per_img"


def model_cfg(**changes) -> Config:
    cfg = Config.fromfile(BASE).model
    small = {"detector.backbone.base_channels": 8, "detector.backbone.stem_channels": 8}
    cfg.detector.neck.in_channels = [8, 16, 32]
    cfg = Config(cfg.to_dict())
    cfg.merge_from_dict(small | changes)
    return cfg


def build(**changes) -> MaskTrackRCNNBaseline:
    """The model in eval mode, with scores that vary."""
    model = MODELS.build(model_cfg(**changes))
    with torch.no_grad():
        classes = model.detector.roi_head.bbox_head.fc_cls.weight
        classes -= classes.mean(1, keepdim=True)  # features are positive: one class would have them all
        classes *= 400
        model.track_head.embed_head.fcs[-1].weight.mul_(0.2)  # so that looking alike is not all
        model.detector.roi_head.mask_head.conv_logits.weight.mul_(20)
    return model.eval()


def mmdet_model(model: MaskTrackRCNNBaseline, **changes) -> torch.nn.Module:
    """mmdet's model of the same config and weights."""
    cfg = dict(model_cfg(**changes), type="MaskTrackRCNN")
    with DefaultScope.overwrite_default_scope("mmdet"):
        theirs = MMDET_MODELS.build(cfg)
    theirs.load_state_dict(model.state_dict(), strict=True)
    return theirs.train(model.training)


def video(length: int) -> torch.Tensor:
    """Frames that change little by little."""
    return torch.randn(1, 3, *SIZE) + 0.3 * torch.randn(length, 3, *SIZE)


def test_sample(length: int) -> TrackDataSample:
    sample = empty_sample(length, SIZE)
    for frame in sample.video_data_samples:
        frame.set_metainfo(dict(ori_shape=GEOMETRY.original, scale_factor=(0.5, 0.5), batch_input_shape=SIZE))
    return sample


test_sample.__test__ = False


def training_sample() -> TrackDataSample:
    first, last = rectangles((3, 1, LEFT), size=SIZE), rectangles((0, 2, RIGHT), (3, 1, LEFT), size=SIZE)
    return video_sample(first, last, size=SIZE)


# inference


def test_all_parts_may_be_named_as_in_mmdets_configs():
    cfg = model_cfg()
    cfg.data_preprocessor.type = cfg.data_preprocessor.type.removeprefix("mmdet.")
    assert isinstance(MODELS.build(cfg).data_preprocessor, TrackDataPreprocessor)


@torch.no_grad()
def test_results_are_mmdets():
    model, frames = build(**{LIMIT: 3}), video(6)  # so few that other classes come in later frames
    (theirs,) = mmdet_model(model, **{LIMIT: 3}).predict(frames[None], [test_sample(6)])
    state, ids = model.init_state(GEOMETRY), []
    for t, frame in enumerate(frames.split(1)):
        ours, state = model.step(frame, state)
        expected = theirs[t].pred_track_instances
        # mmdet gives an id to all that came before the best one with it, too
        last = {track: i for i, track in enumerate(expected.instances_id.tolist())}
        kept = sorted(last.values())
        assert ours.track_ids == expected.instances_id[kept].tolist()
        np.testing.assert_allclose(ours.boxes[:, 0], expected.bboxes[kept], rtol=1e-5, atol=1e-4)
        assert np.array_equal(ours.scores.max(-1)[:, 0], expected.scores[kept])
        assert np.array_equal(ours.scores.argmax(-1)[:, 0], expected.labels[kept])
        assert np.array_equal((ours.scores > 0).sum(-1), np.ones((len(kept), 1))), "in the column of its class alone"
        masks = np.concatenate([decode(row, *GEOMETRY.original) for row in ours.masks])
        assert np.array_equal(masks, expected.masks[kept])
        assert masks.any()
        ids.append(set(ours.track_ids))
    assert ids[0] & ids[-1]
    assert len(set.union(*ids)) > len(ids[0])


@pytest.mark.parametrize("limit", [1, 3])
def test_detections_per_frame_are_limited_by_the_config(limit):
    model, few, frame = build(), build(**{LIMIT: limit}), video(1)
    few.load_state_dict(model.state_dict())
    every, _ = model.step(frame, model.init_state(GEOMETRY))
    best, _ = few.step(frame, few.init_state(GEOMETRY))
    assert len(every.track_ids) > limit == len(best.track_ids)
    assert np.array_equal(best.scores, every.scores[:limit])


def test_frames_without_detections_pass_and_leave_the_memory():
    model, frames = build(), video(4)
    detections, state = model.step(frames[:1], model.init_state(GEOMETRY))
    assert detections.track_ids
    test_cfg = model.detector.roi_head.test_cfg
    shown, test_cfg.score_thr = test_cfg.score_thr, 1.1
    nothing, after = model.step(frames[1:2], state)
    assert nothing.scores.shape == (0, 1, K)
    assert (nothing.track_ids, nothing.masks) == ([], [])
    assert after.memory is state.memory
    assert after.frame == 2
    assert len(tracks_of(model, frames, GEOMETRY)) == 0
    test_cfg.score_thr = shown
    later, _ = model.step(frames[:1], after)
    assert set(later.track_ids) & set(detections.track_ids)


def test_the_memory_grows_with_the_tracks_and_not_with_the_frames():
    model = build(**{LIMIT: 5, "tracker.num_frames_retain": 4})
    state, sizes = model.init_state(GEOMETRY), []
    for frame in video(30).split(1):
        _, state = model.step(frame, state)
        sizes.append((len(state.memory.track_ids), stored_numbers(state.memory)))
    _, channels, side, _ = state.memory.features.shape
    assert all(numbers == tracks * (4 + 1 + channels * side**2) for tracks, numbers in sizes)
    assert max(tracks for tracks, _ in sizes) <= 4 * 5, "detections of as many frames as a track is remembered for"


def test_masks_are_made_one_at_a_time(monkeypatch):
    from mmvis_ext.models.mask import encode

    pasted = []
    original = encode.encode
    monkeypatch.setattr(encode, "encode", lambda masks: pasted.append(len(masks)) or original(masks))
    model = build()
    detections, _ = model.step(video(1), model.init_state(GEOMETRY))
    assert pasted == [1] * sum(row[0] is not None for row in detections.masks)
    assert len(pasted) > 1


# training


def losses_of(model, samples, seed: int = 0) -> dict[str, torch.Tensor]:
    torch.manual_seed(seed)
    return model.loss(torch.randn(len(samples), 2, 3, *SIZE), samples)


def test_losses_are_finite_and_train_everything():
    model = MODELS.build(model_cfg()).train()
    losses = losses_of(model, [training_sample(), training_sample()])
    assert all(torch.isfinite(value) and value.dim() == 0 for value in losses.values())
    sum(value for name, value in losses.items() if "loss" in name).backward()
    assert [n for n, p in model.named_parameters() if p.requires_grad and p.grad is None] == []


def test_losses_are_mmdets_where_all_objects_are_of_the_first_class():
    model = MODELS.build(model_cfg()).train()
    frames = [rectangles((3, 0, LEFT), size=SIZE), rectangles((0, 0, RIGHT), (3, 0, LEFT), size=SIZE)]
    sample = video_sample(*frames, size=SIZE)
    named = video_sample(*frames, size=SIZE)
    named.set_metainfo(dict(key_frames_inds=[1], ref_frames_inds=[0]))
    for frame in named.video_data_samples:
        frame.set_metainfo(dict(pad_shape=SIZE))
    ours, theirs = losses_of(model, [sample]), losses_of(mmdet_model(model), [named])
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
        torch.testing.assert_close(ours[name], sum(value) if isinstance(value, list) else value.squeeze())


def test_every_class_is_foreground_to_the_proposals():
    model = MODELS.build(model_cfg()).train()
    found = []
    for label in (0, 1, 4):
        sample = video_sample(*[rectangles((3, label, LEFT), size=SIZE)] * 2, size=SIZE)
        found.append({k: float(v.detach()) for k, v in losses_of(model, [sample]).items() if "rpn" in k})
    assert found[0] == found[1] == found[2]
    background = losses_of(model, [empty_sample(2, SIZE)])
    assert float(background["loss_rpn_cls"].detach()) != found[0]["loss_rpn_cls"]


def test_key_and_reference_frames_are_the_samples_own():
    model = MODELS.build(model_cfg()).train()
    sample = training_sample()
    by_default = losses_of(model, [sample])
    sample.set_metainfo(dict(key_frames_inds=[1], ref_frames_inds=[0]))
    for name, value in losses_of(model, [sample]).items():
        assert torch.equal(value, by_default[name])
    sample.set_metainfo(dict(key_frames_inds=[0], ref_frames_inds=[1]))
    assert not torch.equal(losses_of(model, [sample])["loss_match"], by_default["loss_match"])


def test_frames_without_objects_teach_background_only():
    losses = losses_of(MODELS.build(model_cfg()).train(), [empty_sample(2, SIZE)])
    assert {name for name, value in losses.items() if value != 0} <= {"loss_rpn_cls", "loss_cls", "acc"}
    assert losses["loss_rpn_cls"] > 0
    assert losses["loss_cls"] > 0


def test_objects_that_a_crop_left_out_are_no_ground_truth():
    model = MODELS.build(model_cfg()).train()
    losses = losses_of(model, [training_sample()])
    for name, value in losses_of(model, [with_a_vanished_object(training_sample())]).items():
        torch.testing.assert_close(value, losses[name], rtol=0, atol=0)


def test_two_numbers_of_classes_are_refused():
    with pytest.raises(InputError, match=r"bbox_head.num_classes is 7 and that of the mask_head beside it 5"):
        build(**{"detector.roi_head.bbox_head.num_classes": 7})
