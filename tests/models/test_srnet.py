"""SRNet as a whole: linking over a sequence, streams, sizes, scores, losses and their targets, and that it learns."""

import gc
from dataclasses import replace
from unittest import mock

import numpy as np
import pytest
import torch
from mmdet.structures.mask import BitmapMasks
from mmengine.structures import InstanceData
from overfit import overfit
from small_model import SIZE, C, K, empty_sample, rectangles, srnet_cfg, video_sample
from streamed import assert_same_detections, stored_numbers, streamed, tracks_of
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from mmvis_ext.engine.benchmarking import hold
from mmvis_ext.models import SRNet, cluster_instances, spatial_grid, srnet
from mmvis_ext.models.dense import DenseOutput, draw_centres
from mmvis_ext.models.dense.grid import mask_extents, mass_centres, within_frame
from mmvis_ext.models.dense.targets import frame_targets, shrink
from mmvis_ext.models.losses import dense_losses
from mmvis_ext.models.mask import encode_probabilities
from mmvis_ext.models.srnet import LastFrame
from mmvis_ext.registry import MODELS
from mmvis_ext.structures import decode
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.utils.errors import InputError

GEOMETRY = FrameGeometry(original=(64, 96), resized=SIZE)
SIZES = torch.tensor([SIZE], dtype=torch.float32)
MAP = (8, 12)
LEFT, RIGHT, TOP = (2, 6, 14, 28), (30, 8, 46, 24), (16, 0, 34, 9)
VIS = {"head.num_classes": K}
VARIANTS = {
    "UVOS": dict(),
    "VIS": VIS,
    "predicted centre": {"centre": "predicted", "max_distance": 2.0},
    "no heatmap": {"heatmap": False},
    "no temporal feature": {"temporal": False},
    "no extra dimensions": {"head.extra_bandwidths": []},
    "finer maps": {"head.stride": 2},
}
FORMS = pytest.mark.parametrize("changes", VARIANTS.values(), ids=VARIANTS.keys())


def build(**changes) -> SRNet:
    model = MODELS.build(srnet_cfg(**changes))
    model.init_weights()
    return model


def lively(**changes) -> SRNet:
    """In eval mode, with heads whose maps vary: some pixels are objects, and point far enough to gather."""
    model = build(**changes).eval()
    for name, branch in model.head.named_children():
        if isinstance(branch, nn.Sequential):
            nn.init.normal_(branch[-1].weight, std=0.3)
            if name == "objectness":
                nn.init.zeros_(branch[-1].bias)
    return model


def video(length: int, size: tuple[int, int] = SIZE) -> torch.Tensor:
    """Frames that change little by little."""
    return 2 * torch.randn(1, 3, *size) + 0.5 * torch.randn(length, 3, *size)


def box(x1: int, y1: int, x2: int, y2: int, size: tuple[int, int] = MAP) -> torch.Tensor:
    mask = torch.zeros(size, dtype=torch.bool)
    mask[y1:y2, x1:x2] = True
    return mask


def says(*objects: tuple[torch.Tensor, float, tuple[float, float]], size=MAP, labels=None) -> DenseOutput:
    """Maps of one frame in which each (mask, objectness, tracking vector) is plain, with classes if ``labels`` are."""
    grid = spatial_grid(*size)
    maps = DenseOutput(
        torch.zeros(1, 4, *size),
        torch.full((1, 2, *size), 0.02),
        torch.full((1, 2, *size), 9.0),
        torch.zeros(1, *size),
        None if labels is None else torch.zeros(1, K, *size),
    )
    for n, (mask, score, vector) in enumerate(objects):
        maps.offsets[0, :2, mask] = grid[:, mask].mean(1, keepdim=True) - grid[:, mask]
        maps.tracking[0, :, mask] = torch.tensor(vector)[:, None]
        maps.objectness[0, mask] = score
        if labels is not None:
            maps.class_logits[0, labels[n], mask] = 2.0
    return maps


def telling(outputs: list[DenseOutput], **changes) -> SRNet:
    """A model that says this of the frames, one after the other."""
    model, coming = build(**changes).eval(), iter(outputs)
    model.extract_features = lambda frames: (torch.zeros(1, C, 2, 3),)
    model.head.forward = lambda *_: next(coming)
    return model


def told(model: SRNet, length: int, geometry: FrameGeometry = GEOMETRY, size: tuple[int, int] = SIZE) -> list:
    """Detections of each frame."""
    state, out = model.init_state(geometry), []
    for _ in range(length):
        detections, state = model.step(torch.zeros(1, 3, *size), state)
        out.append(detections)
    return out


# linking


def centre_of(mask: torch.Tensor) -> torch.Tensor:
    return spatial_grid(*mask.shape)[:, mask].mean(1)


def way_back(now: torch.Tensor, before: torch.Tensor) -> tuple[float, float]:
    """The right tracking vector."""
    return tuple((centre_of(before) - centre_of(now)).tolist())


