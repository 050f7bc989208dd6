"""EfficientVIS as a whole: steps, correspondence learning, and that it learns."""

import numpy as np
import pytest
import torch
from mmdet.structures import TrackDataSample
from overfit import found_by_heart, overfit, paint
from small_model import SIZE, C, K, N, T, build_model, empty_sample, lively_model, rectangles, video_sample
from streamed import assert_same_tracks, tracks_of

from mmvis_ext.models import efficientvis
from mmvis_ext.models.losses import tracklet_losses
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.structures.tracklets import Tracklets

GEOMETRY = FrameGeometry(original=(64, 96), resized=SIZE)
LEFT, RIGHT, TOP = (2, 6, 14, 28), (30, 8, 46, 24), (16, 0, 34, 9)


def video(length: int) -> torch.Tensor:
    return torch.randn(length, 3, *SIZE)


def sample_of(length: int, geometry: FrameGeometry = GEOMETRY) -> TrackDataSample:
    sample = empty_sample(length)
    for frame in sample.video_data_samples:
        frame.set_metainfo(dict(ori_shape=geometry.original, img_shape=geometry.resized, video_id=7))
    return sample


def training_sample(num_clips: int = 1, size=SIZE) -> TrackDataSample:
    """Two objects per clip of T frames; one is absent in the middle."""
    frames = []
    for _ in range(num_clips):
        for t in range(T):
            shown = [(3, 1, LEFT)] if t == 1 else [(3, 1, LEFT), (0, 2, RIGHT)]
            frames.append(rectangles(*shown, size=size))
    return video_sample(*frames, size=size, num_clips=num_clips)


# inference


@pytest.mark.parametrize("linker", [None, dict(type="ClipLinker")])
@pytest.mark.parametrize("length", [1, T, 2 * T, 2 * T + 1])
def test_a_stream_in_pieces_equals_the_whole_video(length, linker):
    model, frames = lively_model(linker=linker), video(length)
    whole = tracks_of(model, frames, GEOMETRY)
    assert len(whole) > 0
    stream = model.open_stream(GEOMETRY)
    for piece in frames.split(T):
        model.advance(piece, stream)
    assert_same_tracks(stream.book.close(7, GEOMETRY), whole)

    state, steps = model.init_state(GEOMETRY), []
    for piece in frames.split(T):
        detections, state = model.step(piece, state)
        steps.append(detections)
    for track in whole:
        masks = []
        for d in steps:
            i = d.track_ids.index(track.track_id) if track.track_id in d.track_ids else None
            masks += [None] * d.visible.shape[1] if i is None else d.masks[i]
        assert masks == track.segmentations


@pytest.mark.parametrize("length", [1, 2, T + 1, 5 * T])
def test_videos_of_any_length_pass(length):
    tracks = tracks_of(lively_model(), video(length), GEOMETRY)
    assert (tracks.video_id, tracks.length) == (7, length)
    assert all(len(t.segmentations) == len(t.boxes) == length for t in tracks)


def test_results_are_in_original_pixels():
    model = lively_model()
    detections, _ = model.step(video(T), model.init_state(GEOMETRY))
    assert detections.scores.shape == (N, T, K)
    assert detections.boxes.max() <= 96
    assert (detections.boxes[..., [1, 3]] <= 64).all()
    assert (detections.boxes >= 0).all()
    assert detections.boxes.max() > SIZE[1]
    codes = [m for row in detections.masks for m in row if m]
    assert codes
    assert all(m["size"] == [64, 96] for m in codes)
    small, _ = model.step(video(T), model.init_state(FrameGeometry(SIZE, SIZE)))
    assert small.boxes.max() <= SIZE[1]


def test_masks_are_given_where_a_slot_is_visible():
    model = lively_model()
    thresholds = []
    for threshold in (0.0, 0.7, 1.1):
        model.visible_thr = threshold
        torch.manual_seed(5)
        d, _ = model.step(video(T), model.init_state(GEOMETRY))
        assert np.array_equal(d.visible, d.scores.max(-1) >= threshold)
        shown = np.array([[m is not None for m in row] for row in d.masks])
        assert not (shown & ~d.visible).any()
        thresholds.append(d.visible.sum())
    assert thresholds[0] == N * T > thresholds[1] > thresholds[2] == 0


