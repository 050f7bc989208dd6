"""Drawing on one frame."""

import numpy as np
import pytest

from mmvis_ext.structures import encode
from mmvis_ext.visualization import colour, draw_tracks, readable_scale
from mmvis_ext.visualization.text import put_text, text_size

SIZE = (60, 80)


@pytest.fixture
def frame():
    return np.random.default_rng(0).integers(0, 256, (*SIZE, 3), dtype=np.uint8)


def rle(y1, y2, x1, x2, size=SIZE):
    mask = np.zeros((1, *size), dtype=np.uint8)
    mask[0, y1:y2, x1:x2] = 1
    return encode(mask)[0]


def changed(before, after):
    return (before != after).any(-1)


def test_inputs_are_not_changed(frame):
    before, masks, boxes = frame.copy(), [rle(10, 40, 10, 40), None], np.array([[10.0, 10, 40, 40], [0, 0, 0, 0]])
    kept = [dict(masks[0]), None], boxes.copy()
    out = draw_tracks(frame, masks, boxes, [0, 1], ["a 0.5", "b"], with_boxes=True)
    assert out.shape == frame.shape
    assert out.dtype == np.uint8
    assert np.array_equal(frame, before)
    assert not np.shares_memory(out, frame)
    assert masks == kept[0]
    assert np.array_equal(boxes, kept[1])


def test_nothing_to_draw_gives_a_copy(frame):
    for masks in ([], [None, None]):
        out = draw_tracks(frame, masks, None, list(range(len(masks))), ["x"] * len(masks))
        assert np.array_equal(out, frame)
        assert out is not frame


def test_an_empty_mask_is_no_error(frame):
    empty = encode(np.zeros((1, *SIZE), np.uint8))
    assert np.array_equal(draw_tracks(frame, empty, None, [0]), frame)


def test_the_mask_is_tinted_its_edge_is_the_colour_and_the_rest_stays(frame):
    out = draw_tracks(frame, [rle(20, 40, 20, 60)], None, [3])
    touched = changed(frame, out)
    assert touched[22:38, 22:58].mean() > 0.99
    outside = np.ones(SIZE, bool)
    outside[17:43, 17:63] = False
    assert not touched[outside].any()
    assert tuple(out[20, 40]) == colour(3)
    inside = out[25:35, 25:55].astype(int)
    assert np.abs(inside.mean((0, 1)) - (np.array(colour(3)) + frame.mean()) / 2).max() < 20
    assert inside.std((0, 1)).min() > 10, "what is below shows through"


def test_the_colour_follows_the_id_and_not_the_place(frame):
    left, right = rle(20, 40, 5, 25), rle(20, 40, 50, 70)
    out = draw_tracks(frame, [right, left], None, [7, 4])
    assert tuple(out[20, 60]) == colour(7)
    assert tuple(out[20, 15]) == colour(4)
    assert np.array_equal(out, draw_tracks(frame, [left, right], None, [4, 7]))


def test_small_masks_lie_on_top(frame):
    out = draw_tracks(frame, [rle(25, 35, 30, 40), rle(10, 50, 10, 70)], None, [0, 1])
    assert tuple(out[25, 35]) == colour(0)


def test_scale_enlarges_and_shrinks(frame):
    masks = [rle(20, 40, 20, 60)]
    large = draw_tracks(frame, masks, None, [2], scale=3)
    assert large.shape == (180, 240, 3)
    assert np.abs(large[60:63, 120].astype(int) - colour(2)).max() < 60
    assert draw_tracks(frame, masks, None, [2], scale=0.5).shape == (30, 40, 3)


def test_masks_of_another_size_are_brought_to_the_frame(frame):
    same = draw_tracks(frame, [rle(20, 40, 20, 60)], None, [0])
    half = draw_tracks(frame, [rle(10, 20, 10, 30, (30, 40))], np.array([[20, 20, 60, 40]]), [0])
    assert changed(same, half).mean() < 0.03


@pytest.mark.parametrize("box", [(0, 0, 10, 8), (70, 52, 80, 60), (0, 0, 80, 60)])
def test_captions_stay_in_the_frame_wherever_the_object_is(frame, box):
    x1, y1, x2, y2 = box
    boxes = np.array([box], float)
    plain = draw_tracks(frame, [rle(y1, y2, x1, x2)], boxes, [0])
    written = draw_tracks(frame, [rle(y1, y2, x1, x2)], boxes, [0], ["cat 0.9"])
    assert changed(plain, written).sum() > 100


def test_captions_do_not_cover_each_other(frame):
    masks, size = [rle(40, 70, 40, 90, (120, 160))] * 2, (120, 160)
    picture = np.zeros((*size, 3), np.uint8)
    out = draw_tracks(picture, masks, None, [0, 4], ["one", "two"])
    plates = [(out == colour(i)).all(-1) for i in (0, 4)]
    assert min(plate.sum() for plate in plates) > 100


def test_a_caption_wider_than_the_frame_is_cut(frame):
    draw_tracks(frame, [rle(0, 5, 0, 5)], None, [0], ["a very long name of a class that nobody would choose 0.99"])


def test_boxes_are_drawn_on_demand(frame):
    boxes = np.array([[5.0, 5, 75, 55]])
    out = draw_tracks(frame, [rle(25, 30, 25, 30)], boxes, [5], with_boxes=True)
    assert (out[5, 5:75] == colour(5)).all()


def test_readable_scale():
    assert readable_scale(720, 1280) == readable_scale(240, 320) == 1
    assert readable_scale(96, 128) == 3
    assert readable_scale(48, 64) == 5


@pytest.mark.parametrize(("x", "y"), [(-5, -5), (75, 55), (200, 200), (-500, 0), (10, 10)])
def test_text_is_cut_off_at_the_border(frame, x, y):
    before = frame.copy()
    put_text(frame, "word", x, y, 14, (255, 0, 0))
    width, height = text_size("word", 14)
    touched = np.argwhere(changed(before, frame))
    for row, column in touched:
        assert y <= row < y + height
        assert x <= column < x + width
    assert (len(touched) > 0) == (x > -width and x < 79 and y < 50)