def crossing(right: bool) -> list[DenseOutput]:
    """A and B change places between the second and the third frame; C leaves after the second and is back in the fifth.

    The best objectness changes from A to B and back.
    """
    a = [box(x, 1, x + 2, 4) for x in (2, 3, 7, 8, 8)]
    b = [box(x, 1, x + 2, 4) for x in (8, 7, 3, 2, 2)]
    c = [box(5, 6, 7, 8)] * 5
    best = [(0.9, 0.8), (0.8, 0.9), (0.9, 0.8), (0.8, 0.9), (0.9, 0.8)]
    frames = []
    for t in range(5):
        before = max(t - 1, 0)
        shown = [(a[t], best[t][0], way_back(a[t], a[before])), (b[t], best[t][1], way_back(b[t], b[before]))]
        if t in (0, 1, 4):
            shown.append((c[t], 0.6, (0.0, 0.0)))
        frames.append(says(*(o if right else (o[0], o[1], (0.0, 0.0)) for o in shown)))
    return frames


@pytest.mark.parametrize("centre", ["mass", "predicted"])
@pytest.mark.parametrize(
    ("right", "expected"),
    [
        (True, [[0, 1, 2], [1, 0, 2], [0, 1], [1, 0], [0, 1, 3]]),
        (False, [[0, 1, 2], [1, 0, 2], [1, 0], [0, 1], [1, 0, 3]]),
    ],
    ids=["right vectors", "vectors of zero"],
)
def test_objects_that_cross_keep_their_ids_and_one_that_comes_back_is_new(right, expected, centre):
    found = told(telling(crossing(right), centre=centre), 5)
    assert [d.track_ids for d in found] == expected


def test_each_id_has_the_mask_of_its_object():
    found = told(telling(crossing(True)), 5)
    for t, columns in enumerate([(2, 8), (3, 7), (7, 3), (8, 2), (8, 2)]):
        for i, track in enumerate(found[t].track_ids):
            x1, y1, x2, y2 = found[t].boxes[i, 0].tolist()
            column = columns[track] if track < 2 else 5
            row = 2.0 if track < 2 else 6.5
            assert (x1 + x2) / 2 == pytest.approx((column + 0.5) * 95 / 11 + 0.5, abs=4)
            assert (y1 + y2) / 2 == pytest.approx(row * 63 / 7 + 0.5, abs=4)


@pytest.mark.parametrize(("limit", "ids"), [(0.2, [1]), (0.3, [0])])
def test_what_is_too_far_from_where_it_was_is_new(limit, ids):
    """A pixel to the right, 3/11 on this grid, and no vector that says so."""
    frames = [says((box(x, 1, x + 3, 4), 0.9, (0.0, 0.0))) for x in (2, 3)]
    assert [d.track_ids for d in told(telling(frames, max_distance=limit), 2)] == [[0], ids]


def test_ids_go_on_counting_after_a_frame_without_instances():
    one = says((box(2, 1, 5, 4), 0.9, (0.0, 0.0)))
    found = told(telling([one, says(), one]), 3)
    assert [d.track_ids for d in found] == [[0], [], [1]]
    assert found[1].scores.shape == (0, 1, 1)
    assert (found[1].visible.shape, found[1].visible.dtype) == ((0, 1), np.dtype(bool))
    assert found[1].masks == []


@pytest.mark.parametrize("centre", ["mass", "predicted"])
def test_the_vector_is_read_at_the_centre(centre):
    """An L whose pixels point to its corner: its mass centre lies elsewhere, and that is where it was."""
    shape = box(1, 1, 2, 7) | box(1, 6, 9, 7)
    grid, corner = spatial_grid(*MAP), spatial_grid(*MAP)[:, 6, 1]
    output = says((shape, 0.9, (0.0, 0.0)))
    output.offsets[0, :2, shape] = corner[:, None] - grid[:, shape]
    at = corner if centre == "predicted" else centre_of(shape)
    column, row = ((at + torch.tensor([1.5, 1.0])) * torch.tensor([11 / 3, 7 / 2])).round().int().tolist()
    output.tracking.fill_(9)
    output.tracking[0, :, row, column] = centre_of(shape) - at
    assert [d.track_ids for d in told(telling([output, output], centre=centre), 2)] == [[0], [0]]
    output.tracking[0, :, row, column] = 9
    assert [d.track_ids for d in told(telling([output, output], centre=centre), 2)] == [[0], [1]]


# what a step shows the head


def shown_to_head(model: SRNet, run) -> list[tuple]:
    """(features, before, heatmap, size) of every call of the head while ``run`` goes."""
    seen = []
    handle = model.head.register_forward_pre_hook(lambda module, args: seen.append(args))
    run()
    handle.remove()
    return seen