def test_the_next_clip_starts_from_the_mean_of_the_last_ones_queries():
    model, frames = lively_model(), video(T)
    state = model.init_state(GEOMETRY)
    assert torch.equal(state.slots.queries, model.head.initial.queries)
    _, after = model.step(frames, state)
    features = model.extract_features(frames)
    outputs = model.head(features, torch.tensor([SIZE], dtype=torch.float32))
    torch.testing.assert_close(after.slots.queries, outputs[-1].queries[0].mean(1))
    assert after.slots.track_ids.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("chunk", [None, 1, 2, T, 99])
def test_a_clip_in_chunks_of_frames_is_the_whole_clip(chunk, monkeypatch):
    model, frames, seen = lively_model(), video(T), []
    state, sizes = model.init_state(GEOMETRY), torch.tensor([SIZE], dtype=torch.float32)
    expected, slots = model.forward_window(frames, sizes, state.slots)  # gradients are recorded: all frames at once
    backbone = model.backbone.forward
    monkeypatch.setattr(model.backbone, "forward", lambda images: seen.append(len(images)) or backbone(images))
    monkeypatch.setattr(efficientvis, "CPU_PIXELS", 2 * SIZE[0] * SIZE[1])
    model.frames_per_chunk = chunk
    with torch.no_grad():
        found, after = model.forward_window(frames, sizes, state.slots)
    for a, b in zip((*found, *after), (*expected, *slots), strict=True):
        torch.testing.assert_close(a, b)
    assert seen == {1: [1] * T, 2: [2, 1], None: [2, 1]}.get(chunk, [T])


def test_frames_larger_than_a_chunk_pass_one_by_one(monkeypatch):
    monkeypatch.setattr(efficientvis, "CPU_PIXELS", 1)
    model, seen = lively_model(), []
    neck = model.neck.forward
    monkeypatch.setattr(model.neck, "forward", lambda levels: seen.append(len(levels[0])) or neck(levels))
    model.step(video(T), model.init_state(GEOMETRY))
    assert seen == [1] * T


def test_training_takes_all_frames_at_once(monkeypatch):
    model, seen = build_model(frames_per_chunk=1).train(), []
    backbone = model.backbone.forward
    monkeypatch.setattr(model.backbone, "forward", lambda images: seen.append(len(images)) or backbone(images))
    model.loss(video(T)[None], [training_sample()])
    assert seen == [T]


def test_a_chunk_has_a_frame():
    with pytest.raises(ValueError, match="frames_per_chunk=0 must be at least 1"):
        build_model(frames_per_chunk=0)


def test_slots_that_stay_background_start_new_tracks():
    model = lively_model(reset_after=2, reset_score=1.1)
    state, ids = model.init_state(GEOMETRY), []
    for _ in range(5):
        detections, state = model.step(video(T), state)
        ids.append(detections.track_ids)
    assert ids == [[0, 1, 2, 3]] * 2 + [[4, 5, 6, 7]] * 2 + [[8, 9, 10, 11]]
    assert len({t.track_id for t in tracks_of(model, video(5 * T), GEOMETRY)}) > N


def test_linking_by_hand_starts_every_clip_from_the_learned_queries():
    model, frames = lively_model(linker=dict(type="ClipLinker", min_affinity=0.0)), video(T)
    first, state = model.step(frames, model.init_state(GEOMETRY))
    second, _ = model.step(frames, state)
    assert np.array_equal(first.scores, second.scores)
    assert first.track_ids == second.track_ids, "the same clip again is the same tracks"
    _, state = model.step(video(T), state)
    assert torch.equal(state.slots.queries, model.head.initial.queries)
    model.linker.min_affinity = 1.1
    third, _ = model.step(frames, state)
    assert third.track_ids == [4, 5, 6, 7], "none is close enough, and ids go on counting"


