"""What is written is read again as it was, and a converted set trains."""

import json

import cv2
import numpy as np
import pytest
from small_file import CATEGORIES, HEIGHT, LENGTHS, TRACKS, WIDTH, official_file, rectangle

from mmvis_ext.annotations.formats import FORMATS, Source, official_json, read_labels, write_labels
from mmvis_ext.annotations.records import AnnotationFile, TrackAnnotation, VideoRecord
from mmvis_ext.annotations.youtube_vis import read_annotation_file, read_annotations
from mmvis_ext.structures import boxes_of, decode, encode
from mmvis_ext.utils.errors import InputError

WRITTEN = [name for name, form in FORMATS.items() if form.write]


def frames(root):
    for video, length in LENGTHS.items():
        (root / f"v{video}").mkdir(parents=True)
        for t in range(length):
            cv2.imwrite(str(root / f"v{video}/{t:05d}.jpg"), np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    return root


@pytest.fixture
def records():
    return read_annotations(official_file(), "train.json")


def expected():
    """(video's folder, class) and the masks of each track, from the way in which the small file is made."""
    names = {c["id"]: c["name"] for c in CATEGORIES}
    return {
        (f"v{video}", names[category], track): [
            rectangle(track, t) if t in shown else np.zeros((HEIGHT, WIDTH)) for t in range(LENGTHS[video])
        ]
        for track, _, video, category, shown in TRACKS
    }


def content(file):
    """What each video shows: for each track the class, whether it is a crowd, and its masks."""
    names = {c["id"]: c["name"] for c in file.categories}
    return {
        tuple(video.file_names): sorted(
            (names[t.category_id], t.iscrowd, decode(t.segmentations, HEIGHT, WIDTH).tobytes()) for t in video.tracks
        )
        for video in file.videos
    }


@pytest.mark.parametrize("name", WRITTEN)
def test_round_trip(name, records, tmp_path):
    out = tmp_path / "out"
    if name == "davis":  # there a pixel is of one object, and objects have no class
        corner = np.zeros((1, HEIGHT, WIDTH), np.uint8)
        corner[0, 20:, :3] = 1
        records.videos[0].tracks[1].segmentations[3:4] = encode(corner)
        records.categories = [dict(c, name="object") for c in records.categories]
    write_labels(name, records, out)
    read = read_labels(name, Source(out, frames(tmp_path / "frames")))
    assert content(read) == content(records)


def test_official_form(records, tmp_path):
    write_labels("youtube_vis", records, tmp_path / "a.json")
    data = json.loads((tmp_path / "a.json").read_text())
    masks = {(f"v{a['video_id']}", a["category_id"], a["id"]): a for a in data["annotations"]}
    names = {c["name"]: c["id"] for c in data["categories"]}
    for (video, name, track), frames_ in expected().items():
        entry = masks[video, names[name], track]
        for t, mask in enumerate(frames_):
            if not mask.any():
                assert entry["segmentations"][t] is entry["bboxes"][t] is entry["areas"][t] is None
                continue
            rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
            box = [columns[0], rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1]
            assert entry["bboxes"][t] == box
            assert entry["areas"][t] == mask.sum()
            np.testing.assert_array_equal(decode([entry["segmentations"][t]], HEIGHT, WIDTH)[0], mask)
    assert len(masks) == len(expected())


def video_of(*masks, ids=None, crowd=()):
    """A video with a track per (T, H, W) array."""
    rles = [[encode(frame[None])[0] if frame.any() else None for frame in track] for track in masks]
    tracks = [
        TrackAnnotation(i, 1, r, boxes_of(r), i in crowd)
        for i, r in zip(ids or range(1, len(rles) + 1), rles, strict=True)
    ]
    names = [f"a/{t}.jpg" for t in range(len(masks[0]))]
    return VideoRecord(1, *masks[0].shape[1:], names, list(range(len(names))), tracks)


def file_of(*videos):
    return AnnotationFile("a.json", [dict(id=1, name="dog")], list(videos))


def blocks(*boxes):
    out = np.zeros((len(boxes), 1, 12, 16), np.uint8)
    for mask, (x1, y1, x2, y2) in zip(out, boxes, strict=True):
        mask[0, y1:y2, x1:x2] = 1
    return out


def test_ids_that_occur_twice_are_renumbered():
    data = official_json(file_of(video_of(*blocks((0, 0, 4, 4))), video_of(*blocks((0, 0, 4, 4)))))
    assert [a["id"] for a in data["annotations"]] == [1, 2]
    data = official_json(file_of(video_of(*blocks((0, 0, 4, 4)), ids=[9])))
    assert [a["id"] for a in data["annotations"]] == [9]


def test_indexed_pngs_have_one_object_per_pixel(tmp_path, log):
    big, small, crowd = blocks((0, 0, 10, 10), (5, 5, 8, 8), (0, 0, 16, 2))
    write_labels("davis", file_of(video_of(big, small, crowd, crowd=[3])), tmp_path / "out")
    from mmvis_ext.annotations.index_png import read_index_map

    want = np.zeros((12, 16), np.uint8)
    want[0:2, 0:16] = 255
    want[0:10, 0:10] = 1
    want[5:8, 5:8] = 2
    np.testing.assert_array_equal(read_index_map(tmp_path / "out/a/0.png"), want)
    assert "frames in which masks overlap, whose pixels go to the smaller one: 1." in log.text


def test_yolo_fills_holes_and_writes_each_part(tmp_path, log):
    ring, parts = blocks((1, 1, 9, 9), (0, 0, 3, 3))
    ring[0, 4:6, 4:6] = 0
    parts[0, 8:10, 10:14] = 1
    (tmp_path / "frames/a").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "frames/a/0.jpg"), np.zeros((12, 16, 3), np.uint8))
    write_labels("yolo", file_of(video_of(ring, parts)), tmp_path / "out")
    assert len((tmp_path / "out/a/0.txt").read_text().splitlines()) == 3
    read = read_labels("yolo", Source(tmp_path / "out", tmp_path / "frames"))
    full = ring[0].copy()
    full[4:6, 4:6] = 1
    masks = [decode(track.segmentations, 12, 16)[0] for track in read.videos[0].tracks]
    np.testing.assert_array_equal(masks, [full, parts[0]])
    assert "holes in masks, which are filled, since a polygon has none: 1." in log.text


