"""InsPro as a whole: Sparse R-CNN on one frame, propagation, losses, streams, and that it learns."""

import gc

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmdet_twins import copy_stages, sparse_rcnn
from overfit import overfit
from small_model import SIZE, K, N, empty_sample, enliven, inspro_cfg, rectangles, video_sample
from streamed import assert_same_tracks, tracks_of

from mmvis_ext.models.losses import count_entries, instance_losses, mask_losses
from mmvis_ext.models.matching import Matches
from mmvis_ext.models.query import instance_cascade
from mmvis_ext.models.query.propagation import clip_to_frame
from mmvis_ext.registry import MODELS
from mmvis_ext.structures.geometry import FrameGeometry

GEOMETRY = FrameGeometry(original=(64, 96), resized=SIZE)
LEFT, RIGHT, TOP = (2, 6, 14, 28), (30, 8, 46, 24), (16, 0, 34, 9)
SIZES = torch.tensor([SIZE], dtype=torch.float32)
VARIANTS = {
    "inspro": dict(),
    "boxes alone": {"head.mask_branch": None},
    "no bank": {"head.bank_length": 1},
    "query": {"head.propagate": "query"},
    "proposal": {"head.propagate": "proposal"},
    "none": {"head.propagate": "none"},
    "every frame anew": {"consistent": False},
    "lite": {"type": "InsProLite", "key_interval": 2},
    "track and detect": {"type": "InsProTrackAndDetect", "head.bank_length": 1, "birth_score": 0.6, "patience": 2},
}
FORMS = pytest.mark.parametrize("changes", VARIANTS.values(), ids=VARIANTS.keys())


def build(**changes):
    model = MODELS.build(inspro_cfg(**changes))
    model.init_weights()
    return model


def lively(**changes):
    return enliven(build(**changes))


def video(length: int) -> torch.Tensor:
    return torch.randn(length, 3, *SIZE)


def training_sample():
    """Three frames: one object stays, one is absent in the middle, one arrives last."""
    frames = ([(3, 1, LEFT), (0, 2, RIGHT)], [(3, 1, LEFT)], [(3, 1, LEFT), (0, 2, RIGHT), (9, 0, TOP)])
    return video_sample(*(rectangles(*shown) for shown in frames))