@torch.no_grad()
def test_the_head_sees_the_frame_before_and_its_centres():
    model, frames, states = lively(), video(3), []

    def run() -> None:
        state = model.init_state(GEOMETRY)
        for frame in frames.split(1):
            _, state = model.step(frame, state)
            states.append(state)

    first, second, third = shown_to_head(model, run)
    levels = [model.extract_features(frame) for frame in frames.split(1)]
    assert torch.equal(first[1], levels[0][-1]), "its own level"
    assert torch.equal(first[2], torch.zeros(1, 1, *MAP))
    for t, (features, before, heatmap, _) in ((1, second), (2, third)):
        assert torch.equal(features[-1], levels[t][-1])
        assert torch.equal(before, levels[t - 1][-1])
        state = states[t - 1]
        assert torch.equal(heatmap[0, 0], draw_centres(state.centres, state.extents, MAP))
        assert heatmap.max() == 1


@torch.no_grad()
def test_the_state_holds_the_instances_of_the_last_frame():
    a, b = box(1, 1, 4, 6), box(6, 2, 11, 4)
    model = telling([says((a, 0.7, (0.0, 0.0)), (b, 0.9, (0.0, 0.0)))])
    _, state = model.step(torch.zeros(1, 3, *SIZE), model.init_state(GEOMETRY))
    torch.testing.assert_close(state.centres, torch.stack([centre_of(b), centre_of(a)]))
    torch.testing.assert_close(state.extents, mask_extents(torch.stack([b, a])))
    assert (state.track_ids, state.next_id) == ((0, 1), 2)


@torch.no_grad()
def test_without_the_temporal_feature_every_frame_is_before_itself():
    model, frames = lively(temporal=False), video(4)
    usual = lively()
    usual.load_state_dict(model.state_dict())
    a, b, c = (m.init_state(GEOMETRY) for m in (model, usual, usual))
    different = []
    for frame in frames.split(1):
        found, a = model.step(frame, a)
        expected, b = usual.step(frame, replace(b, before=None))
        temporal, c = usual.step(frame, c)
        assert found.track_ids
        assert_same_detections(found, expected)
        different.append(found.masks != temporal.masks)
    assert any(different)


@torch.no_grad()
def test_without_the_heatmap_it_is_zero_at_test_and_in_training():
    model, frames = lively(heatmap=False), video(3)
    at_test = shown_to_head(model, lambda: streamed(model, frames, GEOMETRY))
    training = shown_to_head(model, lambda: model.loss(frames[None], [training_sample()]))
    assert len(at_test) == 3
    assert all(torch.equal(heatmap, torch.zeros(1, 1, *MAP)) for _, _, heatmap, _ in at_test)
    assert torch.equal(training[0][2], torch.zeros(3, 1, *MAP))


# streams


@pytest.mark.parametrize("task", ["UVOS", "VIS"])
def test_a_diverged_model_gives_no_tracks_and_does_not_crash(task):
    model = lively(**VARIANTS[task])
    for parameter in model.head.parameters():
        nn.init.constant_(parameter, float("nan"))
    assert len(tracks_of(model, video(2), GEOMETRY)) == 0


@pytest.mark.parametrize("centre", ["mass", "predicted"])
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 3e38])
def test_numbers_that_are_none_leave_a_stream_running(bad, centre):
    good = says((box(2, 1, 5, 4), 0.9, (0.0, 0.0)))
    broken = [good]
    for name in ("offsets", "bandwidths", "tracking", "objectness"):
        output = says((box(2, 1, 5, 4), 0.9, (0.0, 0.0)))
        getattr(output, name)[..., 2, :] = bad
        broken.append(output)
    found = told(telling([*broken, good, good], centre=centre), len(broken) + 2)
    assert len(found[-1].track_ids) == 1
    assert found[-1].track_ids == found[-2].track_ids


def tensors_alive() -> tuple[int, int]:
    """How many tensors there are, and how many numbers they hold."""
    gc.collect()
    alive = [o for o in gc.get_objects() if type(o) in (torch.Tensor, nn.Parameter)]
    return len(alive), sum(o.numel() for o in alive)


@pytest.mark.slow
@torch.no_grad()
def test_a_long_stream_keeps_nothing():
    model, frames = lively(), video(10)
    state, seen = model.init_state(GEOMETRY), []
    for t in range(200):
        found, state = model.step(frames[t % 10, None], state)
        if t in (49, 99, 199):
            assert found.track_ids
            assert len(state.track_ids) == len(state.centres) == len(found.track_ids)
            seen.append((stored_numbers(state), *tensors_alive()))
    assert seen[0] == seen[1] == seen[2]


# sizes


@pytest.mark.parametrize(
    ("padded", "size", "resized"),
    [((32, 48), (8, 12), (24, 40)), ((32, 48), (32, 48), (24, 40)), ((33, 48), (9, 12), (33, 29))],
)
def test_pixels_belong_to_nobody_where_the_input_is_padding(padded, size, resized):
    found = within_frame(size, padded, torch.tensor(resized, dtype=torch.float32))
    for j in range(size[0]):
        for i in range(size[1]):
            y, x = round(j * (padded[0] - 1) / (size[0] - 1)), round(i * (padded[1] - 1) / (size[1] - 1))
            assert found[j, i] == (y < resized[0] and x < resized[1])


