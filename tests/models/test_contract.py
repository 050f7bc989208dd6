"""What every registered video model must do; a new one is tried by its entry in ``small_model.CASES``."""

import copy
from itertools import pairwise

import numpy as np
import pytest
import torch
from mmengine.config import Config
from small_model import CASES, VARIANTS, empty_sample, rectangles, video_sample
from streamed import assert_same_detections, assert_same_tracks, streamed, tracks_of
from torch.utils._pytree import tree_leaves
from toy_system import ToyQueries

from mmvis_ext.engine import BFloat16OptimWrapper
from mmvis_ext.models import VideoModel
from mmvis_ext.models.for_test import lower_weights, prepared_for_test
from mmvis_ext.registry import MODELS
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.utils.errors import InputError

LENGTH = 5
BREAKS_THE_GRAPH = {"mask2former-vis"}  # mmdet's decoder looks at its attention masks
COMPILED = ["inspro-lite", "srnet with classes"]  # to the end, which takes long
SAME_TENSOR_PART = {"efficientvis, linked by hand"}  # as that of another case
EVERY = pytest.mark.parametrize("case", CASES)
EVERY_STEP = pytest.mark.parametrize("case", CASES | VARIANTS)


def size_of(case: str) -> tuple[int, int]:
    return (64, 96) if case.startswith("mask") else (32, 48)


def geometry_of(case: str) -> FrameGeometry:
    height, width = size_of(case)
    return FrameGeometry(original=(2 * height, 2 * width), resized=(height, width))


def build(case: str, cfg: Config | None = None) -> VideoModel:
    model = MODELS.build(cfg or (CASES | VARIANTS)[case]())
    model.init_weights()
    return model


def lively(case: str) -> VideoModel:
    """In test mode, with weights so far from their start that frames differ."""
    model = build(case).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if not name.startswith(("backbone", "neck", "detector.backbone", "detector.neck")):
                parameter += 0.1 * torch.randn_like(parameter)
            if name.endswith("bias") and (model.is_classifier(name) or ".objectness." in name):
                parameter.fill_(".objectness." in name)  # scores start low
    return model


def video(case: str, length: int = LENGTH) -> torch.Tensor:
    """Frames that change little by little."""
    return 2 * torch.randn(1, 3, *size_of(case)) + 0.5 * torch.randn(length, 3, *size_of(case))


def training_sample(case: str):
    """Two frames of two objects, one of which comes with the second."""
    first, second = (0, 1, (4, 6, 22, 28)), (7, 2, (26, 4, 44, 20))
    return video_sample(
        rectangles(first, size=size_of(case)), rectangles(first, second, size=size_of(case)), size=size_of(case)
    )


def test_every_registered_model_is_tried():
    registered = {
        kind for kind in MODELS.module_dict.values() if isinstance(kind, type) and issubclass(kind, VideoModel)
    }
    assert {type(build(case)) for case in CASES} == registered
    assert ToyQueries in registered, "and one that is none of the project's"


@EVERY
def test_it_says_what_callers_need(case):
    model, cfg = build(case), CASES[case]()
    assert model.window >= 1
    assert model.num_classes >= 1
    assert model.parts.keys() == {"backbone", "neck", "mask"}
    for path in (path for paths in model.parts.values() for path in paths):
        owner, _, method = path.rpartition(".")
        assert (path == "neck.forward" and model.neck is None) or callable(
            getattr(model.get_submodule(owner), method)
        ), path
    MODELS.build(cfg)
    assert cfg.to_dict() == CASES[case]().to_dict(), "building leaves the config as it is"


@EVERY
def test_the_classifier_is_what_depends_on_the_number_of_classes(case):
    cfg = CASES[case]()
    more = copy.deepcopy(cfg)
    change_classes(more, 2)
    one, other = build(case, cfg), build(case, more)
    shapes, others = ({k: v.shape for k, v in m.state_dict().items()} for m in (one, other))
    assert shapes.keys() == others.keys()
    assert {k for k in shapes if one.is_classifier(k)} == {k for k in shapes if shapes[k] != others[k]}
    if "num_classes" in str(cfg):
        assert other.num_classes == one.num_classes + 2
        assert any(map(one.is_classifier, shapes))


def change_classes(node: dict, more: int) -> None:
    """Add classes wherever a config names their number."""
    for key, value in node.items():
        if key == "num_classes" and value is not None:
            node[key] = value + more
        elif key == "class_weight":
            node[key] = [1.0] * more + list(value)
        elif isinstance(value, dict):
            change_classes(value, more)