def test_a_video_without_anything_to_see_has_no_tracks():
    model = lively_model()
    for stage in model.head.stages:
        torch.nn.init.constant_(stage.fc_cls.bias, -50.0)
    assert len(tracks_of(model, video(2 * T), GEOMETRY)) == 0


def test_a_diverged_model_gives_no_tracks_and_does_not_crash():
    model = lively_model()
    for parameter in model.head.parameters():
        torch.nn.init.constant_(parameter, float("nan"))
    assert len(tracks_of(model, video(T), GEOMETRY)) == 0


# training


def test_losses_of_every_iteration_are_named():
    model = build_model()
    losses = model.loss(video(T)[None], [training_sample()])
    terms = ("loss_cls", "loss_mask", "loss_bbox", "loss_giou", "loss_dice")
    assert set(losses) == {f"s{m}.{name}" for m in range(2) for name in terms}
    assert all(torch.isfinite(v) and v > 0 for v in losses.values())


def test_a_batch_gives_what_its_clips_give_alone():
    model = lively_model()
    frames = torch.stack([video(T), video(T)])
    samples = [training_sample(), empty_sample(T)]
    together = model.loss(frames, samples)
    alone = [model.loss(frames[b : b + 1], samples[b : b + 1]) for b in range(2)]
    entries = 5  # visible entries of the first clip; the second has none, which counts as one
    for name, value in together.items():
        weights = (1, 1 / entries) if "cls" in name else (1, 1)
        torch.testing.assert_close(value, sum(w * a[name] for w, a in zip(weights, alone, strict=True)))


def test_a_clip_without_objects_teaches_background_only():
    model = build_model()
    losses = model.loss(video(T)[None], [empty_sample(T)])
    sum(losses.values()).backward()
    assert all((v == 0) == ("cls" not in name) for name, v in losses.items())
    gradients = [p.grad for p in model.head.parameters() if p.grad is not None]
    assert gradients
    assert all(torch.isfinite(g).all() for g in gradients)


def test_more_objects_than_queries_are_learned_as_far_as_they_go():
    boxes = [(i, i % K, (i * 6, 4, i * 6 + 6, 20)) for i in range(N + 3)]
    losses = build_model().loss(video(T)[None], [video_sample(*[rectangles(*boxes)] * T)])
    assert all(torch.isfinite(v) for v in losses.values())


@torch.no_grad()
def test_the_order_of_ground_truths_does_not_matter():
    model, frames = lively_model(), video(T)
    a = [(3, 1, LEFT), (0, 2, RIGHT), (8, 0, TOP)]
    one = model.loss(frames[None], [video_sample(*[rectangles(*a)] * T)])
    other = model.loss(frames[None], [video_sample(*[rectangles(*a[::-1])] * T)])
    for name in one:
        torch.testing.assert_close(other[name], one[name])


@pytest.fixture
def matched(monkeypatch) -> list[list[dict[int, int]]]:
    """What losses are computed on, clip by clip and iteration by iteration: per sample the query of each truth."""
    calls = []

    def losses(*args):
        calls.append([dict(zip(m.targets.tolist(), m.queries.tolist(), strict=True)) for m in args[4]])
        return tracklet_losses(*args)

    monkeypatch.setattr(efficientvis, "tracklet_losses", losses)
    return calls


CL_CASES = [dict(), dict(match_each=False)]


@pytest.mark.parametrize("changes", CL_CASES, ids=["each iteration", "last iteration"])
@torch.no_grad()
def test_the_second_clip_inherits_the_assignment_of_the_first(matched, changes):
    model = lively_model(**changes)
    model.loss(video(2 * T)[None], [training_sample(2)])
    (_,), (first,), *second = matched
    assert set(first) == {0, 1}
    assert second == [[first]] * 2, "the last assignment of the first clip, in every iteration"


@torch.no_grad()
def test_inheritance_holds_even_where_another_query_would_fit_better(matched):
    model = lively_model()
    swapped = [rectangles((3, 1, LEFT), (0, 2, RIGHT))] * T + [rectangles((3, 1, RIGHT), (0, 2, LEFT))] * T
    for seed in range(4):
        matched.clear()
        torch.manual_seed(seed)
        model.loss(video(2 * T)[None], [video_sample(*swapped, num_clips=2)])
        assert matched[1] == matched[2] == matched[3]