@pytest.mark.parametrize("bank_length", [1, 3])
@torch.no_grad()
def test_the_first_frame_is_sparse_rcnn(bank_length):
    cfg = inspro_cfg(**{"head.bank_length": bank_length})
    model, detector = lively(**{"head.bank_length": bank_length}), sparse_rcnn(cfg)
    copy_stages(detector, model)
    frame = video(1)
    result, _ = model.forward_window(frame, SIZES, model.head.start(SIZES))
    sample = DetDataSample(metainfo=dict(img_shape=SIZE, ori_shape=SIZE, scale_factor=(1.0, 1.0)))
    (found,) = detector.predict(frame, [sample], rescale=False)
    theirs = found.pred_instances
    ours, rank = result.scores.flatten().argsort(), theirs.scores.argsort()
    torch.testing.assert_close(result.scores.flatten()[ours], theirs.scores[rank], rtol=1e-5, atol=1e-5)
    assert torch.equal(ours % K, theirs.labels[rank])
    torch.testing.assert_close(result.boxes[ours // K], theirs.bboxes[rank], rtol=1e-5, atol=1e-3)


@torch.no_grad()
def test_masks_are_convolved_around_the_predicted_boxes():
    from mmvis_ext.models.mask.dynamic_mask import dynamic_mask_conv, upsample_logits

    model, frame = lively(), video(1)
    features = [f.float() for f in model.extract_features(frame)]
    outputs = model.head(features, SIZES, model.head.start(SIZES))
    mask_features = model.head.mask_features(features)
    for m, output in enumerate(outputs):
        boxes = output.boxes[:, :, 0]
        centres = torch.stack([(boxes[..., 0] + boxes[..., 2]) / 2, (boxes[..., 1] + boxes[..., 3]) / 2], -1)
        params = model.head.mask_weights[m](output.queries[:, :, 0])
        expected = upsample_logits(dynamic_mask_conv(mask_features, centres, params, 8), 2)
        inputs = model.head.mask_inputs(mask_features, output, m)
        assert torch.equal(model.head.segment(inputs, [torch.arange(len(boxes[0]))]), expected[0])
        picked = model.head.segment(inputs, [torch.tensor([2, 0])])
        torch.testing.assert_close(picked, expected[0, [2, 0]], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("counts", [(2, 0, 3), (0, 0, 0), (1, 1, 1)])
@torch.no_grad()
def test_the_masks_of_several_samples_are_those_of_each(counts):
    model, frames, sizes = lively(), video(3), SIZES.repeat(3, 1)
    features = [f.float() for f in model.extract_features(frames)]
    output = model.head(features, sizes, model.head.start(sizes))[-1]
    inputs = model.head.mask_inputs(model.head.mask_features(features), output)
    pick = [torch.randperm(N)[:count] for count in counts]
    found = model.head.segment(inputs, pick)
    alone = [type(inputs)(*(part[b : b + 1] for part in inputs)) for b in range(3)]
    expected = torch.cat([model.head.segment(each, [p]) for each, p in zip(alone, pick, strict=True)])
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


# propagation


@pytest.mark.parametrize("propagate", ["both", "query", "proposal", "none"])
@torch.no_grad()
def test_the_next_frame_starts_from_what_is_propagated(propagate):
    model = lively(**{"head.propagate": propagate})
    head, features = model.head, [f.float() for f in model.extract_features(video(1))]
    start = head.start(SIZES)
    (output,) = head(features, SIZES, start, last_only=True)
    carried = head.carry(output, start, SIZES)
    feature = output.queries[:, :, 0]
    if propagate in ("both", "query"):
        torch.testing.assert_close(carried.queries, 2 * feature)  # a bank of one, plus the feature itself
    else:
        assert torch.equal(carried.queries, start.queries)
    if propagate in ("both", "proposal"):
        height, width = SIZE
        limits = torch.tensor([width, height, width, height], dtype=torch.float32)
        assert torch.equal(carried.boxes, torch.minimum(output.boxes[:, :, 0].clamp(min=0), limits))
    else:
        assert torch.equal(carried.boxes, start.boxes)
    (again,) = head(features, SIZES, carried, last_only=True)
    assert torch.equal(again.queries, output.queries) == (propagate == "none")


@torch.no_grad()
def test_without_a_bank_the_feature_itself_goes_on():
    model = lively(**{"head.bank_length": 1})
    start = model.head.start(SIZES)
    (output,) = model.head([f.float() for f in model.extract_features(video(1))], SIZES, start, last_only=True)
    assert torch.equal(model.head.carry(output, start, SIZES).queries, output.queries[:, :, 0])


def test_propagated_boxes_are_detached_and_queries_are_not():
    model = lively()
    start = model.head.start(SIZES)
    (output,) = model.head([f.float() for f in model.extract_features(video(1))], SIZES, start, last_only=True)
    carried = model.head.carry(output, start, SIZES)
    assert carried.queries.requires_grad
    assert not carried.boxes.requires_grad


@pytest.mark.parametrize("changes", [{"head.propagate": "sideways"}, {"head.bank_length": 0}])
def test_settings_that_make_no_sense_are_refused(changes):
    with pytest.raises(ValueError, match=r"sideways|at least 1"):
        build(**changes)


# streams


@FORMS
def test_the_state_has_one_size(changes):
    def numbers(state) -> int:
        if torch.is_tensor(state):
            assert state.untyped_storage().nbytes() == state.numel() * state.element_size(), "a view holds more"
            return state.numel()
        parts = state if isinstance(state, tuple) else vars(state).values() if hasattr(state, "__dict__") else ()
        return sum(numbers(part) for part in parts)

    model = lively(**changes)
    if hasattr(model, "patience"):
        model.birth_score = 2.0  # no births: as many tracks as ever
    state, sizes = model.init_state(GEOMETRY), []
    for frame in video(6).split(1):
        _, state = model.step(frame, state)
        sizes.append(numbers(state))
    assert len(set(sizes)) == 1


def tensors_alive() -> tuple[int, int]:
    """How many tensors there are, and how many numbers they hold."""
    gc.collect()
    alive = [o for o in gc.get_objects() if type(o) in (torch.Tensor, torch.nn.Parameter)]
    return len(alive), sum(o.numel() for o in alive)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["inspro", "lite"])
def test_a_long_stream_keeps_nothing(kind):
    model, frames = lively(**VARIANTS[kind]), video(10)
    model.visible_thr = 2.0  # masks are the result, which grows
    stream, seen = model.open_stream(GEOMETRY), []
    for t in range(400):
        model.advance(frames[t % 10, None], stream)
        if t in (99, 199, 399):
            seen.append(tensors_alive())
    assert seen[0] == seen[1] == seen[2]
    assert stream.book.length == 400
    assert not any(entry.found or entry.places for entry in stream.book._entries.values())


def test_boxes_alone_give_tracks_without_masks():
    tracks = tracks_of(lively(**{"head.mask_branch": None}), video(3), GEOMETRY)
    assert len(tracks) > 0
    assert all(t.segmentations is None and t.visible.any() for t in tracks)


def test_a_diverged_model_gives_no_tracks_and_does_not_crash():
    model = lively()
    for parameter in model.head.parameters():
        torch.nn.init.constant_(parameter, float("nan"))
    assert len(tracks_of(model, video(2), GEOMETRY)) == 0


# lite


def test_lite_with_every_frame_a_key_frame_is_inspro():
    lite, frames = lively(type="InsProLite", key_interval=1), video(5)
    model = lively()
    model.load_state_dict({k: v for k, v in lite.state_dict().items() if not k.startswith("lite_")})
    assert_same_tracks(tracks_of(lite, frames, GEOMETRY), tracks_of(model, frames, GEOMETRY))


@torch.no_grad()
def test_between_key_frames_queries_and_bank_stay():
    model = lively(type="InsProLite", key_interval=3)
    torch.nn.init.normal_(model.lite_stage.fc_reg.weight)
    state, carried = model.init_state(GEOMETRY), []
    for frame in video(4).split(1):
        _, state = model.step(frame, state)
        carried.append(state.carried)
    for t in (1, 2):
        assert torch.equal(carried[t].queries, carried[0].queries)
        assert torch.equal(carried[t].bank.features, carried[0].bank.features)
        assert not torch.equal(carried[t].boxes, carried[t - 1].boxes)
    assert not torch.equal(carried[3].queries, carried[0].queries)


def test_lite_without_a_neck():
    cfg = inspro_cfg(type="InsProLite")
    cfg.pop("neck")
    assert MODELS.build(cfg).neck is None


def test_lite_trains_its_stage_alone():
    model = build(type="InsProLite").train()
    losses = model.loss(torch.randn(1, 5, 3, *SIZE), [video_sample(*[rectangles((3, 1, LEFT))] * 5)])
    sum(losses.values()).backward()
    trained = {name for name, p in model.named_parameters() if p.grad is not None and p.grad.any()}
    assert trained
    assert all(name.startswith("lite_") for name in trained)
    assert not any(p.requires_grad for n, p in model.named_parameters() if not n.startswith("lite_"))
    assert not any(m.training for part in model.frozen_parts() for m in part.modules())


# track and detect


def test_detect_queries_give_birth_and_tracks_die_of_patience():
    model = lively(type="InsProTrackAndDetect", **{"head.bank_length": 1})
    model.birth_score, model.keep_score, model.patience = 0.0, 2.0, 2
    state, ids = model.init_state(GEOMETRY), []
    for frame in video(3).split(1):
        detections, state = model.step(frame, state)
        ids.append(detections.track_ids)
    assert ids[0] == [0, 1, 2, 3]
    assert ids[1] == [0, 1, 2, 3, 4, 5, 6, 7], "each is lost for the first time"
    assert ids[2] == [4, 5, 6, 7, 8, 9, 10, 11], "and for the second"


def test_track_and_detect_refuses_a_bank():
    with pytest.raises(ValueError, match="bank_length=1"):
        build(type="InsProTrackAndDetect")


# training


@FORMS
def test_losses_are_finite_and_train_everything(changes):
    model = build(**changes)
    frames = 5 if changes.get("type") == "InsProLite" else 3
    sample = training_sample() if frames == 3 else video_sample(*[rectangles((3, 1, LEFT))] * 5)
    losses = model.loss(torch.randn(1, frames, 3, *SIZE), [sample])
    assert all(torch.isfinite(v) for v in losses.values())
    sum(losses.values()).backward()
    assert [n for n, p in model.named_parameters() if p.requires_grad and p.grad is None] == []


@pytest.mark.parametrize(
    "kind", [{}, {"type": "InsProTrackAndDetect", "head.bank_length": 1}], ids=["inspro", "track and detect"]
)
def test_the_mask_branch_normalises_over_all_frames_of_the_batch(kind):
    model, seen = build(**kind, **{"head.mask_branch.norm_cfg": dict(_delete_=True, type="BN")}), []
    norms = [m for m in model.head.mask_branch.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.register_forward_hook(lambda _, args, __: seen.append(len(args[0])))
    model.loss(torch.randn(2, 3, 3, *SIZE), [training_sample(), training_sample()])
    assert norms
    assert seen == [2 * 3] * len(norms)
    assert all(norm.num_batches_tracked == 1 for norm in norms)


def test_a_batch_gives_what_its_samples_give_alone():
    model = lively()
    frames = torch.randn(2, 3, 3, *SIZE)
    samples = [training_sample(), empty_sample(3)]
    together = model.loss(frames, samples)
    alone = [model.loss(frames[b : b + 1], samples[b : b + 1]) for b in range(2)]
    for name, value in together.items():
        if "cls" in name:  # averaged over the objects of each frame: 2, 1 and 3 of them against none, counted as one
            continue
        weights = (0.5, 0.5) if "dedup" in name else (1, 1)
        torch.testing.assert_close(value, sum(w * a[name] for w, a in zip(weights, alone, strict=True)))


@FORMS
def test_frames_without_objects_teach_background_only(changes):
    model = build(**changes)
    losses = model.loss(torch.randn(1, 4, 3, *SIZE), [empty_sample(4)])
    assert all((v == 0) == ("cls" not in name) for name, v in losses.items())


def test_more_objects_than_slots_are_learned_as_far_as_they_go():
    boxes = [(i, i % K, (i * 6, 4, i * 6 + 6, 20)) for i in range(N + 3)]
    losses = build().loss(torch.randn(1, 3, 3, *SIZE), [video_sample(*[rectangles(*boxes)] * 3)])
    assert all(torch.isfinite(v) for v in losses.values())


@torch.no_grad()
def test_losses_are_the_mean_over_frames():
    model = lively(**{"head.propagate": "none", "consistent": False})
    frames, sample = torch.randn(1, 3, 3, *SIZE), training_sample()
    whole = model.loss(frames, [sample])
    alone = [model.loss(frames[:, t : t + 1], [video_sample(sample[t].gt_instances)]) for t in range(3)]
    for name, value in whole.items():
        torch.testing.assert_close(value, sum(a[name] for a in alone) / 3, rtol=1e-4, atol=1e-5)


def test_mask_losses_against_the_formulas():
    logits, masks = torch.randn(2, 4, 6), torch.zeros(2, 16, 24, dtype=torch.uint8)
    masks[0, 3:11, 5:20] = 1
    dice, focal = mask_losses(logits, masks, 4)
    expected_dice = expected_focal = 0.0
    for n in range(2):
        overlap = p2 = g2 = total = 0.0
        for i, j in [(i, j) for i in range(4) for j in range(6)]:
            p, g = float(logits[n, i, j].sigmoid()), float(masks[n, 4 * i + 2, 4 * j + 2])
            overlap, p2, g2 = overlap + p * g, p2 + p * p, g2 + g * g
            right = p if g else 1 - p
            total -= (0.25 if g else 0.75) * (1 - right) ** 2 * float(torch.log(torch.tensor(right)))
        expected_dice += 1 - 2 * overlap / (p2 + 1e-3 + g2 + 1e-3)
        expected_focal += total / 24
    assert float(dice) == pytest.approx(expected_dice, rel=1e-3)
    assert float(focal) == pytest.approx(expected_focal, rel=1e-3)


@torch.no_grad()
def test_weights_of_the_terms():
    model = lively()
    one, sample = torch.randn(1, 1, 3, *SIZE), [video_sample(rectangles((3, 1, LEFT), (0, 2, RIGHT)))]
    ones = model.loss_weights._replace(cls=1, l1=1, giou=1, dedup=1, dice=1, mask=1)
    paper = model.loss(one, sample)
    model.loss_weights = ones
    plain = model.loss(one, sample)
    weights = dict(cls=2, bbox=5, giou=2, dedup=1, dice=5, mask=5)
    assert all(v > 0 for k, v in plain.items() if "dedup" not in k)
    for name, value in paper.items():
        torch.testing.assert_close(value, weights[name.split("loss_")[1]] * plain[name])
    model.loss_weights = ones._replace(dedup=0)
    assert not any("dedup" in name for name in model.loss(one, sample))


@torch.no_grad()
def test_a_frame_is_deduplicated_against_the_objects_that_it_shows():
    from mmvis_ext.models import box_deduplication_loss
    from mmvis_ext.structures.tracklets import Tracklets

    model = build()
    targets = Tracklets.from_frames(training_sample(), SIZE, "cpu").frames(1, 2)
    matches = [Matches(torch.tensor([2]), torch.tensor([0]))]
    boxes = torch.tensor(LEFT, dtype=torch.float32) + torch.arange(N)[:, None]
    found = instance_losses(
        torch.zeros(1, N, 1, K), boxes[None, :, None], None, 1, matches, [targets], SIZES,
        count_entries(matches, [targets], 1), model.loss_weights,
    )  # fmt: skip
    matched = torch.tensor([False, False, True, False])
    truth, shown = torch.tensor([[LEFT]], dtype=torch.float32), torch.ones(1, 1, dtype=torch.bool)
    (expected,) = box_deduplication_loss(boxes[None], matched[None], truth, shown)
    assert expected > 0
    torch.testing.assert_close(found["loss_dedup"], expected)


def test_an_object_keeps_its_slot_in_training(monkeypatch):
    from mmvis_ext.models.inspro import instance_model

    seen = []

    def spy(*args):
        seen.append(dict(zip(args[4][0].targets.tolist(), args[4][0].queries.tolist(), strict=True)))
        return instance_losses(*args)

    monkeypatch.setattr(instance_model, "instance_losses", spy)
    lively().loss(torch.randn(1, 3, 3, *SIZE), [training_sample()])
    last = seen[1::2]  # of the second stage
    first, second, third = last
    assert first.keys() == {0, 1}
    assert second == {0: first[0]}
    assert third.keys() == {0, 1, 2}
    assert (third[0], third[1]) == (first[0], first[1]), "it comes back to its slot"
    assert third[2] not in first.values()


@pytest.mark.slow
def test_one_clip_is_learned():
    torch.manual_seed(0)
    model = build().train()
    frames, sample = torch.randn(1, 3, 3, *SIZE), training_sample()
    assert overfit(model, frames, sample, steps=200, lr=2e-3) < 0.25
    model.eval()
    model.visible_thr = 0.4
    tracks = tracks_of(model, frames[0], GEOMETRY)
    shown = {tuple(t.visible.tolist()) for t in tracks}
    assert {(True, True, True), (True, False, True), (False, False, True)} <= shown


@pytest.mark.slow
def test_an_object_that_leaves_sideways_and_returns_is_found_by_its_slot(monkeypatch):
    """Every propagated box is moved out of the frame, as if its object had left; the object is there in frame 3."""
    there, gone = [(3, 1, LEFT)], []
    sample = video_sample(*(rectangles(*shown) for shown in (there, gone, there)))
    frames = torch.zeros(1, 3, 3, *SIZE)
    for t, frame in enumerate(sample.video_data_samples):
        for x1, y1, x2, y2 in frame.gt_instances.bboxes.int().tolist():
            frames[0, t, :, y1:y2, x1:x2] = 1
    away = torch.tensor([-2.0 * SIZE[1], 0, -2.0 * SIZE[1], 0])
    monkeypatch.setattr(
        instance_cascade, "clip_to_frame", lambda boxes, sizes: clip_to_frame(boxes.detach() + away, sizes)
    )
    model = build().train()
    overfit(model, frames, sample, steps=200, lr=2e-3)
    model.eval()
    model.visible_thr = 0.4
    found = [t for t in tracks_of(model, frames[0], GEOMETRY) if t.visible.tolist() == [True, False, True]]
    truth = 2 * torch.tensor(LEFT, dtype=torch.float64)  # in original pixels
    assert any(np.abs(track.boxes[[0, 2]] - truth.numpy()).max() < 6 for track in found)


# compiled