def test_crowds_of_mots(tmp_path):
    (tmp_path / "frames/a").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "frames/a/0.jpg"), np.zeros((12, 16, 3), np.uint8))
    write_labels("mots", file_of(video_of(*blocks((0, 0, 4, 4), (6, 0, 9, 9)), crowd=[2])), tmp_path / "out")
    assert [row.split()[1:3] for row in (tmp_path / "out/a.txt").read_text().splitlines()] == [
        ["1001", "1"],
        ["10002", "10"],
    ]
    read = read_labels("mots", Source(tmp_path / "out", tmp_path / "frames"))
    assert [track.iscrowd for track in read.videos[0].tracks] == [False, True]
    assert read.categories == [dict(id=1, name="dog")]


def boxes_alone():
    return file_of(VideoRecord(1, 8, 8, ["a/0.jpg"], [0], [TrackAnnotation(1, 1, [], np.array([[0.0, 0, 4, 4]]))]))


@pytest.mark.parametrize("name", [name for name in WRITTEN if name != "youtube_vis"])
def test_boxes_alone_are_refused_by_forms_of_masks(name, tmp_path):
    with pytest.raises(InputError, match="tracks of boxes alone"):
        write_labels(name, boxes_alone(), tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_boxes_alone_in_the_official_form(tmp_path):
    write_labels("youtube_vis", boxes_alone(), tmp_path / "a.json")
    track = read_annotation_file(tmp_path / "a.json", as_boxes=True).videos[0].tracks[0]
    assert (track.segmentations, track.boxes.tolist()) == ([], [[0, 0, 4, 4]])


BROKEN = {
    "outside": ("yolo", ["../b/0.jpg"], 1, "leads out of the folder"),
    "twice": ("yolo", ["a/0.jpg", "a/0.png"], 1, "two frames have the same name without its ending"),
    "many in a PNG": ("davis", ["a/0.jpg"], 255, "has 255 tracks, but an indexed PNG holds up to 254"),
    "many in MOTS": ("mots", ["a/0.jpg"], 1000, "has 1000 tracks; MOTS holds up to 999"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_cannot_be_written(what, tmp_path):
    name, names, number, said = BROKEN[what]
    rle = encode(np.ones((1, 4, 4), np.uint8))[0]
    tracks = [TrackAnnotation(i, 1, [rle] * len(names), np.zeros((len(names), 4))) for i in range(number)]
    with pytest.raises(InputError, match=said) as error:
        write_labels(name, file_of(VideoRecord(1, 4, 4, names, [0] * len(names), tracks)), tmp_path / "out")
    assert str(error.value).endswith(".")
    assert not list(tmp_path.iterdir())


def test_a_format_that_is_only_read(tmp_path):
    with pytest.raises(InputError, match="The format cvat is only read; write one of youtube_vis, coco, yolo"):
        write_labels("cvat", boxes_alone(), tmp_path / "out")
