from dataclasses import asdict, replace

import numpy as np
import pytest

from mmvis_ext.shapes_vis import PRESETS, describe, get_preset, render, sample_scene
from mmvis_ext.shapes_vis.presets import SETTINGS, STUDY
from mmvis_ext.utils.errors import InputError


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_draws(name):
    preset = get_preset(name)
    assert preset.name == name
    assert preset.about
    for code, split in enumerate(("train", "val")):
        config = preset.knobs(split)[0]
        scene = sample_scene(config, (0, code, 0))
        video = describe("some", scene, render(scene, range(min(5, scene.length))))
        assert video.tracks
        assert len(preset.still_knobs(split)) == preset.stills[split] > 0


@pytest.mark.parametrize("seed", range(6))
def test_tiny_has_what_tests_look_for(seed):
    preset = get_preset("tiny")
    scenes = [sample_scene(c, (seed, 0, i)) for i, c in enumerate(preset.knobs("train"))]
    assert len(scenes) == 4
    assert len(preset.knobs("val")) == 2
    seen = [render(scene).masks.any(axis=(2, 3)) for scene in scenes]
    assert all(5 <= scene.length <= 9 for scene in scenes)
    assert {len(s) for s in seen} >= {1, 3}
    assert any((s.any(axis=1) & ~s.all(axis=1)).any() for s in seen)
    assert any((~s.any(axis=0)).any() for s in seen)


def test_mini_is_as_described():
    preset = get_preset("mini")
    scenes = [sample_scene(c, (0, 0, i)) for i, c in enumerate(preset.knobs("train"))]
    assert len(scenes) == 160
    assert len(preset.knobs("val")) == 40
    assert 13 < np.mean([scene.length for scene in scenes]) < 15
    assert {len(scene.actors) for scene in scenes} == {1, 2, 3}
    share = {t: np.mean([t in s.traits for s in scenes]) for t in ("enter_leave", "crossing", "lookalike")}
    # A little under the chance, as difficulties exclude each other.
    assert 0.12 < share["enter_leave"] < 0.32
    assert 0.15 < share["crossing"] < 0.35
    assert 0.12 < share["lookalike"] < 0.30
    labels = [actor.look.label for scene in scenes for actor in scene.actors]
    assert min(np.bincount(labels, minlength=5)) > 0.12 * len(labels)


def test_settings_differ_from_study_in_their_own_knobs_only():
    for name, (_, values) in SETTINGS.items():
        config = get_preset(f"study-{name}").knobs("val")[0]
        changed = {knob for knob, value in asdict(config).items() if value != asdict(STUDY)[knob]}
        assert changed <= set(values)
        assert changed
    assert get_preset("study-long").knobs("val")[0].length[0] >= 300
    assert STUDY.length[1] == 36


def test_with_knobs_sets_them_in_all_videos():
    preset = get_preset("tiny").with_knobs(blur=1.0, length=(7, 7))
    assert all(c.blur == 1.0 and c.length == (7, 7) for split in ("train", "val") for c in preset.knobs(split))
    assert get_preset("tiny").knobs("train")[0].blur == 0.0
    with pytest.raises(InputError, match="length"):
        get_preset("tiny").with_knobs(length=(2, 3))


def test_unknown_preset():
    with pytest.raises(InputError, match=r"no preset 'huge'.*mini"):
        get_preset("huge")


def test_motion_has_fewer_videos_to_learn_from_and_camouflage():
    plain, motion = get_preset("claims"), get_preset("claims").of_motion()
    assert motion == get_preset("claims-motion")
    assert [len(motion.knobs(split)) for split in ("train", "val")] == [60, len(plain.knobs("val"))]
    for split in ("train", "val"):
        assert {replace(config, camouflage=0.0, frame_step=1) for config in motion.knobs(split)} == set(
            plain.knobs(split)
        )
    share = np.mean(["camouflage" in sample_scene(c, (0, 1, i)).traits for i, c in enumerate(motion.knobs("val"))])
    assert 0.4 < share < 0.6
