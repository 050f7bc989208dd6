"""The CocoVID form of a file says what the official one says."""

import json
from pathlib import Path

import numpy as np
import pytest

from mmvis_ext.annotations.converters import official_to_coco_vid
from mmvis_ext.annotations.youtube_vis import read_annotation_file
from mmvis_ext.structures.rle import encode
from mmvis_ext.utils.errors import InputError

REAL = Path(__file__).parents[3] / "shared/real/youtube_vis_2019/train.json"
H, W = 12, 20
BOX = [2.7, 1.9, 6.1, 4.3]


def blob(x: int, y: int) -> np.ndarray:
    mask = np.zeros((1, H, W), np.uint8)
    mask[:, y : y + 4, x : x + 5] = 1
    return mask


def uncompressed(mask: np.ndarray) -> dict:
    flat = mask[0].flatten(order="F")
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flat]))).tolist()
    counts = np.diff([0, *edges, flat.size]).tolist()
    return dict(size=[H, W], counts=counts)


def official() -> dict:
    """Two videos with gaps, a track id 0, all three forms of a mask, a crowd, and a video without objects."""
    videos = [
        dict(id=7, width=W, height=H, length=4, file_names=[f"a/{t:05d}.jpg" for t in range(4)], license=1),
        dict(id=3, width=W, height=H, length=3, file_names=[f"b/{t:05d}.jpg" for t in range(3)]),
        dict(id=5, width=W, height=H, length=2, file_names=["c/0.jpg", "c/1.jpg"]),
    ]
    late = [None, None, uncompressed(blob(1, 1)), uncompressed(blob(2, 1))]
    early = [encode(blob(3, 2))[0], None, None, None]
    polygon = [[[4, 3, 9, 3, 9, 8, 4, 8]], None, [[4, 3, 9, 3, 9, 8]]]
    crowd = [None, encode(blob(8, 5))[0], None]
    annotations = [
        dict(id=12, video_id=7, category_id=9, iscrowd=0, segmentations=late),
        dict(id=0, video_id=7, category_id=2, iscrowd=0, segmentations=early, bboxes=[BOX, None, None, None]),
        dict(id=4, video_id=3, category_id=9, iscrowd=0, segmentations=polygon),
        dict(id=5, video_id=3, category_id=2, iscrowd=1, segmentations=crowd),
    ]  # fmt: skip
    categories = [dict(id=9, name="cat", supercategory="object"), dict(id=2, name="dog")]
    return dict(info=dict(year=2019), categories=categories, videos=videos, annotations=annotations)


def write(path: Path, data: dict) -> Path:
    path.write_text(json.dumps(data))
    return path


def assert_same(one: Path, other: Path) -> None:
    a, b = read_annotation_file(one), read_annotation_file(other)
    assert a.categories == b.categories
    assert [v.id for v in a.videos] == [v.id for v in b.videos]
    for v, w in zip(a.videos, b.videos, strict=True):
        assert (v.height, v.width, v.file_names) == (w.height, w.width, w.file_names)
        if v.tracks is None:
            assert w.tracks is None
            continue
        assert [(t.id, t.category_id, t.iscrowd) for t in v.tracks] == [
            (t.id, t.category_id, t.iscrowd) for t in w.tracks
        ]
        for t, u in zip(v.tracks, w.tracks, strict=True):
            assert t.segmentations == u.segmentations
            np.testing.assert_array_equal(t.boxes, u.boxes)


@pytest.mark.parametrize("workers", [1, 2])
def test_both_forms_read_alike(workers, tmp_path):
    source = write(tmp_path / "official.json", official())
    data, unseen = official_to_coco_vid(source, workers=workers)
    assert unseen == []
    assert_same(source, write(tmp_path / "coco_vid.json", data))


def test_fields(tmp_path):
    data = official_to_coco_vid(write(tmp_path / "official.json", official()), workers=1).data
    assert data["categories"] == official()["categories"]
    assert data["info"] == dict(year=2019)
    assert data["videos"][0] == dict(name="a", id=7, width=W, height=H, length=4, license=1)
    assert data["images"][4] == dict(id=5, video_id=3, frame_id=0, file_name="b/00000.jpg", height=H, width=W)
    assert [i["id"] for i in data["images"]] == list(range(1, 10))
    assert [a["id"] for a in data["annotations"]] == list(range(1, len(data["annotations"]) + 1))
    first = data["annotations"][0]
    assert {k: v for k, v in first.items() if k != "segmentation"} == dict(
        id=1, video_id=7, image_id=3, instance_id=12, category_id=9, bbox=[1.0, 1.0, 5.0, 4.0], area=20, iscrowd=0
    )
    assert data["annotations"][2]["bbox"] == pytest.approx(BOX, abs=1e-5)


@pytest.mark.parametrize("hidden", [dict(annotations=None), dict()])
def test_a_split_without_annotations(hidden, tmp_path):
    content = {k: v for k, v in official().items() if k != "annotations"} | hidden
    source = write(tmp_path / "test.json", content)
    data, _ = official_to_coco_vid(source, workers=1)
    assert "annotations" not in data
    assert_same(source, write(tmp_path / "coco_vid.json", data))


def test_a_track_that_no_frame_shows_is_named(tmp_path):
    content = official()
    content["annotations"].append(dict(id=99, video_id=5, category_id=2, segmentations=[None, None]))
    conversion = official_to_coco_vid(write(tmp_path / "official.json", content), workers=1)
    assert conversion.unseen == [99]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.update(images=[]), "not an annotation file in the official form"),
        (lambda d: d["annotations"].append(d["annotations"][0]), "annotation id 12 occurs twice"),
        (lambda d: d["annotations"][1].update(video_id=8), "video_id 8"),
        (lambda d: d["annotations"][1].update(category_id=8), "annotation 0: category_id 8"),
        (lambda d: d["annotations"][0]["segmentations"].pop(), "annotation 12: 'segmentations' has 3 entries"),
        (lambda d: d["annotations"][0]["segmentations"][2]["counts"].pop(), "annotation 12, frame 2"),
        (lambda d: d["videos"][1].update(id=7), "video id 7 occurs twice"),
    ],
)
@pytest.mark.parametrize("workers", [1, 2])
def test_bad_input(change, said, workers, tmp_path):
    content = official()
    change(content)
    with pytest.raises(InputError, match=said):
        official_to_coco_vid(write(tmp_path / "official.json", content), workers=workers)


@pytest.mark.skipif(not REAL.exists(), reason="the real sequence in ../shared/real is not there")
def test_a_real_official_file(tmp_path):
    data, _ = official_to_coco_vid(REAL, workers=2)
    assert_same(REAL, write(tmp_path / "coco_vid.json", data))
