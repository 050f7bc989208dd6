"""From annotations, tracks and detections to what is drawn."""

import numpy as np

from mmvis_ext.annotations.records import TrackAnnotation, VideoRecord
from mmvis_ext.structures import Track, VideoTracks, boxes_of, decode, encode
from mmvis_ext.structures.stream import Detections
from mmvis_ext.visualization import ShownTrack, shown_detections, shown_prediction, shown_truth, take_colours

SIZE = (20, 30)


def rle(x1, x2):
    mask = np.zeros((1, *SIZE), dtype=np.uint8)
    mask[0, 5:15, x1:x2] = 1
    return encode(mask)[0]


def shown(colour, *masks):
    return ShownTrack(colour, f"#{colour}", list(masks), boxes_of(masks))


def track(track_id, scores, *masks):
    return Track(track_id, np.array(scores), list(masks), boxes_of(masks))


def test_truth_takes_names_by_category_id_and_keeps_absence():
    masks = [rle(0, 5), None]
    video = VideoRecord(1, 8, 8, ["a", "b"], [0, 1], [TrackAnnotation(9, 7, masks, boxes_of(masks))])
    (one,) = shown_truth(video, [dict(id=2, name="disc"), dict(id=7, name="star")])
    assert one.caption == "star"
    assert one.masks[1] is None
    assert one.boxes.tolist() == [[0, 5, 5, 15], [0, 0, 0, 0]]


def test_prediction_leaves_out_what_scores_low_and_puts_the_best_first():
    tracks = VideoTracks(
        1, *SIZE, 1, [track(i, s, rle(0, 5)) for i, s in enumerate([(0.2, 0.5), (0.1, 0.2), (0.9, 0)])]
    )
    found = shown_prediction(tracks, ["disc", "star"], 0.3)
    assert [t.caption for t in found] == ["disc 0.90", "star 0.50"]
    assert [t.colour for t in found] == [2, 0]
    assert [t.caption for t in shown_prediction(tracks, ["disc", "star"], 0.5)] == ["disc 0.90", "star 0.50"]


def test_detections_are_captioned_with_the_window_s_best_class_over_visible_frames():
    visible = np.array([[True, False], [False, False], [True, True]])
    scores = np.array([[[0.4, 0.2], [0.0, 0.05]], [[0.9, 0.9]] * 2, [[0.3, 0.8], [0.3, 0.6]]])
    masks = [[rle(0, 5), None], [None, None], [rle(5, 9), rle(5, 9)]]
    detections = Detections([4, 5, 0], scores, np.zeros((3, 2, 4), np.float32), masks, visible)
    found = shown_detections(detections, ["disc", "star"], 0.3, (8, 8))
    assert [(t.colour, t.caption) for t in found] == [(4, "disc 0.40"), (0, "star 0.70")]
    detections.track_ids[0] = -1
    assert [t.colour for t in shown_detections(detections, ["disc", "star"], 0.3, (8, 8))] == [0]
    assert shown_detections(detections, ["disc", "star"], 0.75, (8, 8)) == []


def test_each_truth_s_colour_goes_to_the_track_that_overlaps_it_most():
    truth = [shown(0, rle(0, 10), rle(0, 10)), shown(1, rle(20, 30), None)]
    prediction = [
        shown(0, rle(20, 30), None),  # truth 1
        shown(1, rle(0, 9), rle(0, 9)),  # truth 0
        shown(2, rle(0, 5), None),  # a second one on truth 0
        shown(3, rle(12, 18), None),  # on nothing
    ]
    assert [t.colour for t in take_colours(prediction, truth)] == [1, 0, 2, 3]
    assert [t.colour for t in prediction] == [0, 1, 2, 3], "inputs are not changed"


def test_a_track_takes_its_best_truth_and_not_the_first():
    truth = [shown(0, rle(0, 10)), shown(1, rle(8, 20))]
    assert [t.colour for t in take_colours([shown(0, rle(6, 20))], truth)] == [1]


def test_a_track_on_nothing_takes_no_truth_s_colour():
    assert [t.colour for t in take_colours([shown(0, rle(12, 18))], [shown(0, rle(0, 5))])] == [1]


def test_without_truth_or_tracks():
    assert take_colours([], [shown(0, rle(0, 5))]) == []
    assert [t.colour for t in take_colours([shown(8, rle(0, 5)), shown(3, rle(0, 5))], [])] == [0, 1]


def test_boxes_alone_are_drawn_filled():
    categories = [dict(id=2, name="disc")]
    annotation = TrackAnnotation(1, 2, [], np.array([[1.0, 2.0, 4.0, 6.0], [0.0] * 4]))
    (truth,) = shown_truth(VideoRecord(1, 9, 8, ["a", "b"], [0, 1], [annotation]), categories)
    assert truth.boxes.tolist() == [[1, 2, 4, 6], [0, 0, 0, 0]]
    (mask, absent), expected = truth.masks, np.zeros((9, 8), np.uint8)
    expected[2:6, 1:4] = 1
    assert absent is None
    assert np.array_equal(decode([mask], 9, 8)[0], expected)
    scores = np.array([[[0.9], [0.9]]], np.float32)
    boxes = np.array([[[1, 2, 4, 6], [0, 0, 9, 9]]], np.float32)
    detections = Detections([3], scores, boxes, None, np.array([[True, False]]))
    (shown,) = shown_detections(detections, ["disc"], 0.3, (9, 8))
    assert shown.masks == [mask, None]
    track = Track(3, np.array([0.9]), None, boxes[0] * [[1], [0]])
    (predicted,) = shown_prediction(VideoTracks(1, 9, 8, 2, [track]), ["disc"], 0.3)
    assert predicted.masks == [mask, None]
