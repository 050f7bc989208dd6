"""Pictures and masks agree to the pixel, on every machine."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmvis_ext.shapes_vis import MIN_VISIBLE, PRESETS, TRAITS, SceneConfig, render, sample_scene
from mmvis_ext.shapes_vis.backdrop import backdrop
from mmvis_ext.shapes_vis.looks import COLOURS, SECOND_COLOURS, SHAPES
from mmvis_ext.shapes_vis.scene import UNIT
from mmvis_ext.utils.dice import Dice

SMALL = SceneConfig(height=32, width=40, length=(5, 7), objects=(3, 4), size=(10, 20), pan_speed=(0.5, 3.0))

# Digests of pixels, not of files: they hold for every version of numpy and Pillow.
DIGESTS = {
    "tiny": "12acc180207cfb12",
    "mini": "d7d11264a02d91e7",
    "study-scale": "b36f7c19e4bcde8a",
    "study-fast": "9ddaaca74d3a1568",
}


@pytest.mark.parametrize("name", DIGESTS)
def test_pixels_are_the_ones_they_have_always_been(name):
    scene = sample_scene(PRESETS[name].knobs("val")[0], (0, 1, 0))
    rendered = render(scene, range(5))
    digest = hashlib.sha256(rendered.frames.tobytes() + rendered.masks.tobytes()).hexdigest()[:16]
    assert digest == DIGESTS[name]


def test_a_camouflaged_object_wears_the_backdrop_and_takes_it_along():
    plain = replace(SMALL, spin=0.0, pan=0.0, speed=(3.0, 3.0), objects=(1, 1))
    scene, usual = sample_scene(replace(plain, camouflage=1.0), 5), sample_scene(plain, 5)
    assert np.array_equal(scene.actors[0].centre, usual.actors[0].centre)
    assert usual.actors[0].look == replace(scene.actors[0].look, pattern=usual.actors[0].look.pattern, origin=(0, 0))
    canvas = backdrop(Dice(*scene.backdrop_key), scene.height, scene.width)
    known = {tuple(colour) for colour in canvas.reshape(-1, 3).tolist()}
    frames, *_ = render(scene)
    assert {tuple(colour) for colour in frames.reshape(-1, 3).tolist()} <= known
    assert not np.array_equal(frames[0], canvas[: scene.height, : scene.width])
    # an object that moves by whole pixels and does not turn shows the same pixels again
    still = dict(step=np.zeros((2, 2), int), angle=np.zeros(2, int), spin=0)
    actor = replace(scene.actors[0], centre=np.array([[20, 16], [23, 18]]) * UNIT, **still)
    frames, masks, _ = render(replace(scene, length=2, actors=(actor,)))
    assert np.array_equal(frames[0][masks[0, 0]], frames[1][masks[0, 1]])


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    chances=st.fixed_dictionaries({name: st.sampled_from([0.0, 0.5, 1.0]) for name in TRAITS}),
    frame_step=st.integers(1, 8),
    speed=st.floats(0.0, 60.0),
)
def test_any_scene_is_sound(seed, chances, frame_step, speed):
    config = replace(SMALL, frame_step=frame_step, speed=(0.0, speed), **chances)
    scene = sample_scene(config, seed)
    rendered = render(scene)
    n, length = len(scene.actors), scene.length
    assert rendered.frames.shape == (length, 32, 40, 3)
    assert rendered.frames.dtype == np.uint8
    assert rendered.masks.shape == (n, length, 32, 40)
    assert rendered.masks.sum(axis=0).max() <= 1
    seen = rendered.masks.sum(axis=(2, 3))
    assert (seen <= rendered.areas).all()
    assert ((seen == 0) | (seen >= MIN_VISIBLE)).all()
    assert sorted(scene.depth) == list(range(n))
    again = render(sample_scene(config, seed))
    np.testing.assert_array_equal(rendered.frames, again.frames)
    np.testing.assert_array_equal(rendered.masks, again.masks)


def test_a_pixel_has_its_owners_colour_and_the_background_nobodys():
    config = replace(SMALL, crossing=1.0, enter_leave=1.0, scale=1.0, deform=1.0)
    palette = np.array(SECOND_COLOURS)
    for seed in range(10):
        scene = sample_scene(config, seed)
        rendered = render(scene)
        for actor, masks in zip(scene.actors, rendered.masks, strict=True):
            colours = {tuple(c) for c in rendered.frames[masks].tolist()}
            assert colours <= set(actor.look.colours)
        whole = rendered.masks.sum(axis=(2, 3)).sum(axis=0) == (rendered.areas > 0).sum(axis=0)
        background = rendered.frames[~rendered.masks.any(axis=0) & whole[:, None, None]]
        assert not (background[:, None] == palette).all(axis=-1).any()


def test_objects_stand_out():
    def saturation(pixels: np.ndarray) -> np.ndarray:
        return np.ptp(pixels.astype(int), axis=-1)

    assert saturation(np.array(COLOURS)).min() > 130
    for i, config in enumerate(PRESETS["mini"].knobs("val")[:10]):
        rendered = render(sample_scene(config, (0, 1, i)), [0])
        assert saturation(rendered.frames[~rendered.masks.any(axis=0)]).mean() < 60


def test_the_foremost_object_is_whole():
    for seed in range(10):
        scene = sample_scene(replace(SMALL, crossing=1.0), seed)
        rendered = render(scene)
        front = scene.depth[-1]
        np.testing.assert_array_equal(rendered.masks[front].sum(axis=(1, 2)), rendered.areas[front])


def test_all_classes_and_patterns_occur_and_fill_their_size():
    config = SceneConfig(height=64, width=64, length=(1, 1), objects=(1, 1), size=(32, 32), spin=0.0)
    filled: dict[str, set[float]] = {}
    patterns = set()
    for seed in range(150):
        scene = sample_scene(config, seed)
        look = scene.actors[0].look
        patterns.add(look.pattern)
        filled.setdefault(SHAPES[look.label], set()).add(int(render(scene).areas[0, 0]) / 32**2)
    assert set(filled) == set(SHAPES)
    assert len(patterns) == 4
    mean = {shape: np.mean(list(shares)) for shape, shares in filled.items()}
    assert abs(mean["disc"] - np.pi / 4) < 0.02
    assert abs(mean["square"] - 0.85**2) < 0.02
    assert all(0.2 < share < 0.8 for share in mean.values())


def test_chosen_frames_are_those_of_the_whole_video():
    scene = sample_scene(replace(SMALL, blur=1.0), 3)
    whole, part = render(scene), render(scene, [4, 1])
    np.testing.assert_array_equal(part.frames, whole.frames[[4, 1]])
    np.testing.assert_array_equal(part.masks, whole.masks[:, [4, 1]])
    np.testing.assert_array_equal(part.areas, whole.areas[:, [4, 1]])


def test_slivers_count_as_absent():
    config = replace(SMALL, objects=(1, 1), enter_leave=1.0, speed=(0.5, 0.5), length=(30, 30))
    slivers = 0
    for seed in range(20):
        scene = sample_scene(config, seed)
        rendered = render(scene)
        seen, areas = rendered.masks[0].sum(axis=(1, 2)), rendered.areas[0]
        sliver = (areas > 0) & (areas < MIN_VISIBLE)
        assert (seen[sliver] == 0).all()
        assert (seen[~sliver] == areas[~sliver]).all()
        slivers += sliver.sum()
    assert slivers
