"""Each knob has its effect, seen in the drawn frames and masks."""

from dataclasses import replace

import numpy as np
import pytest

from mmvis_ext.shapes_vis import Rendered, Scene, SceneConfig, render, sample_scene
from mmvis_ext.shapes_vis.scene import UNIT
from mmvis_ext.utils.errors import InputError

CALM = SceneConfig(
    height=72, width=96, length=(12, 12), objects=(2, 2), size=(16, 24), speed=(2.0, 3.0), spin=0.0, pan=0.0
)
SEEDS = range(8)


def draw(config: SceneConfig, seed: int) -> tuple[Scene, Rendered]:
    scene = sample_scene(config, seed)
    return scene, render(scene)


def visible(rendered: Rendered) -> np.ndarray:
    """(n, T) visible pixels."""
    return rendered.masks.sum(axis=(2, 3))


def centres(scene: Scene) -> np.ndarray:
    """(n, T, 2) pixels."""
    return np.stack([actor.centre for actor in scene.actors]) / UNIT


def strides(scene: Scene) -> np.ndarray:
    """(n, T - 1) pixels from frame to frame."""
    return np.linalg.norm(np.diff(centres(scene), axis=1), axis=-1)


def test_length_objects_and_frame_size():
    config = replace(CALM, height=40, width=50, length=(3, 6), objects=(1, 3))
    drawn = [draw(config, seed) for seed in range(30)]
    assert {scene.length for scene, _ in drawn} == {3, 4, 5, 6}
    assert {len(scene.actors) for scene, _ in drawn} == {1, 2, 3}
    assert all(r.frames.shape == (s.length, 40, 50, 3) for s, r in drawn)
    assert all(r.masks.shape == (len(s.actors), s.length, 40, 50) for s, r in drawn)


def test_size():
    small, large = (
        np.mean([draw(replace(CALM, objects=(1, 1), size=size), s)[1].areas for s in SEEDS])
        for size in ((12, 12), (36, 36))
    )
    assert 7 < large / small < 11


def test_spin():
    assert all(np.ptp(actor.angle) == 0 for actor in sample_scene(CALM, 0).actors)
    assert any(np.ptp(actor.angle) > 0 for actor in sample_scene(replace(CALM, spin=10.0), 0).actors)


def test_lookalikes_share_class_texture_and_size_and_others_do_not():
    config = replace(CALM, objects=(4, 4), lookalike=1.0, lookalikes=3)
    for seed in SEEDS:
        actors = sample_scene(config, seed).actors
        kinds = [(actor.look, tuple(actor.size[0])) for actor in actors]
        assert sorted(kinds.count(kind) for kind in kinds) == [1, 3, 3, 3]
        plain = sample_scene(replace(config, lookalike=0.0), seed).actors
        assert len({actor.look.colours[0] for actor in plain}) == 4


def test_lookalikes_show_the_same_colours():
    _, rendered = draw(replace(CALM, lookalike=1.0), 1)
    first, second = ({tuple(c) for c in rendered.frames[0][rendered.masks[i, 0]]} for i in range(2))
    assert first == second


def test_crossing_hides_much_of_an_object():
    def most_hidden(config: SceneConfig, seed: int) -> float:
        _, rendered = draw(config, seed)
        return 1 - (visible(rendered) / np.maximum(rendered.areas, 1)).min()

    apart = [most_hidden(CALM, seed) for seed in SEEDS]
    crossing = [most_hidden(replace(CALM, crossing=1.0), seed) for seed in SEEDS]
    assert min(crossing) > 0.25
    assert np.mean(crossing) > np.mean(apart) + 0.5


def test_crossing_objects_part_again():
    for seed in SEEDS:
        a, b = centres(sample_scene(replace(CALM, crossing=1.0, length=(20, 20)), seed))
        distance = np.linalg.norm(a - b, axis=1)
        assert 5 < distance.argmin() < 15
        assert min(distance[0], distance[-1]) > 2 * distance.min()


def test_occluders_hide_and_stand_still():
    config = replace(CALM, objects=(1, 1))
    hidden = 0
    for seed in SEEDS:
        _, free = draw(config, seed)
        scene, barred = draw(replace(config, occluder=1.0), seed)
        assert 1 <= len(scene.occluders) <= 2
        bars = np.zeros(free.frames.shape[1:3], dtype=bool)
        for left, top, right, bottom in scene.occluders:
            bars[top:bottom, left:right] = True
        assert not barred.masks[:, :, bars].any()
        assert (np.diff(barred.frames[:, bars].astype(int), axis=0) == 0).all()
        hidden += visible(free).sum() - visible(barred).sum()
    assert hidden > 0.05 * sum(visible(draw(config, seed)[1]).sum() for seed in SEEDS)


@pytest.mark.parametrize("length", [5, 6, 9, 30])
def test_entering_and_leaving_leaves_frames_without_the_object(length):
    config = replace(CALM, objects=(1, 1), length=(length, length))
    ways = set()
    for seed in range(40):
        assert visible(draw(config, seed)[1]).all()
        seen = visible(draw(replace(config, enter_leave=1.0), seed)[1])[0] > 0
        assert seen.any()
        assert not seen.all()
        ways.add((bool(seen[0]), bool(seen[-1])))
    # Late, gone, and away in between.
    assert ways == {(False, True), (True, False), (True, True)}


