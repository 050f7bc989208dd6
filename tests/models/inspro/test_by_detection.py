"""Tracking by detection with InsPro: frames on their own, links between them, and the loss that teaches linking."""

import numpy as np
import pytest
import torch
from small_model import SIZE, C, K, N, S, empty_sample, enliven, inspro_cfg, rectangles, video_sample
from streamed import stored_numbers, tracks_of

from mmvis_ext.models import InsProByDetection
from mmvis_ext.models.association import FoundObjects, link_detections
from mmvis_ext.registry import MODELS
from mmvis_ext.structures.geometry import FrameGeometry

GEOMETRY = FrameGeometry(original=(64, 96), resized=SIZE)
SIZES = torch.tensor([SIZE], dtype=torch.float32)
LEFT, RIGHT = (2, 6, 14, 28), (30, 8, 46, 24)
ALONE = {"head.propagate": "none", "head.bank_length": 1, "consistent": False}
THRESHOLD = dict(type="MaxIoUAssigner", pos_iou_thr=0.5, neg_iou_thr=0.5, min_pos_iou=0.5)


def build(**changes) -> InsProByDetection:
    tracking = dict(
        track_head=dict(
            type="RoITrackHead",
            roi_extractor=dict(
                type="mmvis_ext.StaticRoIExtractor",
                roi_layer=dict(type="RoIAlign", output_size=S),
                out_channels=C,
                featmap_strides=[4, 8],
            ),
            embed_head=dict(type="RoIEmbedHead", num_fcs=2, roi_feat_size=S, in_channels=C, fc_out_channels=8),
            train_cfg=dict(assigner=THRESHOLD, sampler=dict(type="RandomSampler", num=16, pos_fraction=0.25)),
        ),
        tracker=dict(type="MaskTrackRCNNTracker", num_frames_retain=3),
    )
    model = MODELS.build(inspro_cfg(type="InsProByDetection", **ALONE, **tracking, **changes))
    model.init_weights()
    return model


def lively(**changes) -> InsProByDetection:
    return enliven(build(**changes))


def video(length: int) -> torch.Tensor:
    return torch.randn(length, 3, *SIZE)


def training_sample():
    """Three frames: one object stays, another comes in the last."""
    frames = ([(3, 1, LEFT)], [(3, 1, LEFT)], [(0, 2, RIGHT), (3, 1, LEFT)])
    return video_sample(*(rectangles(*shown) for shown in frames))


# inference


@torch.no_grad()
def test_every_frame_is_that_of_inspro_without_propagation():
    model, frames = lively(visible_thr=0.0), video(3)
    plain = MODELS.build(inspro_cfg(visible_thr=0.0, **ALONE))
    plain.load_state_dict({k: v for k, v in model.state_dict().items() if not k.startswith("track_head.")})
    plain.eval()
    state, theirs = model.init_state(GEOMETRY), plain.init_state(GEOMETRY)
    for frame in frames.split(1):
        expected, theirs = plain.step(frame, theirs)
        found, state = model.step(frame, state)
        assert found.track_ids
        order = [np.flatnonzero((expected.scores == scores).all((1, 2)))[0] for scores in found.scores]
        assert np.array_equal(found.boxes, expected.boxes[order])
        assert found.masks == [expected.masks[i] for i in order]


def looks(model, frame: torch.Tensor):
    """What the network says about one frame."""
    return model.forward_window(frame, SIZES, model.head.start(SIZES))[0]


@torch.no_grad()
def test_what_is_visible_is_linked_frame_by_frame():
    model, frames, memory = lively(), video(6).split(1), None
    state, given = model.init_state(GEOMETRY), []
    best = [looks(model, frame).scores.amax(-1) for frame in frames]
    model.visible_thr = float(torch.cat(best).median())
    for t, frame in enumerate(frames):
        result = looks(model, frame)
        best, labels = result.scores.max(-1)
        shown = best >= model.visible_thr
        ids = []
        if shown.any():
            found = FoundObjects(result.boxes[shown], labels[shown], best[shown], result.crops[shown])
            ids, memory = link_detections(model.track_head, model.tracker, memory, found, t)
        detections, state = model.step(frame, state)
        assert detections.track_ids == [track for track in ids if track >= 0]
        assert detections.visible.all()
        assert torch.equal(state.memory.features, memory.features)
        given.append(ids)
    assert sum(map(len, given)) < 6 * N, "some are not visible"
    assert len({track for ids in given for track in ids}) < sum(map(len, given)), "some are seen again"


@torch.no_grad()
def test_detections_are_linked_by_the_features_of_their_boxes():
    model, frame = lively(), video(1)
    result = looks(model, frame)
    features = [f.float() for f in model.extract_features(frame)]
    assert result.crops.shape == (N, C, S, S)
    expected, _ = model.track_head.extract_roi_feats(features, [result.boxes])
    torch.testing.assert_close(result.crops, expected)


