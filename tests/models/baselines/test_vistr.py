"""VisTR as a whole: clips of exactly T frames, what is filled up, links, and that it learns."""

import numpy as np
import pytest
import torch
from overfit import found_by_heart, overfit, paint
from small_model import baseline_cfg, empty_sample, rectangles, video_sample
from streamed import assert_same_tracks, streamed, tracks_of

from mmvis_ext.models import VisTR
from mmvis_ext.models.mask import encode_mask
from mmvis_ext.registry import MODELS
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.structures.tracklets import Tracklets
from mmvis_ext.utils.errors import InputError

SIZE, K, N, T = (32, 48), 5, 4, 3
GEOMETRY = FrameGeometry(original=(45, 70), resized=(30, 46))
LEFT, RIGHT = (0, 1, (4, 6, 22, 28)), (7, 2, (26, 4, 44, 20))


def build(**changes) -> VisTR:
    model = MODELS.build(baseline_cfg("vistr", **dict(clip_len=T, linker=None) | changes))
    model.init_weights()
    return model.eval()


def lively(**changes) -> VisTR:
    """Scores and boxes differ from frame to frame."""
    model = build(**changes)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if not name.startswith("backbone"):
                parameter += 0.1 * torch.randn_like(parameter)
    return model


def video(length: int) -> torch.Tensor:
    return torch.randn(1, 3, *SIZE) + 0.5 * torch.randn(length, 3, *SIZE)


def training_sample():
    """Three frames; the second object comes in the second frame and goes in the third."""
    return video_sample(rectangles(LEFT), rectangles(RIGHT, LEFT), rectangles(LEFT))


# training


def test_every_decoder_layer_learns_and_the_last_one_learns_masks():
    losses = build().loss(video(T)[None], [training_sample()])
    terms = {"loss_cls", "loss_bbox", "loss_giou"}
    assert losses.keys() == {f"d{m}.{name}" for m in range(2) for name in terms} | {"d1.loss_dice", "d1.loss_mask"}
    assert all(value.item() > 0 for value in losses.values())


@pytest.mark.parametrize("length", [T - 1, 2 * T])
def test_samples_of_another_length_are_refused(length):
    message = rf"the samples have {length} frames but the model takes 3; set the data set's clips\.clip_len to the"
    with pytest.raises(InputError, match=message):
        build().loss(video(length)[None], [empty_sample(length)])


def test_the_loss_of_a_batch_is_that_of_its_samples():
    """Terms that are means over entries, with as many entries in each sample; and classes, weighted in the same way."""
    model, videos = build(), torch.stack([video(T), video(T)])
    samples = [training_sample(), training_sample()]
    together = model.loss(videos, samples)
    alone = [model.loss(frames[None], [sample]) for frames, sample in zip(videos, samples, strict=True)]
    for name, value in together.items():
        assert value.item() == pytest.approx(sum(one[name].item() for one in alone) / 2, rel=1e-4), name


def test_the_order_of_the_objects_does_not_matter():
    model, frames = build(), video(T)[None]
    both, swapped = (
        video_sample(rectangles(*order), rectangles(*order), rectangles(LEFT))
        for order in ((LEFT, RIGHT), (RIGHT, LEFT))
    )
    found, again = model.loss(frames, [both]), model.loss(frames, [swapped])
    for name, value in found.items():
        torch.testing.assert_close(again[name], value)


def test_more_objects_than_places_are_learned_as_far_as_there_are_places():
    shown = [(i, i % K, (4 * i, 2 * i, 4 * i + 10, 2 * i + 12)) for i in range(N + 2)]
    losses = build().loss(video(T)[None], [video_sample(*[rectangles(*shown)] * T)])
    assert torch.isfinite(sum(losses.values()))


# inference


