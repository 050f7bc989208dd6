"""An exported step gives what the model's own step gives, over whole videos."""

import numpy as np
import pytest
import torch
from export_cases import OBJECTS, SIZE, STEPS, model_of, outputs_over, video_for
from mmdet.models.roi_heads.mask_heads.fcn_mask_head import _do_paste_mask

from mmvis_ext.export import SYSTEMS, steps_of
from mmvis_ext.export.pasting import paste
from mmvis_ext.export.steps import FramePreparation, best_slots
from mmvis_ext.models import VideoDataPreprocessor
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.structures.rle import decode


@pytest.mark.parametrize("case", STEPS)
def test_a_step_is_that_of_the_model(case):
    model, frames = model_of(case), video_for(case)
    steps = steps_of(model, SIZE, OBJECTS)
    state, seen = model.init_state(FrameGeometry(SIZE, SIZE)), 0
    for window, found in zip(frames.split(model.window), outputs_over(steps, steps, frames), strict=True):
        expected, state = model.step(steps[0].prepare(window), state)
        places = {k: i for i, k in enumerate(found["track_ids"].tolist()) if k >= 0}
        assert places.keys() == set(expected.track_ids)
        for slot, track_id in enumerate(expected.track_ids):
            place = places[track_id]
            np.testing.assert_allclose(found["scores"][place], expected.scores[slot], atol=1e-5)
            np.testing.assert_allclose(found["boxes"][place], expected.boxes[slot], atol=1e-3)
            if expected.objectness is not None:
                np.testing.assert_allclose(found["objectness"][place], expected.objectness[slot], atol=1e-5)
            assert found["visible"][place].tolist() == expected.visible[slot].tolist()
            for t in expected.visible[slot].nonzero()[0]:
                seen += 1
                if expected.masks is not None:
                    mask = expected.masks[slot][t]
                    full = np.zeros(SIZE, bool) if mask is None else decode([mask], *SIZE)[0].astype(bool)
                    assert (full != (found["masks"][place, t] > 0.5).numpy()).mean() < 2e-3
    assert seen > 3


def test_every_system_is_tried():
    assert {type(model_of(case)) for case in STEPS} == set(SYSTEMS)


def test_only_the_best_objects_are_kept():
    scores = torch.tensor([0.1, 0.9, 0.3, 0.7]).view(4, 1, 1).expand(4, 2, 3)
    assert best_slots(scores, 2).tolist() == [1, 3], "in the order of the slots"
    assert best_slots(scores, 9).tolist() == [0, 1, 2, 3]
    model = model_of("inspro")
    (few,), (all_of_them,) = steps_of(model, SIZE, 2), steps_of(model, SIZE, OBJECTS)
    (found,), (whole,) = (outputs_over([s], [s], video_for("inspro")[:1]) for s in (few, all_of_them))
    best = whole["scores"].amax((1, 2)).sort(descending=True).indices[:2].sort().values
    assert torch.equal(found["track_ids"], best)
    torch.testing.assert_close(found["masks"], whole["masks"][best])


@pytest.mark.parametrize("bgr_to_rgb", [True, False])
def test_frames_are_prepared_as_the_preprocessor_does(bgr_to_rgb):
    preprocessor = VideoDataPreprocessor(
        mean=[10.0, 20.0, 30.0], std=[2.0, 3.0, 4.0], pad_size_divisor=16, bgr_to_rgb=bgr_to_rgb
    )
    frames = torch.randint(0, 256, (2, *SIZE, 3), dtype=torch.uint8)
    bgr = frames.flip(-1).permute(0, 3, 1, 2)
    expected = preprocessor(dict(inputs=[bgr], data_samples=None))["inputs"][0]
    assert torch.equal(FramePreparation(preprocessor, SIZE)(frames), expected)


def test_masks_are_pasted_as_mmdet_does():
    masks, low = torch.rand(6, 7, 7), torch.tensor([[-9.0, -5], [3, 2], [10.5, 7.25], [30, 20], [0, 0], [41, 26]])
    boxes = torch.cat([low, low + torch.tensor([[20.0, 18], [30, 20], [4, 9.5], [30, 30], [45, 29], [1, 2]])], dim=1)
    expected, _ = _do_paste_mask(masks[:, None], boxes, *SIZE, skip_empty=False)
    torch.testing.assert_close(paste(masks, boxes, SIZE), expected, atol=1e-4, rtol=0)