def test_padding_starts_no_instance():
    shown, below, beside = box(1, 1, 4, 4), box(1, 6, 4, 8), box(10, 1, 12, 4)
    output = says((shown, 0.6, (0.0, 0.0)), (below, 0.9, (0.0, 0.0)), (beside, 0.8, (0.0, 0.0)))
    (padded,) = told(telling([output]), 1, FrameGeometry((48, 80), (24, 40)))
    (whole,) = told(telling([output]), 1)
    assert padded.objectness is None
    assert padded.scores[:, 0, 0].tolist() == pytest.approx([0.6])
    assert whole.scores[:, 0, 0].tolist() == pytest.approx([0.9, 0.8, 0.6])


@pytest.mark.parametrize("padded", [(32, 48), (48, 64), (30, 44), (33, 47)])
def test_padding_of_any_size_leaves_masks_where_they_are(padded):
    """A rectangle drawn in the resized frame's pixels, on maps of the padded input."""
    geometry, size = FrameGeometry((60, 88), (30, 44)), padded
    output = says((box(8, 6, 28, 22, size), 0.9, (0.0, 0.0)), size=size)
    (found,) = told(telling([output], **{"head.stride": 1}), 1, geometry, padded)
    mask = decode(found.masks[0], *geometry.original)[0]
    drawn = np.zeros(geometry.original, np.uint8)
    drawn[12:44, 16:56] = 1
    assert (mask & drawn).sum() / (mask | drawn).sum() > 0.9
    assert np.abs(found.boxes[0, 0] - [16, 12, 56, 44]).max() <= 1


@pytest.mark.parametrize("padded", [(32, 48), (48, 64)])
@pytest.mark.parametrize("original", [(30, 44), (77, 100), (15, 22)])
def test_frames_of_any_size_run(padded, original):
    geometry = FrameGeometry(original, (30, 44))
    model, frames = lively(), video(2, padded)
    frames[..., 30:, :] = 0
    frames[..., 44:] = 0
    state, number = model.init_state(geometry), 0
    for frame in frames.split(1):
        found, state = model.step(frame, state)
        number += len(found.track_ids)
        assert all(mask["size"] == list(original) for (mask,) in found.masks if mask is not None)
        assert found.boxes[..., 2].max(initial=0) <= original[1]
        assert found.boxes[..., 3].max(initial=0) <= original[0]
    assert number > 0


def encode_slowly(probability: torch.Tensor, padded, geometry) -> np.ndarray:
    """Bilinear twice, pixel by pixel: onto the padded input between corners, then onto the frame between borders."""

    def at(rows, y: float, x: float) -> float:
        height, width = len(rows), len(rows[0])
        y, x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
        y0, x0 = int(y), int(x)
        y1, x1, v, u = min(y0 + 1, height - 1), min(x0 + 1, width - 1), y - y0, x - x0
        top, bottom = rows[y0][x0] * (1 - u) + rows[y0][x1] * u, rows[y1][x0] * (1 - u) + rows[y1][x1] * u
        return top * (1 - v) + bottom * v

    (h, w), (h1, w1), (h0, w0) = probability.shape, geometry.resized, geometry.original
    rows = probability.tolist()
    full = [
        [at(rows, y * (h - 1) / (padded[0] - 1), x * (w - 1) / (padded[1] - 1)) for x in range(w1)] for y in range(h1)
    ]
    return np.array(
        [[at(full, (y + 0.5) * h1 / h0 - 0.5, (x + 0.5) * w1 / w0 - 0.5) > 0.5 for x in range(w0)] for y in range(h0)]
    )


@pytest.mark.parametrize("original", [(12, 18), (25, 40), (7, 10)])
def test_masks_are_enlarged_to_the_frame_without_its_padding(original):
    geometry = FrameGeometry(original, (12, 18))
    probabilities = torch.rand(3, 5, 6)
    probabilities[1, :4, :5] = 0.1  # in the padding alone
    found = encode_probabilities(probabilities, (16, 24), geometry)
    expected = [encode_slowly(p, (16, 24), geometry) for p in probabilities]
    assert [mask is None for mask in found] == [not mask.any() for mask in expected] == [False, True, False]
    assert np.array_equal(decode(found, *original), expected)


def test_an_instance_without_a_pixel_in_the_frame_is_not_visible():
    """Its pixel in the frame is one of many, and the frame is much smaller than the map."""
    output = says((box(5, 3, 6, 4), 0.9, (0.0, 0.0)), (box(0, 4, 12, 8), 0.8, (0.0, 0.0)))
    (found,) = told(telling([output]), 1, FrameGeometry((4, 6), SIZE))
    assert found.track_ids == [0, 1]
    assert found.masks[0] == [None]
    assert found.visible.tolist() == [[False], [True]]
    assert found.boxes[0, 0].tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("original", [(64, 96), (45, 131), (32, 48)])
