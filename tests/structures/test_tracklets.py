"""Ground-truth tracklets out of per-frame instances."""

import copy

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import HorizontalBoxes
from mmdet.structures.mask import BitmapMasks
from mmengine.structures import InstanceData

from mmvis_ext.structures.tracklets import Tracklets, shown_instances

SIZE, PADDED = (6, 8), (8, 12)
# frames of (track id, label): 7 before 0 in time, 0 is an id like any other, 5 appears once, frame 2 is empty
SHOWN = [[(7, 2)], [(0, 1), (7, 2)], [], [(7, 2), (5, 0), (0, 1)]]


def frames(shown=SHOWN, box_type=torch.as_tensor) -> list[DetDataSample]:
    rng = np.random.default_rng(0)
    out = []
    for frame in shown:
        n = len(frame)
        instances = InstanceData(
            bboxes=box_type(torch.from_numpy(rng.random((n, 4), dtype=np.float32))),
            labels=torch.tensor([label for _, label in frame], dtype=torch.int64),
            instances_ids=torch.tensor([i for i, _ in frame], dtype=torch.int32),
            masks=BitmapMasks(rng.integers(0, 2, (n, *SIZE), dtype=np.uint8), *SIZE),
        )
        out.append(DetDataSample(gt_instances=instances))
    return out


@pytest.mark.parametrize("box_type", [torch.as_tensor, HorizontalBoxes])
def test_every_instance_lands_at_its_track_and_frame(box_type):
    samples = frames(box_type=box_type)
    tracklets = Tracklets.from_frames(samples, PADDED, "cpu")
    assert tracklets.ids.tolist() == [7, 0, 5]
    assert tracklets.labels.tolist() == [2, 1, 0]
    for g, track_id in enumerate(tracklets.ids.tolist()):
        for t, sample in enumerate(samples):
            here = sample.gt_instances
            rows = [i for i, k in enumerate(here.instances_ids.tolist()) if k == track_id]
            assert tracklets.visible[g, t] == bool(rows)
            box, mask = torch.zeros(4), torch.zeros(PADDED, dtype=torch.uint8)
            if rows:
                boxes = here.bboxes.tensor if box_type is HorizontalBoxes else here.bboxes
                box = boxes[rows[0]]
                mask[: SIZE[0], : SIZE[1]] = torch.from_numpy(here.masks.masks[rows[0]])
            assert torch.equal(tracklets.boxes[g, t], box)
            assert torch.equal(tracklets.masks[g, t], mask)


def test_frames_are_not_changed():
    samples = frames()
    before = copy.deepcopy(samples)
    Tracklets.from_frames(samples, PADDED, "cpu").masks.fill_(3)
    for a, b in zip(samples, before, strict=True):
        assert torch.equal(a.gt_instances.bboxes, b.gt_instances.bboxes)
        assert np.array_equal(a.gt_instances.masks.masks, b.gt_instances.masks.masks)


@pytest.mark.parametrize("shown", [SHOWN, [[], []]])
def test_boxes_alone_have_masks_without_pixels(shown):
    with_masks = Tracklets.from_frames(frames(shown), PADDED, "cpu")
    samples = frames(shown)
    for sample in samples:
        del sample.gt_instances.masks
    tracklets = Tracklets.from_frames(samples, PADDED, "cpu")
    assert tracklets.masks.shape == (len(with_masks), len(shown), 0, 0)
    assert tracklets.masks.dtype == torch.uint8
    for name in ("boxes", "visible", "labels", "ids"):
        assert torch.equal(getattr(tracklets, name), getattr(with_masks, name))
    some = tracklets[torch.arange(len(tracklets)) > 0].frames(1, 2)
    assert some.masks.shape == (max(len(tracklets) - 1, 0), 1, 0, 0)


def test_frames_without_any_object_give_no_tracklets():
    tracklets = Tracklets.from_frames(frames([[], []]), PADDED, "cpu")
    assert len(tracklets) == 0
    assert tracklets.masks.shape == (0, 2, *PADDED)
    assert tracklets.labels.dtype == tracklets.ids.dtype == torch.int64


def test_a_window_keeps_the_tracks_that_are_absent_there():
    whole = Tracklets.from_frames(frames(), PADDED, "cpu")
    window = whole.frames(1, 3)
    assert torch.equal(window.visible, whole.visible[:, 1:3])
    assert torch.equal(window.boxes, whole.boxes[:, 1:3])
    assert torch.equal(window.masks, whole.masks[:, 1:3])
    assert window.ids.tolist() == [7, 0, 5]


@pytest.mark.parametrize("index", [torch.tensor([2, 0]), torch.tensor([True, False, True])])
def test_tracklets_are_selected_together(index):
    whole = Tracklets.from_frames(frames(), PADDED, "cpu")
    some = whole[index]
    for name in ("boxes", "masks", "visible", "labels", "ids"):
        assert torch.equal(getattr(some, name), getattr(whole, name)[index])
    assert len(some) == 2


@pytest.mark.parametrize("name", ["boxes", "masks", "labels", "ids"])
def test_fields_must_agree_in_number(name):
    parts = vars(Tracklets.from_frames(frames(), PADDED, "cpu"))
    parts[name] = parts[name][:-1]
    with pytest.raises(ValueError, match=r"Tracklets of G=3, T=4 got"):
        Tracklets(**parts)


@pytest.mark.parametrize("name", ["boxes", "masks"])
def test_fields_must_agree_in_length(name):
    parts = vars(Tracklets.from_frames(frames(), PADDED, "cpu"))
    parts[name] = parts[name][:, :-1]
    with pytest.raises(ValueError, match=r"Tracklets of G=3, T=4 got"):
        Tracklets(**parts)


def test_objects_of_which_nothing_is_left_are_absent():
    samples = frames([[(7, 2), (0, 1)], [(7, 2), (0, 1)]])
    samples[0].gt_instances.masks.masks[0] = 0  # 7 is gone from frame 0, 0 from both
    for sample in samples:
        sample.gt_instances.masks.masks[1] = 0
    tracklets = Tracklets.from_frames(samples, PADDED, "cpu")
    assert tracklets.ids.tolist() == [7]
    assert tracklets.visible.tolist() == [[False, True]]
    assert not tracklets.boxes[0, 0].any()
    assert tracklets.boxes[0, 1].any()


@pytest.mark.parametrize("with_masks", [True, False])
@pytest.mark.parametrize("box_type", [torch.as_tensor, HorizontalBoxes])
def test_instances_without_a_pixel_are_not_shown(with_masks, box_type):
    masks = np.zeros((4, *SIZE), np.uint8)
    masks[0, 1:3, 2:5], masks[2, 5, 7] = 1, 1
    boxes = torch.tensor([[2, 1, 5, 3], [0, 0, 0, 0], [7, 5, 8, 6], [3, 4, 3, 6]], dtype=torch.float32)
    instances = InstanceData(bboxes=box_type(boxes), labels=torch.arange(4), masks=BitmapMasks(masks, *SIZE))
    if not with_masks:
        del instances.masks
    assert shown_instances(instances).labels.tolist() == [0, 2]
    nothing = shown_instances(instances[torch.tensor([1, 3])])
    assert nothing.bboxes.shape == (0, 4)
    assert not with_masks or nothing.masks.masks.shape == (0, *SIZE)
