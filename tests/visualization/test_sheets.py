"""Contact sheets."""

import numpy as np
import pytest

from mmvis_ext.structures import boxes_of, encode
from mmvis_ext.visualization import Row, ShownTrack, colour, comparison_sheet, contact_sheet, spread
from mmvis_ext.visualization.sheets import CELL


def moving(length, size=(48, 64), number=0):
    """A square that moves to the right."""
    masks = np.zeros((length, *size), np.uint8)
    for t in range(length):
        masks[t, 10:30, 2 * t : 2 * t + 20] = 1
    rles = encode(masks)
    return ShownTrack(number, "square", rles, boxes_of(rles))


@pytest.mark.parametrize(
    ("length", "count", "expected"), [(1, 5, [0]), (3, 5, [0, 1, 2]), (10, 4, [0, 3, 6, 9]), (100, 2, [0, 99])]
)
def test_spread(length, count, expected):
    assert spread(length, count) == expected


@pytest.mark.parametrize("size", [(48, 64), (96, 54), (720, 1280)])
def test_cells_are_large_enough_to_look_at_and_small_enough_for_one_picture(size):
    frames = [np.full((*size, 3), 40 * t, np.uint8) for t in range(3)]
    sheet = comparison_sheet(frames, [moving(3, size)], [moving(3, size)], title="a title")
    longest = CELL / max(size)
    assert sheet.shape[0] > 2 * size[0] * longest
    assert 3 * size[1] * longest < sheet.shape[1] < 3 * CELL + 300
    assert sheet.dtype == np.uint8


def test_the_same_track_has_the_same_colour_in_both_rows_at_all_times():
    frames = [np.zeros((48, 64, 3), np.uint8)] * 4
    sheet = comparison_sheet(frames, [moving(4, number=6)], [moving(4, number=6)])
    assert (np.abs(sheet.astype(int) - colour(6)).max(-1) < 3).sum() > 8 * 300
    other = comparison_sheet(frames, [moving(4, number=6)], [])
    assert (np.abs(other.astype(int) - colour(6)).max(-1) < 3).sum() > 4 * 300


def test_times_pick_the_tracks_frames():
    track, frame = moving(9), np.zeros((48, 64, 3), np.uint8)
    late = comparison_sheet([frame], None, [track], times=[8])
    early = comparison_sheet([frame], None, [track], times=[0])
    assert late.shape == early.shape
    assert not np.array_equal(late, early)


def test_without_truth_there_is_one_row():
    frames = [np.zeros((48, 64, 3), np.uint8)] * 2
    assert comparison_sheet(frames, None, []).shape[0] < comparison_sheet(frames, [], []).shape[0]


def test_rows_wrap_and_every_cell_is_there_once():
    cells = [np.full((20, 30, 3), (7 * t, 200, 100), np.uint8) for t in range(8)]
    sheet = contact_sheet([Row("one", cells, [str(t) for t in range(8)]), Row("two", cells[:5])], "title", columns=3)
    for t, cell in enumerate(cells):
        assert (sheet == cell[0, 0]).all(-1).sum() == 600 * (2 if t < 5 else 1)


def test_inputs_are_not_changed():
    frames = [np.random.default_rng(t).integers(0, 256, (48, 64, 3), dtype=np.uint8) for t in range(2)]
    before = [f.copy() for f in frames]
    comparison_sheet(frames, [moving(2)], [moving(2)])
    assert all(np.array_equal(a, b) for a, b in zip(frames, before, strict=True))