def test_masks_overlap_by_no_more_than_their_boundary(original):
    """Touching halves: what both claim lies within half a pixel of the maps around the edge between them."""
    halves = box(0, 0, 6, 8), box(6, 0, 12, 8)
    output = says(*((half, score, (0.0, 0.0)) for half, score in zip(halves, (0.9, 0.8), strict=True)))
    for bandwidth in (0.02, 0.4):  # the pixels of the other half are out of the question, or just not taken
        output.bandwidths.fill_(bandwidth)
        (found,) = told(telling([output]), 1, FrameGeometry(original, SIZE))
        left, right = decode([mask for (mask,) in found.masks], *original).astype(bool)
        both = np.flatnonzero((left & right).any(0))
        pixel = original[1] / 11
        assert (np.abs(both + 0.5 - original[1] / 2) <= 0.5 * pixel + 1).all()
        assert (left | right).mean() > 0.95


# scores


def test_a_track_is_worth_its_objectness_times_its_class():
    mask = box(2, 1, 6, 5)
    frames = [says((mask, score, (0.0, 0.0)), labels=[label]) for score, label in ((0.9, 1), (0.6, 2), (0.75, 1))]
    frames[1].class_logits[0, 0, 2, 3] = 5.0  # one pixel of another opinion
    (track,) = streamed(telling(frames, **VIS), torch.zeros(3, 3, *SIZE), GEOMETRY)
    classes = []
    for frame in frames:
        pixels = [frame.class_logits[0, :, j, i].softmax(0) for j in range(8) for i in range(12) if mask[j, i]]
        classes.append(sum(pixels) / len(pixels))
    expected = (0.9 + 0.6 + 0.75) / 3 * sum(classes) / 3
    np.testing.assert_allclose(track.scores, expected, rtol=1e-5)
    assert track.scores.argmax() == 1


def test_without_categories_a_track_is_worth_its_objectness():
    mask = box(2, 1, 6, 5)
    frames = [says((mask, score, (0.0, 0.0))) for score in (0.9, 0.6)]
    (track,) = streamed(telling(frames), torch.zeros(2, 3, *SIZE), GEOMETRY)
    assert track.scores.tolist() == pytest.approx([0.75])


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_pixels_without_a_class_count_for_none(bad):
    mask = box(2, 1, 6, 5)
    frame = says((mask, 0.9, (0.0, 0.0)), labels=[1])
    frame.class_logits[0, 1, 1:3, 2:6] = bad  # half of them
    (detections,) = told(telling([frame], **VIS), 1)
    other = 1 / (np.exp(2) + K - 1)
    expected = np.full(K, other / 2)
    expected[1] = np.exp(2) * other / 2
    np.testing.assert_allclose(detections.scores[0, 0], expected, rtol=1e-5)


@pytest.mark.parametrize(("changes", "number"), [({}, 1), (VIS, K)])
def test_number_of_classes(changes, number):
    model = lively(**changes)
    detections, _ = model.step(video(1), model.init_state(GEOMETRY))
    assert model.num_classes == number
    assert detections.scores.shape == (len(detections.track_ids), 1, number)
    assert (detections.objectness is None) == (number == 1)


@pytest.mark.parametrize("limit", [1, 3])
def test_settings_of_the_clustering_come_from_the_config(limit):
    model, few, frame = lively(min_free=0), lively(min_free=0, max_instances=limit), video(1)
    few.load_state_dict(model.state_dict())
    every, _ = model.step(frame, model.init_state(GEOMETRY))
    best, _ = few.step(frame, few.init_state(GEOMETRY))
    assert len(every.track_ids) > limit == len(best.track_ids)
    assert best.masks == every.masks[:limit]
    strict = lively(min_score=0.999)
    strict.load_state_dict(model.state_dict())
    assert strict.step(frame, strict.init_state(GEOMETRY))[0].track_ids == []


@pytest.mark.parametrize("objects", [1, 5, 10])
def test_a_frame_holds_as_many_objects_as_a_benchmark_asks_for(objects):
    model = lively(**VIS)
    state = model.init_state(GEOMETRY)
    result, _ = model.forward_window(video(1), SIZES, LastFrame(state.before, torch.zeros(1, 1, *MAP)))
    before = [m.clone() for m in result]
    held = hold(model, result, objects).frame(0)
    found = cluster_instances(held.offsets, held.bandwidths, held.objectness, (0.5, 0.5), **model.clustering)
    assert len(found.masks) == objects
    assert found.masks.any(0).all()
    assert all(torch.equal(a, b) for a, b in zip(result, before, strict=True))


@pytest.mark.parametrize("changes", [{"iou_loss": "focal"}, {"centre": "middle"}])
def test_settings_that_are_unknown_are_refused(changes):
    (name, value), *_ = changes.items()
    with pytest.raises(ValueError, match=f"{name}='{value}' is unknown"):
        build(**changes)


def test_a_weight_is_a_share():
    with pytest.raises(ValueError, match=r"first_frame=1\.5 must be in 0\.\.1"):
        build(first_frame=1.5)


# training


