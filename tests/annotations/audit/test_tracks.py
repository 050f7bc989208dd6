"""What is odd about tracks is found, and what is not odd is not."""

import numpy as np

from mmvis_ext.annotations.audit.classes import ClassShare, class_findings, class_shares, part_findings
from mmvis_ext.annotations.audit.findings import KINDS, Finding, findings_json, findings_text
from mmvis_ext.annotations.audit.tracks import track_findings
from mmvis_ext.annotations.records import AnnotationFile, TrackAnnotation, VideoRecord
from mmvis_ext.structures import boxes_of, encode

HEIGHT, WIDTH = 40, 60


def track(number, places, size=(6, 8), boxes=None, masks=True, crowd=False):
    """A rectangle of (height, width) at (x, y) in each frame, ``None`` where it is absent."""
    rles, own = [], np.zeros((len(places), 4))
    for t, place in enumerate(places):
        mask = np.zeros((1, HEIGHT, WIDTH), np.uint8)
        if place is not None:
            x, y = place
            mask[0, y : y + size[0], x : x + size[1]] = 1
            own[t] = x, y, x + size[1], y + size[0]
        rles.append(encode(mask)[0] if mask.any() else None)
    if masks:
        own = boxes_of(rles).astype(float) if boxes is None else np.array(boxes, float)
    return TrackAnnotation(number, 1, rles if masks else [], own, crowd)


def found(*tracks):
    length = len(tracks[0].boxes) if tracks else 2
    video = VideoRecord(4, HEIGHT, WIDTH, [f"a/{t}.jpg" for t in range(length)], list(range(length)), list(tracks))
    return [(f.kind, f.tracks, f.frames) for f in track_findings(video)]


def test_nothing_is_odd():
    assert found(track(1, [(2, 2), (5, 2), None, (20, 20)]), track(2, [(30, 20), (36, 22), (40, 22), (44, 22)])) == []
    assert found(track(1, [(2, 2)])) == []  # a video of one frame has tracks of one frame
    video = VideoRecord(1, HEIGHT, WIDTH, ["a/0.jpg"], [0], tracks=None)
    assert track_findings(video) == []


def test_videos_and_tracks_without_content():
    assert found() == [("no_tracks", (), ())]
    assert found(track(1, [None, None]), track(2, [None, (3, 3)])) == [
        ("empty_track", (1,), ()),
        ("short_track", (2,), (1,)),
    ]


def test_jumps():
    # the box is 8 long: 8 pixels are no jump, 9 are; over a gap nothing is said
    assert found(track(1, [(2, 2), (10, 2), (19, 2), None, (50, 30)])) == [("jump", (1,), (1, 2))]
    assert found(track(1, [(2, 2), (2, 12), (2, 13)], masks=False)) == [("jump", (1,), (0, 1))]


def test_an_exchange_is_no_jump():
    a, b = [(2, 2), (3, 2), (41, 20), (41, 21)], [(40, 20), (40, 20), (3, 3), (4, 3)]
    assert found(track(1, a), track(2, b)) == [("swap", (1, 2), (1, 2))]
    # passing each other slowly is none
    left, right = [[(x, 10) for x in xs] for xs in (range(10, 26, 4), range(24, 8, -4))]
    assert found(track(1, left), track(2, right)) == []


def test_twins():
    places = [(2, 2), (4, 2), (6, 2)]
    assert found(track(1, places), track(2, places), track(3, [(30, 30)] * 3)) == [("duplicate_track", (1, 2), (0,))]
    assert found(track(1, places, masks=False), track(2, places, masks=False)) == [("duplicate_track", (1, 2), (0,))]
    # half of the frames are no twin, and a crowd is none
    assert found(track(1, places), track(2, [places[0], places[1], (40, 30)]))[-1][0] != "duplicate_track"
    assert found(track(1, places), track(2, places, crowd=True)) == []


def test_boxes_unlike_masks():
    boxes = [[2, 2, 10, 8], [2, 2, 6, 5], [2, 2, 40, 30]]  # the second and third overlap by 1/4 and 48/1064
    assert found(track(1, [(2, 2)] * 3, boxes=boxes)) == [("box_unlike_mask", (1,), (2,))]
    assert found(track(1, [(2, 2)] * 3, boxes=[[2, 2, 10, 6]] * 3)) == []  # 2/3


def file_of(numbers):
    """A file with so many tracks of each class, in one video each."""
    categories = [dict(id=i, name=name) for i, name in enumerate(numbers, 1)]
    videos = []
    for category in categories:
        tracks = [track(i, [(2, 2), None]) for i in range(numbers[category["name"]])]
        for one in tracks:
            one.category_id = category["id"]
        videos.append(VideoRecord(category["id"], HEIGHT, WIDTH, ["a/0.jpg", "a/1.jpg"], [0, 1], tracks))
    return AnnotationFile("a.json", categories, videos)


def test_classes():
    shares = class_shares(file_of(dict(dog=6, cat=2, fox=0, owl=0)))
    assert shares[:3] == [ClassShare("dog", 1, 6, 6), ClassShare("cat", 1, 2, 2), ClassShare("fox", 0, 0, 0)]
    assert [f.text for f in class_findings(shares)] == [
        "the class 'cat' has 2 tracks in 1 videos.",
        "2 of 4 classes have no track (fox, owl).",
    ]
    many = [ClassShare("dog", 9, 900, 9), ClassShare("cat", 9, 8, 9), ClassShare("fox", 9, 9, 9)]
    assert [f.text for f in class_findings(many)] == ["the class 'cat' has 8 tracks in 9 videos."]


def test_classes_of_one_part():
    train, val = (class_shares(file_of(n)) for n in (dict(dog=6, cat=6), dict(dog=6, cat=0)))
    assert [f.text for f in part_findings(train, val)] == ["the class 'cat' has tracks in train alone."]
    assert part_findings(train, train) == []
    (other,) = part_findings(train, train[::-1])
    assert "in another order" in other.text


def test_report():
    assert findings_text([]) == "Nothing was found."
    finds = [Finding("jump", f"jump {i}.", i) for i in range(4)] + [Finding("missing_frames", "gone.", part="val")]
    assert findings_text(finds, most=2).splitlines() == [
        f"missing_frames (1): {KINDS['missing_frames']}",
        "  val: gone.",
        f"jump (4): {KINDS['jump']}",
        "  train: jump 3.",
        "  train: jump 2.",
        "  and 2 more",
    ]
    assert [f["text"] for f in findings_json(finds)] == ["gone.", "jump 3.", "jump 2.", "jump 1.", "jump 0."]