def test_the_memory_grows_with_the_tracks_and_not_with_the_frames():
    model = lively(visible_thr=0.0)
    state, sizes = model.init_state(GEOMETRY), []
    for frame in video(20).split(1):
        _, state = model.step(frame, state)
        sizes.append((len(state.memory.track_ids), stored_numbers(state)))
    assert all(numbers == tracks * (4 + 1 + C * S * S) for tracks, numbers in sizes)
    assert max(tracks for tracks, _ in sizes) <= 3 * N, "detections of as many frames as a track is remembered for"


def test_a_frame_that_shows_nothing_leaves_the_memory():
    model, frames = lively(), video(3)
    _, state = model.step(frames[:1], model.init_state(GEOMETRY))
    model.visible_thr = 1.1
    nothing, after = model.step(frames[1:2], state)
    assert nothing.track_ids == nothing.masks == []
    assert nothing.scores.shape == (0, 1, K)
    assert (after.memory, after.frame) == (state.memory, 2)
    assert len(tracks_of(model, frames, GEOMETRY)) == 0


def test_boxes_alone_are_linked_too():
    tracks = tracks_of(lively(**{"head.mask_branch": None}), video(3), GEOMETRY)
    assert len(tracks) > 0
    assert all(track.segmentations is None for track in tracks)


def test_a_diverged_model_gives_no_tracks_and_does_not_crash():
    model = lively()
    for parameter in model.head.parameters():
        torch.nn.init.constant_(parameter, float("nan"))
    assert len(tracks_of(model, video(2), GEOMETRY)) == 0
    model.loss(video(3)[None], [training_sample()])


@pytest.mark.parametrize("changes", [{"head.propagate": "both"}, {"head.bank_length": 2}])
def test_a_head_that_propagates_is_refused(changes):
    cfg = inspro_cfg(type="InsProByDetection", track_head=dict(), tracker=dict(), **ALONE)
    cfg.merge_from_dict(changes)
    with pytest.raises(ValueError, match="propagates nothing"):
        MODELS.build(cfg)


# training


@pytest.mark.parametrize("length", [1, 3])
def test_losses_are_finite_and_train_everything(length):
    model = build().train()
    sample = video_sample(*[frame.gt_instances for frame in training_sample()][-length:])
    losses = model.loss(torch.randn(2, length, 3, *SIZE), [sample, sample])
    assert all(torch.isfinite(value) for value in losses.values())
    assert losses["loss_match"] > 0
    sum(value for name, value in losses.items() if "loss" in name).backward()
    assert [n for n, p in model.named_parameters() if p.requires_grad and p.grad is None] == []


@torch.no_grad()
def test_the_rest_of_the_loss_is_inspros():
    model = lively()
    plain = MODELS.build(inspro_cfg(**ALONE))
    plain.load_state_dict({k: v for k, v in model.state_dict().items() if not k.startswith("track_head.")})
    plain.eval()
    frames, samples = torch.randn(2, 3, 3, *SIZE), [training_sample(), empty_sample(3)]
    losses, expected = model.loss(frames, samples), plain.loss(frames, samples)
    assert losses.keys() == expected.keys() | {"loss_match", "match_accuracy"}
    for name, value in expected.items():
        torch.testing.assert_close(losses[name], value)


@torch.no_grad()
def test_the_match_loss_against_its_formula():
    """With true boxes alone: cross-entropy of each object's similarity to the first frame's objects and to none."""
    model = lively()
    features, earlier = ([torch.randn(1, C, SIZE[0] // s, SIZE[1] // s) for s in (4, 8)] for _ in range(2))
    far = torch.tensor([[[0.0, 0.0, 2.0, 2.0]]])
    terms = model.track_losses(features, earlier, far, [training_sample()])

    def embedded(levels, *boxes):
        crops, _ = model.track_head.extract_roi_feats(levels, [torch.tensor(boxes, dtype=torch.float32)])
        return model.track_head.embed_head.extract_feat(crops, [len(boxes)])[0]

    now, before = embedded(features, RIGHT, LEFT), embedded(earlier, LEFT)
    logits = torch.cat([torch.zeros(2, 1), now @ before.T], dim=1)
    assert logits[:, 1].abs().min() > 0
    expected = torch.nn.functional.cross_entropy(logits, torch.tensor([0, 1]), reduction="sum")
    torch.testing.assert_close(terms["loss_match"], expected)  # over the one object that both frames show


def test_the_match_loss_teaches_linking_and_not_where_boxes_are():
    model = build().train()
    frames = torch.randn(1, 3, 3, *SIZE)
    model.loss(frames, [training_sample()])["loss_match"].backward()
    moved = {name.split(".")[0] for name, p in model.named_parameters() if p.grad is not None and p.grad.any()}
    assert moved == {"track_head", "neck", "backbone"}


def test_frames_without_objects_teach_background_only():
    losses = build().loss(torch.randn(1, 3, 3, *SIZE), [empty_sample(3)])
    assert all((value == 0) == ("cls" not in name) for name, value in losses.items())