def training_sample():
    """Three frames: one object stays and moves, one is absent in the middle, one arrives last."""
    moved = (6, 6, 18, 28)
    frames = ([(3, 1, LEFT), (0, 2, RIGHT)], [(3, 1, moved)], [(3, 1, moved), (0, 2, RIGHT), (9, 0, TOP)])
    return video_sample(*(rectangles(*shown) for shown in frames))


def gradients_missing(model: nn.Module) -> list[str]:
    return [n for n, p in model.named_parameters() if p.requires_grad and p.grad is None]


@FORMS
@pytest.mark.parametrize("iou_loss", ["lovasz", "dice"])
def test_losses_are_finite_and_train_everything(changes, iou_loss):
    model = build(iou_loss=iou_loss, **changes)
    losses = model.loss(torch.randn(2, 3, 3, *SIZE), [training_sample(), empty_sample(3)])
    assert all(torch.isfinite(v) and v > 0 for v in losses.values())
    assert ("loss_category" in losses) == (model.head.num_classes is not None)
    sum(losses.values()).backward()
    assert gradients_missing(model) == []
    assert all(torch.isfinite(p.grad).all() for p in model.parameters())
    for name in ("offsets", "bandwidths", "tracking", "objectness"):
        assert all(p.grad.any() for p in getattr(model.head, name)[-1].parameters()), name


@pytest.mark.parametrize("sample", [video_sample(rectangles((3, 1, LEFT))), empty_sample(1)], ids=["one", "none"])
def test_a_single_frame_is_a_first_one(sample):
    model = build(**VIS)
    losses = model.loss(torch.randn(1, 1, 3, *SIZE), [sample])
    assert losses["loss_track"] == 0
    assert losses["loss_score"] > 0
    sum(losses.values()).backward()
    assert gradients_missing(model) == [], "every process has the same gradients"
    assert all(torch.isfinite(p.grad).all() for p in model.parameters())


def test_a_batch_gives_what_its_samples_give_alone():
    model = lively(**VIS)
    frames, samples = torch.randn(2, 3, 3, *SIZE), [training_sample(), empty_sample(3)]
    together = model.loss(frames, samples)
    alone = [model.loss(frames[b : b + 1], samples[b : b + 1]) for b in range(2)]
    for name, value in together.items():
        share = 0.5 if name == "loss_score" else 1
        torch.testing.assert_close(value, share * (alone[0][name] + alone[1][name]))


@pytest.mark.parametrize("others", [(32, 32), (16, 64), (32, 64)])
def test_a_batch_of_several_sizes_gives_what_its_samples_give_alone(others):
    """Grid, targets and heatmap are those of each sample's own size, whatever the batch is padded to."""
    model = lively(**VIS)

    def features_of_places(frames):  # which do not depend on how far the padding goes
        levels = [torch.nn.functional.avg_pool2d(frames, 4 * 2**i) for i in range(2)]
        return tuple(level.mean(1, keepdim=True).expand(-1, C, -1, -1) for level in levels)

    model.extract_features = features_of_places
    samples = [training_sample(), training_sample(), training_sample()]
    sizes = [SIZE, others, SIZE]
    frames = [torch.randn(1, 3, 3, *size) for size in sizes]
    for sample, size in zip(samples, sizes, strict=True):
        for t in range(3):
            sample[t].set_metainfo(dict(pad_shape=size))
            instances = sample[t].gt_instances
            instances.masks.masks = instances.masks.masks[:, : size[0], : size[1]]
    padded = [max(side) for side in zip(*sizes, strict=True)]
    batch = torch.zeros(3, 3, 3, *padded)
    for b, frame in enumerate(frames):
        batch[b, ..., : sizes[b][0], : sizes[b][1]] = frame
    together = model.loss(batch, samples)
    alone = [model.loss(frame, [sample]) for frame, sample in zip(frames, samples, strict=True)]
    counts = [sum(len(s[t].gt_instances.masks.masks.any((1, 2)).nonzero()[0]) for t in range(3)) for s in samples]
    for name in ("loss_iou", "loss_smooth"):
        expected = sum(one[name] * n for one, n in zip(alone, counts, strict=True)) / sum(counts)
        torch.testing.assert_close(together[name], expected)
    torch.testing.assert_close(together["loss_score"], sum(one["loss_score"] for one in alone) / 3)


def test_several_clips_in_a_sample_are_refused():
    sample = training_sample()
    sample.set_metainfo(dict(num_clips=3))
    with pytest.raises(InputError, match="one clip per sample; set num_clips=1"):
        build().loss(torch.randn(1, 3, 3, *SIZE), [sample])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_mixed_precision_leaves_targets_and_losses_in_full(dtype):
    """At stride 1 the sum of a large mask's coordinates is beyond what half precision holds."""
    model = lively(**VIS, **{"head.stride": 1})
    model.extract_features = lambda frames: (frames.new_zeros(3, C, 80, 96), frames.new_zeros(3, C, 40, 48))
    sample = video_sample(*(rectangles((1, 0, (160, 0, 384, 320)), size=(320, 384)) for _ in range(3)), size=(320, 384))
    frames = torch.zeros(1, 3, 3, 320, 384)
    full = model.loss(frames, [sample])
    with torch.autocast("cpu", dtype=dtype):
        half = model.loss(frames, [sample])
    for name, value in half.items():
        assert value.dtype == torch.float32
        torch.testing.assert_close(value, full[name], rtol=0.05, atol=1e-3)


