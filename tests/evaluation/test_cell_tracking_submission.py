"""Tracks in the form that the challenge takes: one label per pixel, no label with a gap, and a folder."""

import re

import numpy as np
import pytest
from PIL import Image

from mmvis_ext.annotations.cell_lives import Life, read_lives
from mmvis_ext.annotations.tif import read_labels
from mmvis_ext.evaluation.cell_tracking_submission import (
    CellTracks,
    best_cells,
    check_cell_folder,
    divide,
    label_maps,
    write_cells,
)
from mmvis_ext.structures import Track, VideoTracks, boxes_of, encode
from mmvis_ext.utils.errors import InputError

SIZE = (9, 11)


def rles(masks):
    return [encode(mask[None])[0] if mask.any() else None for mask in masks]


def seen(*rows: str) -> np.ndarray:
    return np.array([[c == "x" for c in row] for row in rows]).reshape(len(rows), -1)


def test_a_gap_begins_a_new_label_whose_parent_is_the_old_one():
    labels, lives = divide(seen("xx..x.xx", ".xxx...."), [None, None])
    assert labels.tolist() == [[0] * 8, [1, 1, 0, 0, 2, 0, 3, 3], [0, 4, 4, 4, 0, 0, 0, 0]]
    assert lives == {1: Life(0, 1, 0), 2: Life(4, 4, 1), 3: Life(6, 7, 2), 4: Life(1, 3, 0)}


def test_a_division_links_to_the_last_label_that_ended_before():
    _, lives = divide(seen("xx.x....", "....xxxx", "..xx.x..", "xxxxxxxx", ".x......"), [None, 0, 0, None, 3])
    # 1 and 2 are the first track; 3 comes from its end; 4 begins in its gap and goes on as 5; the parent of 7 lives on
    assert {label: life.parent for label, life in lives.items()} == {1: 0, 2: 1, 3: 2, 4: 1, 5: 4, 6: 0, 7: 0}


def test_tracks_without_a_pixel_have_no_label():
    labels, lives = divide(seen("....", "x..."), [None, 0])
    assert lives == {1: Life(0, 0, 0)}
    assert labels.tolist() == [[0] * 4, [0] * 4, [1, 0, 0, 0]]
    assert divide(np.zeros((0, 3), bool), [])[1] == {}


def test_more_labels_than_16_bits_are_refused():
    with pytest.raises(InputError, match="need more than 65535 labels"):
        divide(np.ones((65536, 1), bool), [None] * 65536)


def test_the_better_track_has_the_pixel_and_a_hidden_one_is_split():
    masks = np.zeros((2, 3, *SIZE), bool)
    masks[0, :, 2:6, 2:6] = True
    masks[1, 1, 1:7, 1:7] = True  # hides the other one in frame 1
    masks[1, 2, 4:8, 4:8] = True  # and a quarter of it in frame 2
    tracks = [Track(5, np.array([0.3]), rles(masks[0]), boxes_of(rles(masks[0])))]
    tracks.append(Track(9, np.array([0.8]), rles(masks[1]), boxes_of(rles(masks[1]))))
    lives, maps = label_maps(best_cells(VideoTracks(1, *SIZE, 3, tracks)), SIZE, 3)
    assert lives == {1: Life(1, 2, 0), 2: Life(0, 0, 0), 3: Life(2, 2, 2)}
    expected = np.zeros((3, *SIZE), int)
    expected[masks[0]] = 2
    expected[2][masks[0, 2]] = 3
    expected[masks[1]] = 1
    np.testing.assert_array_equal(list(maps), expected)


def test_the_best_come_first_and_parents_keep_their_tracks():
    mask = np.ones((1, *SIZE), bool)
    scores, parents = [0.2, 0.9, 0.5, 0.9, 0.1], [3, None, 0, None, 0]
    tracks = [Track(i, np.array([0, s]), rles(mask), np.ones((1, 4)), parents[i]) for i, s in enumerate(scores)]
    tracks.append(Track(7, np.array([1.0]), [None], np.zeros((1, 4))))
    video = VideoTracks(1, *SIZE, 1, tracks)
    assert best_cells(video).parents == [None, None, 3, 1, 3], "in the order 1, 3, 2, 0, 4"
    assert best_cells(video, 0.3).parents == [None, None, None]
    with pytest.raises(InputError, match="the model gives boxes alone"):
        best_cells(VideoTracks(1, *SIZE, 1, [Track(0, np.ones(1), None, np.ones((1, 4)))]))


def test_many_tracks_have_labels_above_255():
    masks = np.zeros((400, 1, 20, 20), bool)
    for i in range(400):
        masks[i, 0, i // 20, i % 20] = True
    lives, maps = label_maps(CellTracks([rles(m) for m in masks], [None] * 400), (20, 20), 1)
    assert len(lives) == 400
    np.testing.assert_array_equal(next(maps), np.arange(1, 401).reshape(20, 20))


@pytest.mark.parametrize(("length", "last"), [(3, "mask002.tif"), (1001, "mask1000.tif")])
def test_the_folder(tmp_path, length, last):
    maps = [np.full((2, 3), t + 1, np.uint16) for t in range(length)]
    lives = {1: Life(0, 1, 0), 300: Life(2, 2, 1)}
    write_cells(tmp_path / "01_RES", lives, maps, length)
    assert len(list((tmp_path / "01_RES").glob("mask*.tif"))) == length
    np.testing.assert_array_equal(read_labels(tmp_path / "01_RES" / last), maps[-1])
    with Image.open(tmp_path / "01_RES" / last) as image:
        assert image.mode == "I;16"
    assert (tmp_path / "01_RES/res_track.txt").read_text() == "1 0 1 0\n300 2 2 1\n"
    assert read_lives(tmp_path / "01_RES/res_track.txt") == lives


@pytest.mark.parametrize("strange", ["notes.txt", "01/t000.tif", "01_GT/man_track.txt", "01_RES/mask000.png"])
def test_a_folder_of_something_else_is_kept(tmp_path, strange):
    out = tmp_path / "out"
    (out / "01_RES").mkdir(parents=True)
    for name in ("mask000.tif", "mask1000.tif", "res_track.txt"):
        (out / "01_RES" / name).write_text("")
    assert check_cell_folder(out) == out
    (out / strange).parent.mkdir(exist_ok=True)
    (out / strange).write_text("mine")
    with pytest.raises(InputError, match=re.escape(f"out: holds '{strange}', which is no result of the Cell")):
        check_cell_folder(out)
    assert (out / strange).read_text() == "mine"
    with pytest.raises(InputError, match="is a file; the results of the Cell Tracking Challenge are a folder"):
        check_cell_folder(out / strange)
