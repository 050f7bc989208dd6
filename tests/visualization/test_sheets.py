"""Contact sheets."""

import numpy as np
import pytest

from mmvis_ext.structures import boxes_of, encode
from mmvis_ext.visualization import Row, ShownTrack, colour, comparison_sheet, contact_sheet, side_by_side, spread
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
    assert sheet.shape[0] > 2 * size[0] * longest, "the third pair stands below the first"
    assert 4 * size[1] * longest < sheet.shape[1] < 4 * CELL + 100
    assert sheet.dtype == np.uint8


def test_the_same_track_has_the_same_colour_on_both_sides_at_all_times():
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


def left_edges(picture, rgb):
    """Where areas of a colour begin in the row of the picture that shows most of it."""
    found = (np.abs(picture.astype(int) - rgb).max(-1) < 3).astype(int)
    row = found[found.sum(1).argmax()]
    return np.flatnonzero(np.diff(row, prepend=0) == 1).tolist()


def test_truth_is_at_the_left_and_prediction_at_the_right_of_each_frame():
    frames = [np.full((36, 64, 3), value, np.uint8) for value in (40, 80, 120, 160)]
    sheet = comparison_sheet(frames, [], [])
    edges = {value: left_edges(sheet, value) for value in (40, 80, 120, 160)}
    assert edges[40] == edges[120], "time runs to the right, then down"
    assert edges[80] == edges[160]
    (left, right), (next_left, _) = edges[40], edges[80]
    assert right - left == CELL + 6
    assert next_left - right > right - left, "pairs stand apart"

    drawn = comparison_sheet(frames[:1], [moving(1, (36, 64), 0)], [moving(1, (36, 64), 1)])
    edge, half = left_edges(drawn, 40)[0], CELL
    truth, prediction = drawn[:, edge : edge + half], drawn[:, edge + half :]
    for side, own, other in ((truth, 0, 1), (prediction, 1, 0)):
        assert (side == colour(own)).all(-1).any()
        assert not (side == colour(other)).all(-1).any()


def test_side_by_side():
    left, right = (np.full((40, 60, 3), value, np.uint8) for value in (10, 200))
    picture = side_by_side(left, right)
    assert left_edges(picture, 10) == [0]
    assert left_edges(picture, 200) == [66]
    assert (picture == 10).all(-1).sum() == (picture == 200).all(-1).sum() == 2400
    assert picture.shape[0] > 40, "names stand above"


def test_without_truth_the_predictions_stand_alone():
    frames = [np.full((48, 64, 3), 40, np.uint8)] * 4
    assert len(left_edges(comparison_sheet(frames, None, []), 40)) == 4
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