@torch.no_grad()
def test_mixed_precision_leaves_clustering_in_full():
    mask = box(2, 1, 300, 250, (300, 320))
    frame = says((mask, 0.9, (0.0, 0.0)), size=(300, 320), labels=[1])
    (full,) = told(telling([frame], **VIS), 1, FrameGeometry((300, 320), (300, 320)), (300, 320))
    with torch.autocast("cpu", dtype=torch.float16):
        (half,) = told(telling([frame], **VIS), 1, FrameGeometry((300, 320), (300, 320)), (300, 320))
    np.testing.assert_array_equal(half.scores, full.scores)
    assert_same_detections(half, full)


class Calls(TorchDispatchMode):
    """Counts what is asked of tensors."""

    def __init__(self):
        super().__init__()
        self.number = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.number += 1
        return func(*args, **(kwargs or {}))


@torch.no_grad()
def test_a_step_goes_over_instances_and_never_over_pixels():
    def calls(size: tuple[int, int], columns: int) -> int:
        edge = size[1] // columns
        frame = says(
            *((box(i * edge, 0, (i + 1) * edge, size[0], size), 0.9, (0.0, 0.0)) for i in range(columns)), size=size
        )
        model = telling([frame])
        with Calls() as counted:
            (detections,) = told(model, 1, FrameGeometry((64, 96), (64, 96)), (64, 96))
        assert len(detections.track_ids) == columns
        return counted.number

    assert calls((8, 12), 3) == calls((32, 48), 3)
    assert calls((8, 12), 3) < calls((8, 12), 6)


