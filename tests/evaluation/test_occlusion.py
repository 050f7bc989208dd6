"""AP by how occluded the objects are, as OVIS has it, against the slow form."""

import json

import numpy as np
import pytest
from vis_oracle import level_oracle
from vis_problems import judged, random_problem

from mmvis_ext.annotations.records import OCCLUSION_LEVELS
from mmvis_ext.annotations.youtube_vis import read_annotation_file, read_annotations
from mmvis_ext.evaluation.occlusion import OCCLUSION_RANGES, occlusion_score
from mmvis_ext.utils.errors import InputError

NONE, SLIGHT, SEVERE = OCCLUSION_LEVELS


def with_levels(gt: dict, seed: int) -> dict:
    """Objects that are more or less occluded; some have no list."""
    rng = np.random.default_rng(seed)
    for annotation in gt["annotations"]:
        bias = rng.dirichlet((0.7, 0.7, 0.7))
        levels = rng.choice(OCCLUSION_LEVELS, len(annotation["segmentations"]), p=bias).tolist()
        shown = [level if mask else None for level, mask in zip(levels, annotation["segmentations"], strict=True)]
        annotation["occlusion"] = shown if rng.random() < 0.9 else None
    return gt


@pytest.mark.parametrize(
    ("levels", "score"),
    [
        ([NONE, NONE], 0),
        ([SEVERE], 0.75),
        ([SEVERE, None, NONE, None], 0.75),
        ([SEVERE, NONE, NONE], 0.375),
        ([SEVERE, SLIGHT, NONE, NONE], 0.5),
        ([SLIGHT, SLIGHT, SLIGHT, NONE, NONE], 0.25),
        ([None, None], None),
        ([], None),
    ],
)
def test_the_more_occluded_half_of_the_frames_counts(levels, score):
    assert occlusion_score(levels) == score
    assert occlusion_score(levels[::-1]) == score


@pytest.mark.parametrize("seed", range(6))
def test_the_levels_agree_with_the_slow_form(seed):
    gt, results = random_problem(seed, crowds=seed % 2 == 1, objects=8)
    found = judged(with_levels(gt, seed), results).occlusion
    assert found.keys() == OCCLUSION_RANGES.keys()
    for name, (low, high) in OCCLUSION_RANGES.items():
        assert found[name] == pytest.approx(level_oracle(gt, results, low, high), abs=1e-9)


def test_other_figures_do_not_depend_on_the_levels():
    gt, results = random_problem(3)
    plain = judged(gt, results)
    levels = judged(with_levels(gt, 3), results)
    assert plain.occlusion == {}
    assert list(levels.summary())[-3:] == ["AP_SO", "AP_MO", "AP_HO"]
    assert {k: v for k, v in levels.summary().items() if k not in OCCLUSION_RANGES} == plain.summary()
    np.testing.assert_array_equal(levels.precision, plain.precision)
    np.testing.assert_array_equal(levels.recall, plain.recall)


def test_an_object_on_the_border_counts_at_both_levels():
    gt, _ = random_problem(1)
    results = [a | dict(score=0.5) for a in gt["annotations"]]
    for annotation in gt["annotations"]:
        annotation["occlusion"] = [SLIGHT] * len(annotation["segmentations"])
    assert judged(gt, results).occlusion == pytest.approx(dict(AP_SO=1, AP_MO=1, AP_HO=-1))


def test_a_list_of_another_kind_is_left_out_with_a_warning(log, tmp_path):
    gt, results = random_problem(2)
    for annotation, odd in zip(gt["annotations"], ("slight_occlusion", [0.5], [[1]] * 9, {}), strict=False):
        annotation["occlusion"] = odd
    assert judged(gt, results).occlusion == {}
    assert "annotations whose 'occlusion' is left out, since it is no list of OVIS' levels: 4 (first: " in log.text
    with pytest.raises(InputError, match="annotation 1: 'occlusion' is a list of no_occlusion, slight_occlusion"):
        read_annotations(gt, "gt.json", strict=True)


def test_levels_of_shapes_vis_are_read_and_thinned_out_with_the_frames(tiny):
    video = read_annotation_file(next((tiny / "ovis").glob("annotations_train.json"))).videos[0]
    written = json.loads((tiny / "ovis/annotations_train.json").read_text())["annotations"]
    written = [a["occlusion"] for a in written if a["video_id"] == video.id]
    assert [track.occlusion for track in video.tracks] == written
    thin = video.frames([0, 2])
    kept = [levels for levels, track in zip(written, video.tracks, strict=True) if track.visible[[0, 2]].any()]
    assert [track.occlusion for track in thin.tracks] == [[levels[0], levels[2]] for levels in kept]
