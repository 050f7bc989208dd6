"""The Cell Tracking Challenge as a data set: samples, what the evaluation needs, and settings that are refused."""

import numpy as np
import pytest
from small_cells import HEIGHT, WIDTH, boxes_at

from mmvis_ext.annotations.tif import to_8_bits
from mmvis_ext.datasets import ClipIndex, Draw
from mmvis_ext.registry import DATASETS
from mmvis_ext.utils.errors import InputError

PIPELINE = [
    dict(
        type="TransformBroadcaster",
        share_random_params=True,
        transforms=[dict(type="LoadFrame"), dict(type="mmdet.LoadTrackAnnotations", with_mask=True)],
    ),
    dict(type="PackClip"),
]


@pytest.mark.parametrize("length", [2, 3])
def test_a_sample_holds_frames_masks_and_ids(cells, length):
    clips = dict(type="ClipSample", clip_len=length)
    data = DATASETS.build(cells.config(clips=clips, pipeline=PIPELINE, border=3))
    assert data.metainfo["classes"] == ("cell",)
    assert data.metainfo["categories"] == (dict(id=1, name="cell"),)
    item = data[Draw(0, 3)]
    assert item["inputs"].shape == (length, 3, HEIGHT, WIDTH)
    for image, frame in zip(item["inputs"], item["data_samples"].video_data_samples, strict=True):
        t = frame.metainfo["frame_id"]
        np.testing.assert_array_equal(image, to_8_bits(cells.grey(t))[None].repeat(3, axis=0))
        assert sorted(frame.gt_instances.instances_ids.tolist()) == sorted(boxes_at(t))
        assert frame.ignored_instances.instances_ids.tolist() == [-1]


def test_a_test_video_carries_what_the_evaluation_needs(cells):
    data = DATASETS.build(cells.config(test_mode=True, frames=(1, 4)))
    video = data[ClipIndex(0, 1, 3)]["video"][-1]
    assert [t.id for t in video["truth"].tracks] == [1, 4, 7, 300]
    assert video["sequence"] == "01"
    assert video["truth_files"].numbers == [1, 2, 3]
    assert video["truth_files"].markers == [str(cells.marker(t)) for t in (1, 2, 3)]
    assert video["truth_files"].gold == [str(cells.gold(1)), None, None]
    assert video["truth_files"].silver == [str(cells.silver(t)) for t in (1, 2, 3)]
    assert "truth_files" not in data[ClipIndex(0, 0, 2)]["video"][0], "once per video is enough"


def test_a_lower_frame_rate_is_judged_at_that_rate(cells):
    data = DATASETS.build(cells.config(test_mode=True, fps=3))
    assert data[0]["video"][-1]["truth_files"].numbers == [0, 2, 4]


@pytest.mark.parametrize("name", ["02", 2])
def test_a_sequence_without_truth(cells, name):
    data = DATASETS.build(cells.config(test_mode=True, sequences=[name]))
    video = data[0]["video"][-1]
    assert (video["truth"], video["truth_files"], video["sequence"]) == (None, None, "02")
    with pytest.raises(InputError, match="cells: no video is left for training"):
        DATASETS.build(cells.config(sequences=["02"]))


def test_the_folder_is_relative_to_where_one_is(cells, monkeypatch):
    monkeypatch.chdir(cells.root)
    data = DATASETS.build(dict(type="CellTrackingDataset", workers=1, test_mode=True))
    assert len(data[0]["video"][-1]["truth"].tracks) == 4


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        (dict(sequences="01"), "sequences is no list of different names"),
        (dict(sequences=["01", "01"]), "is no list of different names"),
        (dict(sequences=1), "is no list of different names"),
        (dict(sequences=[1.5]), "1.5 is no name of a sequence"),
        (dict(sequences=[]), "is no list of different names"),
        (dict(sequences=["../01"]), r"'\.\./01' is no name of a sequence"),
        (dict(frames=(3, 3)), r"frames=\(3, 3\) is no range"),
        (dict(frames=(-1, 3)), "is no range"),
        (dict(frames=(3,)), "is no range"),
        (dict(frames=("a", "b")), "is no range"),
        (dict(masks="gold"), "masks='gold' is no list of gold, silver, marker"),
        (dict(masks=["bronze"]), "is no list of gold, silver, marker"),
        (dict(masks=[]), "is no list of gold, silver, marker"),
        (dict(border=-1), "border=-1 is no number of pixels"),
    ],
)
def test_settings_that_make_no_sense(cells, setting, said):
    with pytest.raises(InputError, match=said):
        DATASETS.build(cells.config(**setting))