@torch.no_grad()
def test_a_step_is_the_network_in_pixels_of_the_video():
    model, frames = lively(), video(T)
    (scores, boxes, masks), _ = model.forward_window(frames, torch.tensor([GEOMETRY.resized]).float(), None)
    model.visible_thr = scores.amax(-1).median().item()
    found, after = model.step(frames, model.init_state(GEOMETRY))
    np.testing.assert_allclose(found.scores, scores)
    assert found.track_ids == [0, 1, 2, 3]
    assert after.next_id == N
    assert 0 < found.visible.sum() < N * T
    scale = np.array([70 / 46, 45 / 30] * 2)
    for n in range(N):
        for t in range(T):
            assert found.visible[n, t] == (scores[n, t].max() >= model.visible_thr)
            expected = encode_mask(masks[n, t], SIZE, GEOMETRY) if found.visible[n, t] else None
            assert found.masks[n][t] == expected
            limits = np.array([70, 45] * 2)
            np.testing.assert_allclose(
                found.boxes[n, t], np.clip(boxes[n, t].numpy() * scale, 0, limits), rtol=1e-4, atol=1e-3
            )


@torch.no_grad()
@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_short_clip_is_continued_back_and_forth(n):
    model, frames = lively(clip_len=4), video(n)
    found, _ = model.step(frames, model.init_state(GEOMETRY))
    order = {1: [0, 0, 0, 0], 2: [0, 1, 0, 1], 3: [0, 1, 2, 1]}[n]
    whole, _ = model.step(frames[order], model.init_state(GEOMETRY))
    assert found.visible.shape == (N, n)
    np.testing.assert_allclose(found.scores, whole.scores[:, :n])
    np.testing.assert_allclose(found.boxes, whole.boxes[:, :n])
    assert found.masks == [row[:n] for row in whole.masks]


@torch.no_grad()
@pytest.mark.parametrize("linker", [None, dict(type="ClipLinker")], ids=["each clip anew", "linked"])
def test_a_video_is_its_clips_one_after_the_other(linker):
    model, frames = lively(linker=linker), video(2 * T + 1)
    whole = tracks_of(model, frames, GEOMETRY)
    assert_same_tracks(streamed(model, frames, GEOMETRY), whole)
    assert whole.length == 2 * T + 1
    spans = [{t // T for t in np.flatnonzero(track.visible)} for track in whole]
    assert (max(map(len, spans)) > 1) == (linker is not None)


@torch.no_grad()
def test_ids_are_those_of_the_linker():
    model, clips = lively(linker=dict(type="ClipLinker")), [video(T), video(T)]
    state, memory = model.init_state(GEOMETRY), None
    for frames in clips:
        found, state = model.step(frames, state)
        (scores, boxes, masks), _ = model.forward_window(frames, torch.tensor([GEOMETRY.resized]).float(), None)
        relative = boxes / torch.tensor([46.0, 30, 46, 30])
        ids, memory = model.linker.link(memory, scores, relative, masks.sigmoid(), torch.as_tensor(found.visible))
        assert found.track_ids == ids
        assert torch.equal(state.memory.track_ids, memory.track_ids)


@torch.no_grad()
def test_a_step_of_more_frames_is_refused():
    model = build()
    with pytest.raises(InputError, match=r"a step has 4 frames but the model takes 3; give at most 3 at a time"):
        model.step(video(T + 1), model.init_state(GEOMETRY))


def test_it_learns_one_clip_by_heart():
    """Classes, masks and absence of both objects; the class is the colour."""
    model, frames, sample = build(), video(T) * 0.1, training_sample()
    truth = Tracklets.from_frames(sample.video_data_samples, SIZE, "cpu")
    paint(frames, truth)
    assert overfit(model, frames[None], sample, steps=250, lr=3e-3, decay=True) < 0.3
    found, _ = model.step(frames, model.init_state(FrameGeometry(SIZE, SIZE)))
    places, iou = found_by_heart(found, truth)
    for g, label in enumerate(truth.labels.tolist()):
        assert (found.visible[places[label]] == truth.visible[g].numpy()).all()
    assert iou > 0.6
