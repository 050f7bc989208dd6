import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from mmvis_ext.shapes_vis import PRESETS, SceneConfig, describe, render, sample_scene
from mmvis_ext.shapes_vis.truth import _run_lengths


@given(st.integers(1, 7), st.integers(1, 7), st.integers(0, 2**32 - 1))
def test_run_lengths_are_what_pycocotools_reads(height, width, seed):
    mask = np.random.default_rng(seed).random((height, width)) < 0.5
    rle = coco_mask.frPyObjects(dict(size=[height, width], counts=_run_lengths(mask)), height, width)
    np.testing.assert_array_equal(coco_mask.decode(rle), mask)


def test_truth_says_what_the_masks_show():
    config = PRESETS["tiny"].knobs("train")[2]
    scene = sample_scene(config, 5)
    rendered = render(scene)
    video = describe("some", scene, rendered)
    assert (video.height, video.width, video.length) == rendered.frames.shape[1:3] + rendered.frames.shape[:1]
    assert set(video.traits) == scene.traits
    for k, (track, masks, areas) in enumerate(zip(video.tracks, rendered.masks, rendered.areas, strict=True)):
        assert track.label == scene.actors[k].look.label
        for t, mask in enumerate(masks):
            np.testing.assert_array_equal(video.index_map(t) == k + 1, mask)
            if not mask.any():
                assert track.counts[t] is track.boxes[t] is track.areas[t] is track.hidden[t] is None
                continue
            rle = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
            assert track.boxes[t] == coco_mask.toBbox(rle).tolist()
            assert track.areas[t] == coco_mask.area(rle)
            assert track.hidden[t] == 1 - mask.sum() / areas[t]


def test_an_object_that_is_never_seen_has_no_track():
    bar = SceneConfig(height=48, width=48, length=(1, 1), objects=(3, 3), size=(8, 8), speed=(0.0, 0.0), occluder=1.0)
    counts = set()
    for seed in range(60):
        scene = sample_scene(bar, seed)
        rendered = render(scene)
        video = describe("some", scene, rendered)
        assert len(video.tracks) == rendered.masks.any(axis=(1, 2, 3)).sum()
        assert video.index_map(0).max() == len(video.tracks)
        counts.add(len(video.tracks))
    assert min(counts) < 3