def test_scale_changes_the_size():
    def ratio(config: SceneConfig, seed: int) -> float:
        sizes = sample_scene(replace(config, objects=(1, 1), length=(30, 30)), seed).actors[0].size[:, 0]
        return sizes.max() / sizes.min()

    assert all(ratio(CALM, seed) == 1 for seed in SEEDS)
    assert all(1.5 < ratio(replace(CALM, scale=1.0), seed) <= 2.51 for seed in SEEDS)
    areas = draw(replace(CALM, objects=(1, 1), scale=1.0, length=(30, 30)), 3)[1].areas
    assert areas.max() > 2 * areas.min()


def test_deform_changes_the_shape():
    for seed in SEEDS:
        size = sample_scene(replace(CALM, deform=1.0), seed).actors[0].size
        assert (size[:, 0] / size[:, 1]).max() > 1.2 * (size[:, 0] / size[:, 1]).min()
        size = sample_scene(CALM, seed).actors[0].size
        assert (size[:, 0] == size[:, 1]).all()


def test_speed_and_frame_step():
    assert 1.9 < strides(sample_scene(CALM, 0)).mean() < 3.1
    assert 5.9 < strides(sample_scene(replace(CALM, speed=(6.0, 6.0)), 0)).max() < 6.1
    low_rate = [strides(sample_scene(replace(CALM, frame_step=5), seed)).max() for seed in SEEDS]
    assert min(low_rate) > 8
    assert max(low_rate) < 15.1


def test_jumps_are_sudden():
    for seed in SEEDS:
        assert strides(sample_scene(CALM, seed)).max() < 3.1
        stride = strides(sample_scene(replace(CALM, jump=1.0), seed))
        assert (stride.max(axis=1) > 15).all()
        assert (np.median(stride, axis=1) < 3.1).all()


def test_jumps_are_not_blurred():
    scene = sample_scene(replace(CALM, jump=1.0, jump_rate=1.0, blur=1.0), 0)
    assert max(np.abs(actor.step).max() for actor in scene.actors) <= 3.1 * UNIT


def test_blur_softens_the_frames_and_keeps_the_masks():
    config = replace(CALM, objects=(1, 1), speed=(5.0, 5.0))
    for seed in SEEDS:
        _, sharp = draw(config, seed)
        _, blurred = draw(replace(config, blur=1.0), seed)
        np.testing.assert_array_equal(sharp.masks, blurred.masks)
        strength = [np.abs(np.diff(r.frames.astype(int), axis=2)).max(axis=(1, 2)).mean() for r in (sharp, blurred)]
        assert strength[1] < 0.9 * strength[0]


def test_pan_moves_the_background():
    config = replace(CALM, objects=(1, 1))
    _, still = draw(config, 0)
    free = ~still.masks[0].any(axis=0)
    assert (still.frames[:, free] == still.frames[0, free]).all()

    scene, moving = draw(replace(config, pan=1.0, pan_speed=(2.0, 2.0)), 0)
    np.testing.assert_array_equal(still.masks, moving.masks)
    for t in range(1, scene.length):
        dx, dy = (v * t // UNIT for v in scene.pan)
        assert (dx, dy) != (0, 0)
        ys, xs = np.mgrid[abs(dy) : 72 - abs(dy), abs(dx) : 96 - abs(dx)]
        same = (moving.frames[t, ys, xs] == moving.frames[0, ys + dy, xs + dx]).all(axis=-1)
        assert same[~moving.masks[0, t, ys, xs] & ~moving.masks[0, 0, ys + dy, xs + dx]].all()


def test_knobs_do_not_disturb_each_other():
    config = replace(CALM, objects=(3, 3))
    plain = sample_scene(config, 4)
    for knob in ("occluder", "scale", "deform", "blur", "pan"):
        other = sample_scene(replace(config, **{knob: 1.0}), 4)
        assert other.traits == {knob}
        np.testing.assert_array_equal(centres(plain), centres(other))
        assert [a.look for a in plain.actors] == [a.look for a in other.actors]
    for knob in ("crossing", "enter_leave", "jump"):
        other = sample_scene(replace(config, **{knob: 1.0}), 4)
        assert [a.look for a in plain.actors] == [a.look for a in other.actors]
        assert plain.backdrop_key == other.backdrop_key


def test_difficulties_that_would_hide_who_is_who_exclude_each_other():
    both = replace(CALM, lookalike=1.0, jump=1.0, enter_leave=1.0)
    assert sample_scene(both, 0).traits == {"lookalike"}
    three = sample_scene(replace(both, objects=(2, 3)), 0)
    assert three.traits == {"lookalike", "enter_leave"}
    assert len(three.actors) == 3
    assert sample_scene(replace(CALM, crossing=1.0, enter_leave=1.0), 0).traits == {"crossing"}


def test_chance_is_the_share_of_videos():
    share = np.mean(["blur" in sample_scene(replace(CALM, blur=0.25), seed).traits for seed in range(400)])
    assert 0.18 < share < 0.32


def test_negative_seed():
    with pytest.raises(InputError, match="negative"):
        sample_scene(CALM, (0, -1))