@EVERY_STEP
def test_streamed_equals_whole(case):
    model, frames = lively(case), video(case)
    whole = tracks_of(model, frames, geometry_of(case))
    assert_same_tracks(streamed(model, frames, geometry_of(case)), whole)
    assert any(track.visible.sum() > 1 for track in whole), "something is linked"


@EVERY
def test_videos_of_a_batch_are_those_alone(case):
    model, videos = lively(case), torch.stack([video(case), video(case)])
    samples = [empty_sample(LENGTH, size_of(case)) for _ in videos]
    together = [sample.pred_tracks for sample in model.predict(videos, samples)]
    for frames, tracks in zip(videos, together, strict=True):
        (alone,) = model.predict(frames[None], [empty_sample(LENGTH, size_of(case))])
        assert_same_tracks(tracks, alone.pred_tracks)
    assert [len(tracks) for tracks in together] != [0, 0]


@EVERY_STEP
def test_a_step_changes_neither_its_frames_nor_its_state(case):
    model, frames = lively(case), video(case, 2 * min(lively(case).window, LENGTH))
    first, second = frames.chunk(2)
    _, state = model.step(first, model.init_state(geometry_of(case)))
    kept, before = second.clone(), copy.deepcopy(state)
    once, after = model.step(second, state)
    again, _ = model.step(second, before)
    assert torch.equal(second, kept)
    assert_same_detections(once, again)
    assert type(after) is type(state)
    leaves, others = (tree_leaves(vars(s), is_leaf=torch.is_tensor) for s in (state, before))
    assert all(
        torch.equal(a, b) if torch.is_tensor(a) else str(a) == str(b) for a, b in zip(leaves, others, strict=True)
    )


@EVERY
def test_it_runs_in_half_precision(case):
    model, geometry = lively(case), geometry_of(case)
    whole, _ = model.step(video(case)[: model.window], model.init_state(geometry))
    with torch.autocast("cpu", torch.bfloat16):
        features = model.extract_features(video(case)[:1])[0]
        half, _ = model.step(video(case)[: model.window], model.init_state(geometry))
    assert features.dtype == torch.bfloat16
    assert np.isfinite(half.scores).all()
    assert half.scores.dtype == whole.scores.dtype


@EVERY
def test_weights_in_half_precision_give_the_same(case):
    torch.manual_seed(0)
    model, geometry, frames = lively(case), geometry_of(case), video(case)
    with torch.autocast("cpu", torch.bfloat16):
        detections, _ = model.step(frames[: model.window], model.init_state(geometry))
    assert lower_weights(model, torch.bfloat16)
    with torch.autocast("cpu", torch.bfloat16):
        again, _ = model.step(frames[: model.window], model.init_state(geometry))
    assert_same_detections(again, detections)


@EVERY
def test_prepared_for_test_it_gives_the_same_but_for_rounding(case):
    torch.manual_seed(0)
    model, geometry, frames = lively(case), geometry_of(case), video(case)
    before, modules = copy.deepcopy(model.state_dict()), list(model.modules())
    detections, _ = model.step(frames[: model.window], model.init_state(geometry))
    with prepared_for_test(model):
        assert list(model.modules()) != modules
        again, _ = model.step(frames[: model.window], model.init_state(geometry))
    assert again.track_ids == detections.track_ids
    np.testing.assert_allclose(again.scores, detections.scores, atol=1e-4)
    np.testing.assert_allclose(again.boxes, detections.boxes, atol=0.02)
    assert list(model.modules()) == modules
    after = model.state_dict()
    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], weight) for name, weight in before.items())


@EVERY
def test_it_learns_in_half_precision(case):
    torch.manual_seed(0)
    model = build(case).train()
    frames, sample = video(case, 2)[None], training_sample(case)
    wrapper = BFloat16OptimWrapper(optimizer=torch.optim.SGD(model.parameters(), lr=1e-3))
    torch.manual_seed(1)
    whole = model.loss(frames, [sample])
    torch.manual_seed(1)
    with wrapper.optim_context(model):
        half = model.loss(frames, [sample])
    assert half.keys() == whole.keys()
    total, other = (sum(value for name, value in losses.items() if "loss" in name) for losses in (whole, half))
    assert float(other) == pytest.approx(float(total), rel=0.1)
    wrapper.update_params(other)
    assert all(p.dtype == torch.float32 and p.isfinite().all() for p in model.parameters())
    assert not torch.is_autocast_enabled("cpu")