@pytest.mark.parametrize("changes", CL_CASES, ids=["each iteration", "last iteration"])
@torch.no_grad()
def test_an_object_that_only_the_second_clip_shows_takes_a_query_that_is_free(matched, changes):
    model = lively_model(**changes)
    old, new = (3, 1, LEFT), (5, 0, TOP)
    frames = [rectangles(old, (0, 2, RIGHT))] * T + [rectangles(old, new)] * T
    for seed in range(6):
        matched.clear()
        torch.manual_seed(seed)
        model.loss(video(2 * T)[None], [video_sample(*frames, num_clips=2)])
        (_,), (before,), *second = matched
        assert set(before) == {0, 1}
        for (after,) in second:
            assert set(after) == {0, 1, 2}
            assert {g: after[g] for g in before} == before, "also the one that the second clip does not show"
            assert after[2] not in before.values()


@torch.no_grad()
def test_an_object_is_matched_in_whatever_frame_it_appears(matched):
    model = lively_model()
    frames = [rectangles((3, 1, LEFT))] * 2 + [rectangles((3, 1, LEFT), (0, 2, RIGHT))]
    model.loss(video(T)[None], [video_sample(*frames)])
    assert all(set(m) == {0, 1} for (m,) in matched)


@torch.no_grad()
def test_without_a_free_query_a_new_object_waits(matched):
    model = lively_model()
    first = [(i, i % K, (i * 8, 4, i * 8 + 8, 20)) for i in range(N)]
    frames = [rectangles(*first)] * T + [rectangles(*first[:1], (9, 0, TOP))] * T
    model.loss(video(2 * T)[None], [video_sample(*frames, num_clips=2)])
    assert matched[1] == matched[2] == matched[3]
    assert sorted(matched[1][0].values()) == list(range(N))


@torch.no_grad()
def test_each_sample_of_a_batch_inherits_its_own(matched):
    model = lively_model()
    other = video_sample(*[rectangles((1, 0, TOP), (2, 1, RIGHT), (7, 2, LEFT))] * (2 * T), num_clips=2)
    model.loss(torch.stack([video(2 * T), video(2 * T)]), [training_sample(2), other])
    assert [len(m) for m in matched[1]] == [2, 3]
    assert matched[1] == matched[2] == matched[3]


@torch.no_grad()
def test_every_iteration_is_matched_by_its_own_output_or_by_the_last(matched, monkeypatch):
    """Scores are made up so that each iteration prefers another query."""
    model = lively_model()
    forward = model.head.forward

    def outputs(*args, **kwargs):
        made_up = []
        for m, output in enumerate(forward(*args, **kwargs)):
            logits = torch.full_like(output.class_logits, -50.0)
            logits[:, m, :, 1] = logits[:, m + 2, :, 2] = 50.0
            made_up.append(output._replace(class_logits=logits))
        return made_up

    monkeypatch.setattr(model.head, "forward", outputs)
    model.assigner.class_weight = 1000.0
    frames = video_sample(*[rectangles((3, 1, LEFT), (0, 2, RIGHT))] * T)
    for model.match_each, expected in ((True, [{0: 0, 1: 2}, {0: 1, 1: 3}]), (False, [{0: 1, 1: 3}] * 2)):
        matched.clear()
        model.loss(video(T)[None], [frames])
        assert [m for (m,) in matched] == expected


@torch.no_grad()
def test_a_frames_padding_does_not_change_the_matching(monkeypatch):
    """The boxes' L1 cost is in shares of the image, not of the padded batch."""
    model = lively_model()
    seen = []
    monkeypatch.setattr(
        model, "assigner", lambda *args: seen.append(args[-1]) or (torch.tensor([0]), torch.tensor([0]))
    )
    padded = torch.nn.functional.pad(video(T), (0, 16, 0, 32))
    model.loss(padded[None], [training_sample()])
    assert [tuple(float(v) for v in size) for size in seen] == [tuple(map(float, SIZE))] * 2