def shrink_slowly(mask: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    height, width = mask.shape
    return torch.tensor(
        [
            [
                bool(mask[round(j * (height - 1) / (size[0] - 1)), round(i * (width - 1) / (size[1] - 1))])
                for i in range(size[1])
            ]
            for j in range(size[0])
        ]
    )


@pytest.mark.parametrize("size", [(8, 12), (16, 24), (32, 48), (5, 7)])
def test_masks_shrink_to_the_pixels_that_a_map_stands_for(size):
    masks = (torch.rand(2, 3, *SIZE) < 0.5).to(torch.uint8)
    found = shrink(masks, size)
    assert found.dtype == torch.bool
    for g in range(2):
        for t in range(3):
            assert torch.equal(found[g, t], shrink_slowly(masks[g, t], size))
    assert shrink(masks[:0], size).shape == (0, 3, *size)


def test_targets_are_what_a_frame_shows():
    now = torch.stack([box(1, 1, 4, 5), box(0, 0, 0, 0), box(7, 2, 9, 3)])
    before = torch.stack([box(2, 1, 5, 5), box(3, 3, 6, 6), box(0, 0, 0, 0)])
    crowd = box(3, 1, 8, 6)
    found = frame_targets(now, before, torch.tensor([2, 0, 1]), crowd, weight=0.5)
    assert torch.equal(found.known[0], ~crowd | now[0] | now[2]), "pixels of an instance count all the same"
    assert found.weight.tolist() == [0.5]
    assert torch.equal(found.masks, now[[0, 2]])
    assert found.labels.tolist() == [2, 1]
    assert found.was_there.tolist() == [True, False]
    torch.testing.assert_close(found.before[0], centre_of(before[0]))


def test_every_frame_is_trained_with_the_one_before(monkeypatch):
    """What the head sees and the losses are computed from, frame by frame."""
    kept = []

    def spy(*args):
        kept.append(args)
        return dense_losses(*args)

    monkeypatch.setattr(srnet, "dense_losses", spy)
    model, frames = build(iou_loss="dice", centre="predicted"), torch.randn(1, 3, 3, *SIZE)
    model.eval()
    (seen,) = shown_to_head(model, lambda: model.loss(frames, [training_sample()]))
    features, before, heatmaps, size = seen
    assert size == MAP
    assert torch.equal(before, features[-1][[0, 0, 1]]), "the first is before itself"

    moved = (6, 6, 18, 28)
    shown = [[LEFT, RIGHT], [moved], [moved, RIGHT, TOP]]
    small = [torch.stack([shrink_slowly(box(*b, SIZE), MAP) for b in boxes]) for boxes in shown]
    assert torch.equal(heatmaps[0, 0], torch.zeros(MAP))
    for t in (1, 2):
        last = small[t - 1]
        torch.testing.assert_close(heatmaps[t, 0], draw_centres(mass_centres(last), mask_extents(last), MAP))

    ((_, (targets,), extra, count, linked, weights, iou, centre),) = kept
    assert targets.frame.tolist() == [0, 0, 1, 2, 2, 2]
    assert torch.equal(targets.masks, torch.cat(small))
    assert targets.was_there.tolist() == [False, False, True, True, False, False]
    assert targets.labels.tolist() == [1, 2, 1, 1, 2, 0]
    torch.testing.assert_close(targets.before[2], centre_of(small[0][0]))
    torch.testing.assert_close(targets.before[3], centre_of(small[1][0]))
    assert (float(count), float(linked)) == (6, 2)
    assert (extra, weights, iou, centre) == ((0.5, 0.5), model.loss_weights, "dice", "predicted")


@pytest.mark.parametrize("first", [0.0, 0.3, 1.0])
def test_a_samples_first_frame_has_a_weight_of_its_own(first, monkeypatch):
    kept = []
    monkeypatch.setattr(srnet, "dense_losses", lambda *args: kept.append(args) or dense_losses(*args))
    model, frames = lively(first_frame=first, **VIS), torch.randn(2, 3, 3, *SIZE)
    samples = [training_sample(), training_sample()]
    losses = model.loss(frames, samples)
    (((outputs,), (targets,), _, count, linked, *_),) = kept
    weights = [1.0, 1.0] if not first else [first, 1.0, 1.0]
    assert targets.weight.tolist() == pytest.approx(weights * 2)
    assert float(count) == pytest.approx(2 * (2 * first + 1 + 3))
    assert float(linked) == 4
    every = lively(first_frame=1.0, **VIS)
    every.load_state_dict(model.state_dict())
    every.loss(frames, samples)
    frames_of_it = [1, 2, 4, 5] if not first else list(range(6))
    torch.testing.assert_close(outputs.objectness, kept[1][0][0].objectness[frames_of_it])
    torch.testing.assert_close(outputs.offsets, kept[1][0][0].offsets[frames_of_it])
    sum(losses.values()).backward()
    assert gradients_missing(model) == []


def test_where_nothing_is_known_nothing_is_learned():
    """Crowds, void pixels and the border of a moved image are instances that the sample ignores."""
    sample, plain = training_sample(), training_sample()
    region = np.zeros((1, *SIZE), dtype=np.uint8)
    region[:, :, SIZE[1] // 2 :] = 1
    for t in range(3):
        sample[t].ignored_instances = InstanceData(masks=BitmapMasks(region, *SIZE))
    model, frames = lively(**VIS), torch.randn(1, 3, 3, *SIZE)
    kept = []
    with mock.patch.object(srnet, "dense_losses", lambda *args: kept.append(args) or dense_losses(*args)):
        with_region, without = (model.loss(frames, [each]) for each in (sample, plain))
    assert with_region["loss_score"] != without["loss_score"]
    (marked,), (all_known,) = kept[0][1], kept[1][1]
    shrunk = shrink_slowly(torch.from_numpy(region[0]), MAP)
    for t in range(3):
        assert torch.equal(marked.known[t], ~shrunk | marked.masks[marked.frame == t].any(0))
    assert torch.equal(marked.masks, all_known.masks)
    assert all_known.known.all()


def test_instances_are_averaged_over_all_processes(monkeypatch):
    kept = []
    monkeypatch.setattr(srnet, "dense_losses", lambda *args: kept.append(args[3:5]))
    monkeypatch.setattr(srnet, "reduce_mean", lambda counts: (counts + torch.tensor([2.0, 4.0])) / 2)
    build().loss(torch.randn(1, 3, 3, *SIZE), [training_sample()])
    assert [v.item() for v in kept[0]] == [4, 3]


def test_weights_of_the_terms():
    model, frames = lively(**VIS), torch.randn(1, 3, 3, *SIZE)
    weights = dict(iou=2.0, smooth=0.5, track=3.0, score=4.0, category=5.0)
    weighed = lively(loss_weights=weights, **VIS)
    weighed.load_state_dict(model.state_dict())
    plain, found = (m.loss(frames, [training_sample()]) for m in (model, weighed))
    assert found.keys() == {f"loss_{name}" for name in weights}
    for name, value in weights.items():
        torch.testing.assert_close(found[f"loss_{name}"], value * plain[f"loss_{name}"])


@pytest.mark.slow
def test_one_clip_is_learned():
    torch.manual_seed(0)
    model = build(**VIS, **{"head.channels": 32, "head.head_channels": 32, "head.stride": 2}).train()
    frames, sample = torch.randn(1, 3, 3, *SIZE), training_sample()
    assert overfit(model, frames, sample, steps=250, lr=3e-3) < 0.25
    model.eval()
    tracks = tracks_of(model, frames[0], FrameGeometry(SIZE, SIZE))
    found = {(tuple(t.visible.tolist()), int(t.scores.argmax())) for t in tracks}
    stays, first, last, arrives = ((1, 1, 1), 1), ((1, 0, 0), 2), ((0, 0, 1), 2), ((0, 0, 1), 0)
    assert {stays, first, last, arrives} <= {(tuple(map(int, shown)), label) for shown, label in found}