@EVERY
def test_detections_have_a_place_for_every_frame_and_class(case):
    model, frames = lively(case), video(case, 2)
    window = frames[: min(model.window, 2)]
    detections, _ = model.step(window, model.init_state(geometry_of(case)))
    assert detections.scores.shape == (len(detections.track_ids), len(window), model.num_classes)
    assert detections.boxes.shape[1:] == (len(window), 4)
    assert ((detections.scores >= 0) & (detections.scores <= 1)).all()
    height, width = geometry_of(case).original
    for mask in (mask for row in detections.masks or () for mask in row if mask is not None):
        assert mask["size"] == [height, width]
    assert np.isfinite(detections.boxes).all()


@EVERY
def test_losses_are_finite_and_leave_their_inputs_alone(case):
    model, frames, sample = build(case).train(), video(case, 2), training_sample(case)
    kept, before = frames.clone(), copy.deepcopy(sample)
    total = sum(value for name, value in model.loss(frames[None], [sample]).items() if "loss" in name)
    assert torch.isfinite(total)
    total.backward()
    assert torch.equal(frames, kept)
    assert sample.metainfo == before.metainfo
    for frame, other in zip(sample.video_data_samples, before.video_data_samples, strict=True):
        assert frame.metainfo == other.metainfo
        assert set(frame.keys()) == set(other.keys())
        found, truth = frame.gt_instances, other.gt_instances
        assert set(found.keys()) == set(truth.keys())
        assert all(torch.equal(found[key], truth[key]) for key in ("bboxes", "labels", "instances_ids"))
        assert np.array_equal(found.masks.masks, truth.masks.masks)


@EVERY
def test_a_model_that_learns_from_one_number_of_frames_says_so(case):
    model = build(case).train()
    if model.sample_length is not None:
        assert model.sample_length == 2, "as the samples here"
        with pytest.raises(InputError, match=r"the samples have 3 frames"):
            model.loss(video(case, 3)[None], [empty_sample(3, size_of(case))])


@EVERY
def test_samples_without_objects_are_learned_from_too(case):
    model = build(case).train()
    losses = model.loss(video(case, 2)[None], [empty_sample(2, size_of(case))])
    total = sum(value for name, value in losses.items() if "loss" in name)
    assert torch.isfinite(total)
    total.backward()
    learned = [p for p in model.parameters() if p.grad is not None and p.grad.abs().sum() > 0]
    assert learned, "background is learned"
    assert all(torch.isfinite(p.grad).all() for p in learned)


@EVERY
@pytest.mark.usefixtures("static", "no_empty_launches")
def test_where_there_is_nothing_no_kernel_is_started_for_it(case):
    model, frames, (first, second) = build(case).train(), video(case, 2), training_sample(case).video_data_samples
    nothing = rectangles(size=size_of(case))
    comes = video_sample(nothing, second.gt_instances, size=size_of(case))
    goes = video_sample(first.gt_instances, nothing, size=size_of(case))
    for sample in (empty_sample(2, size_of(case)), comes, goes):
        losses = model.loss(frames[None], [sample])
        sum(value for name, value in losses.items() if "loss" in name).backward()
    model.eval()
    for parameter in model.parameters():
        parameter.data.fill_(-1e-3)  # most models find nothing then
    tracks_of(model, frames, geometry_of(case))


@pytest.mark.parametrize("case", sorted(CASES.keys() - SAME_TENSOR_PART - set(COMPILED)))
def test_the_tensor_part_is_one_graph(case):
    compiled_equals_eager(case, backend="aot_eager", fullgraph=case not in BREAKS_THE_GRAPH)


@pytest.mark.slow
@pytest.mark.parametrize("case", COMPILED)
def test_the_tensor_part_compiles_as_the_benchmark_compiles_it(case):
    compiled_equals_eager(case, dynamic=False, fullgraph=True)


@torch.no_grad()
def compiled_equals_eager(case: str, **options) -> None:
    model, calls = lively(case), []
    network = model.forward_window

    def spy(*args):
        calls.append(args)
        return network(*args)

    vars(model)["forward_window"] = spy
    state = model.init_state(geometry_of(case))
    for window in video(case, 2 * min(model.window, 2)).chunk(2):
        _, state = model.step(window, state)
    compiled = torch.compile(network, **options)
    for args in calls:
        expected, found = (tree_leaves(run(*args)) for run in (network, compiled))
        for a, b in zip(expected, found, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-3)
    assert all(len(one) == len(other) for one, other in pairwise(calls)), "with the same arguments in every step"


@EVERY
def test_the_number_of_places_is_that_of_the_queries(case):
    """Models that follow objects in a fixed number of places say how many these are."""
    model = build(case)
    places = dict.fromkeys(("EfficientVIS", "InsPro", "InsProLite", "VisTR"), "head")
    places["Mask2FormerVISBaseline"] = "track_head"
    part = places.get(type(model).__name__)
    assert model.slots == (None if part is None else getattr(model, part).num_queries)
