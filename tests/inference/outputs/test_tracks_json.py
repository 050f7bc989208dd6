"""Tracks as JSON."""

import json

import numpy as np

from mmvis_ext.inference import write_tracks
from mmvis_ext.structures import Track, VideoTracks, boxes_of, encode

CATEGORIES = [dict(id=7, name="disc"), dict(id=3, name="star")]


def video_tracks():
    masks = np.zeros((2, 48, 64), np.uint8)
    masks[0, 5:9, 3:30] = masks[1, 10:40, 20:50] = 1
    one, two = encode(masks)
    tracks = [
        Track(4, np.array([0.2, 0.6]), [one, None], boxes_of([one, None])),
        Track(0, np.array([0.9, 0.1]), [one, two], boxes_of([one, two])),
    ]
    return VideoTracks("clip", 48, 64, 2, tracks)


def test_everything_is_in_the_file(tmp_path):
    tracks = video_tracks()
    path = tmp_path / "deep" / "tracks.json"
    assert write_tracks(path, tracks, CATEGORIES, video="a.mp4", fps=5.0) == 2
    file = json.loads(path.read_text())
    assert (file["video"], file["fps"], file["width"], file["height"], file["length"]) == ("a.mp4", 5.0, 64, 48, 2)
    assert file["categories"] == CATEGORIES
    first, second = file["tracks"]
    assert (first["id"], first["category_id"], first["category"], first["score"]) == (0, 7, "disc", 0.9)
    assert (second["id"], second["category_id"], second["category"], second["score"]) == (4, 3, "star", 0.6)
    assert first["segmentations"] == tracks.tracks[1].segmentations
    assert first["boxes"] == [[3, 5, 30, 9], [20, 10, 50, 40]]
    assert second["segmentations"][1] is None
    assert second["boxes"] == [[3, 5, 30, 9], None]


def test_low_scores_are_left_out(tmp_path):
    path = tmp_path / "tracks.json"
    assert write_tracks(path, video_tracks(), CATEGORIES, 0.9) == 1
    assert [t["id"] for t in json.loads(path.read_text())["tracks"]] == [0]
    assert write_tracks(path, video_tracks(), CATEGORIES, 0.91) == 0
    assert json.loads(path.read_text())["tracks"] == []
