"""The track queries of the next frame in training: kept by overlap, dropped and falsified at random, as in MOTR."""

import pytest
import torch
from mmdet.structures import DetDataSample
from small_model import SIZE, inspro_cfg, rectangles, video_sample

from mmvis_ext.models.inspro.track_and_detect import TrackQueries
from mmvis_ext.models.inspro.track_queries import NOBODY, TrackSelection, sample_generator
from mmvis_ext.models.matching import Matches
from mmvis_ext.registry import MODELS
from mmvis_ext.structures.tracklets import Tracklets

ALL = TrackSelection(min_iou=0.0, drop=0.0, false_positives=0.0)
NONE = Matches(torch.zeros(0, dtype=torch.int64), torch.zeros(0, dtype=torch.int64))


def truth(*boxes, visible=None) -> Tracklets:
    """Ground truths of one frame, without masks."""
    g = len(boxes)
    shown = torch.tensor([True] * g if visible is None else visible)[:, None]
    corners = torch.tensor(boxes, dtype=torch.float32).view(g, 1, 4)
    return Tracklets(corners, torch.zeros(g, 1, 0, 0, dtype=torch.uint8), shown, torch.zeros(g, dtype=torch.int64),
                     torch.arange(g))  # fmt: skip


def matched(*pairs) -> Matches:
    return Matches(*(torch.tensor([pair[i] for pair in pairs], dtype=torch.int64) for i in (0, 1)))


def column(*lefts: float) -> torch.Tensor:
    """Boxes of 10x10 pixels that begin at these x."""
    return torch.tensor([[x, 0, x + 10, 10] for x in lefts], dtype=torch.float32)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_what_is_matched_or_out_of_sight_is_followed():
    # two detect queries and three track queries, which follow objects 0, nobody and 2; object 2 is out of sight
    boxes, frame = column(0, 20, 40, 60, 80), truth(*column(40, 0, 0).tolist(), visible=[True, True, False])
    found = ALL(boxes, [0, NOBODY, 2], matched((2, 0), (0, 1)), frame, generator())
    assert found.slots == [0, 2, 4]
    assert found.objects == [1, 0, 2]


def test_a_track_query_that_followed_nobody_may_find_an_object():
    found = ALL(column(0, 20), [NOBODY], matched((1, 0)), truth(*column(20).tolist()), generator())
    assert (found.slots, found.objects) == ([1], [0])


@pytest.mark.parametrize(("shift", "kept"), [(3.0, True), (3.4, False)])
def test_a_box_that_overlaps_too_little_is_not_followed(shift, kept):
    """10x10 boxes that are 10/3 pixels apart overlap by half of their union."""
    selection = TrackSelection(drop=0.0, false_positives=0.0)
    found = selection(column(shift, 50), [], matched((0, 0)), truth(*column(0).tolist()), generator())
    assert found.slots == ([0] if kept else [])


def test_drops_and_false_positives_are_as_frequent_as_they_should_be():
    boxes, frame, numbers = column(0, 1, 100, 300), truth(*column(0).tolist()), generator()
    dropped = false = 0
    for _ in range(2000):
        found = TrackSelection()(boxes, [], matched((0, 0)), frame, numbers)
        dropped += 0 not in found.slots
        false += 1 in found.slots
        assert set(found.slots) <= {0, 1}, "slot 1 is the one that overlaps most with slot 0"
        assert all(g == (0 if slot == 0 else NOBODY) for slot, g in zip(*found, strict=True))
    assert abs(dropped / 2000 - 0.1) < 0.02
    assert abs(false / 2000 - 0.9 * 0.3) < 0.03


def test_false_positives_are_slots_without_an_object():
    selection = TrackSelection(min_iou=0.0, drop=0.0, false_positives=1.0)
    boxes, objects = column(0, 1, 50, 51, 200), truth(*column(0, 50).tolist())
    found = selection(boxes, [], matched((0, 0), (2, 1)), objects, generator())
    assert (found.slots, found.objects) == ([0, 1, 2, 3], [0, NOBODY, 1, NOBODY])
    one_free = selection(boxes[:3], [], matched((0, 0), (2, 1)), objects, generator())
    assert one_free.slots == [0, 1, 2], "all free slots, as there are no more of them than false ones to find"
    assert selection(boxes, [], NONE, truth(), generator()).slots == []


@pytest.mark.parametrize("setting", ["min_iou", "drop", "false_positives"])
def test_settings_are_shares(setting):
    with pytest.raises(ValueError, match=f"TrackSelection: {setting}=1.5 must be in"):
        TrackSelection(**{setting: 1.5})


def test_random_numbers_depend_on_the_sample_alone():
    def first(*numbers: int) -> float:
        frames = [DetDataSample(metainfo=dict(video_id=3, frame_id=number)) for number in numbers]
        return torch.rand(1, generator=sample_generator(frames)).item()

    assert first(1, 5, 9) == first(1, 5, 9)
    assert len({first(1, 5, 9), first(1, 5, 8), first(2, 5, 9)}) == 3


def test_the_setting_of_motr_is_the_default():
    model = MODELS.build(inspro_cfg(type="InsProTrackAndDetect", **{"head.bank_length": 1}))
    assert (model.birth_score, model.keep_score, model.patience) == (0.7, 0.6, 5)
    assert model.selection == TrackSelection(min_iou=0.5, drop=0.1, false_positives=0.3)


def test_an_object_that_was_dropped_is_found_anew():
    """With every track dropped, each frame is trained as a first one."""
    cfg = inspro_cfg(type="InsProTrackAndDetect", selection=dict(drop=1.0), **{"head.bank_length": 1})
    model = MODELS.build(cfg)
    model.init_weights()
    model.eval()  # so that the backbone normalises each frame alike
    sizes = []
    cat = TrackQueries.of
    frames = torch.randn(1, 3, 3, *SIZE)
    sample = video_sample(*[rectangles((3, 1, (2, 6, 14, 28)))] * 3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TrackQueries, "of", lambda carried, slots: sizes.append(len(slots)) or cat(carried, slots))
        dropped = model.loss(frames, [sample])
    assert sizes == [0, 0, 0]
    alone = [model.loss(frames[:, t : t + 1], [video_sample(rectangles((3, 1, (2, 6, 14, 28))))]) for t in range(3)]
    for name, value in dropped.items():
        torch.testing.assert_close(value, sum(one[name] for one in alone) / 3)