def test_the_second_clips_loss_reaches_the_first_clips_queries(monkeypatch):
    model, frames = build_model().eval(), video(2 * T)
    frames.requires_grad_()
    clips = []
    original = model._clip_losses

    def clip_losses(*args):
        clips.append(original(*args))
        return clips[-1]

    monkeypatch.setattr(model, "_clip_losses", clip_losses)
    model.loss(frames[None], [training_sample(2)])
    sum(clips[1][0].values()).backward()
    assert (frames.grad[:T] != 0).any(), "through the queries that are passed on"


def test_losses_of_two_clips_are_averaged(monkeypatch):
    model, frames = lively_model(), video(2 * T)
    clips = []
    original = model._clip_losses
    monkeypatch.setattr(model, "_clip_losses", lambda *args: clips.append(original(*args)) or clips[-1])
    losses = model.loss(frames[None], [training_sample(2)])
    for name, value in losses.items():
        torch.testing.assert_close(value, (clips[0][0][name] + clips[1][0][name]) / 2)
    alone = model.loss(frames[None, :T], [training_sample()])
    for name, value in alone.items():
        torch.testing.assert_close(clips[0][0][name], value)


@torch.no_grad()
def test_a_diverged_model_reaches_the_loss():
    model = build_model()
    for parameter in model.parameters():
        parameter.fill_(float("nan"))
    losses = model.loss(video(2 * T)[None], [training_sample(2)])
    assert not torch.isfinite(losses["s1.loss_cls"])


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"head.time_shared": True},
        {
            "backbone.out_indices": (0,),
            "neck.in_channels": [8],
            "neck.num_outs": 1,
            "head.roi_extractor.featmap_strides": [4],
        },
    ],
    ids=["default", "time shared", "one level"],
)
def test_a_few_steps_on_one_clip_lower_its_loss(changes):
    model = build_model(**changes).train()
    frames = video(T) * 0.1
    sample = training_sample()
    for t, frame in enumerate(sample.video_data_samples):
        for mask in frame.gt_instances.masks.masks:
            frames[t] += torch.from_numpy(mask).float()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    history = []
    for _ in range(30):
        loss = sum(model.loss(frames[None], [sample]).values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        history.append(loss.item())
    assert history[-1] < 0.6 * history[0]


def test_it_learns_one_clip_by_heart():
    """Classes, masks and absence of both objects; the class is the colour."""
    model, frames, sample = build_model().eval(), video(T) * 0.1, training_sample()
    truth = Tracklets.from_frames(sample.video_data_samples, SIZE, "cpu")
    paint(frames, truth)
    overfit(model, frames[None], sample, steps=480, lr=3e-3, decay=True)
    found, _ = model.step(frames, model.init_state(FrameGeometry(SIZE, SIZE)))
    slots, iou = found_by_heart(found, truth)
    for g, label in enumerate(truth.labels.tolist()):
        shown, scores = truth.visible[g].numpy(), found.scores[slots[label], :, label]
        assert scores[shown].min() > scores[~shown].max(initial=0)
    assert iou > 0.5


@pytest.mark.parametrize("mode", ["loss", "predict", "tensor"])
def test_mmengine_enters_by_mode(mode):
    model = lively_model()
    out = model(video(T)[None], [sample_of(T) if mode == "predict" else training_sample()], mode=mode)
    assert isinstance(out, {"loss": dict, "predict": list, "tensor": tuple}[mode])
    if mode == "tensor":
        assert [f.shape for f in out] == [(T, C, SIZE[0] // s, SIZE[1] // s) for s in (4, 8)]


def test_an_unknown_mode_is_refused():
    with pytest.raises(RuntimeError, match="'train' is unknown"):
        build_model()(video(T)[None], None, mode="train")


def test_no_weight_depends_on_the_clip_length():
    short, long = build_model(), build_model(clip_len=36)
    assert long.window == 36
    long.load_state_dict(short.state_dict())
