"""A held-out split: whole videos, every class on both sides, the same on any machine."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from mmvis_ext.annotations.splitting import hold_out, split_annotation_file
from mmvis_ext.annotations.youtube_vis import read_annotation_file
from mmvis_ext.utils.errors import InputError


def official(shows: np.ndarray, repeat: int = 1) -> dict:
    """A file with one track (or ``repeat``) of each class that a video shows."""
    videos = [
        dict(id=i, height=4, width=6, length=1, file_names=[f"{i}/0.jpg"], date_captured="x") for i in range(len(shows))
    ]
    pairs = [(int(v), int(k)) for v, k in np.argwhere(shows) for _ in range(repeat)]
    annotations = [
        dict(id=i, video_id=v, category_id=k + 1, segmentations=[dict(size=[4, 6], counts=[3, 5, 16])], note="kept")
        for i, (v, k) in enumerate(pairs)
    ]
    categories = [dict(id=k + 1, name=f"class {k}", supercategory="s") for k in range(shows.shape[1])]
    return dict(info=dict(version="1"), videos=videos, annotations=annotations, categories=categories, licenses=[])


def coco_vid(data: dict) -> dict:
    images = [
        dict(id=100 + v["id"], video_id=v["id"], frame_id=0, file_name=v["file_names"][0], height=4, width=6)
        for v in data["videos"]
    ]
    annotations = [
        dict(
            id=a["id"], image_id=100 + a["video_id"], instance_id=a["id"], category_id=a["category_id"],
            segmentation=a["segmentations"][0],
        )
        for a in data["annotations"]
    ]  # fmt: skip
    videos = [dict(id=v["id"]) for v in data["videos"]]
    return dict(data, videos=videos, images=images, annotations=annotations)


@pytest.fixture
def write(tmp_path):
    def to_file(data: dict, name: str = "train.json") -> Path:
        (tmp_path / name).write_text(json.dumps(data))
        return tmp_path / name

    return to_file


def membership(videos: int, classes: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.random((videos, classes)) < rng.uniform(0.02, 0.3, classes)


def missing(shows: np.ndarray, held_out: list[int]) -> int:
    """Classes of two or more videos that one side lacks."""
    there, total = shows[held_out].sum(0), shows.sum(0)
    return int(((total > 1) & ((there == 0) | (there == total))).sum())


@pytest.mark.parametrize("form", [lambda d: d, coco_vid], ids=["official", "coco_vid"])
def test_every_entry_goes_to_one_side_as_it_stands(form, write):
    data = form(official(membership(30, 4, 0), repeat=2))
    split = split_annotation_file(write(data), 0.2)
    assert len(split.val["videos"]) == 6
    for key in ("videos", "images", "annotations"):
        parts = split.train.get(key, []) + split.val.get(key, [])
        assert sorted(parts, key=lambda e: e["id"]) == data.get(key, [])
    for part in (split.train, split.val):
        assert list(part) == list(data)
        assert {k: part[k] for k in ("info", "categories", "licenses")} == {
            k: data[k] for k in ("info", "categories", "licenses")
        }
        read_annotation_file(write(part, "part.json"))  # whole in itself


def test_both_forms_are_split_alike(write):
    data = official(membership(30, 4, 1))
    one, other = (split_annotation_file(write(d), 0.2, seed=3) for d in (data, coco_vid(data)))
    assert [v["id"] for v in one.val["videos"]] == [v["id"] for v in other.val["videos"]]
    assert one.classes == other.classes


def test_proportions():
    shows = membership(400, 12, 2)
    held_out = hold_out(shows, 0.15, 0)
    assert len(held_out) == pytest.approx(60, abs=1)
    assert missing(shows, held_out) == 0
    np.testing.assert_allclose(shows[held_out].sum(0), np.maximum(1, 0.15 * shows.sum(0)), atol=1.0)


@pytest.mark.parametrize("seed", range(25))
def test_no_class_is_missing_where_that_is_possible(seed):
    """Against all splits of a small set."""
    rng = np.random.default_rng(seed)
    shows = rng.random((rng.integers(2, 8), rng.integers(1, 7))) < rng.choice([0.2, 0.4, 0.6])
    splits = [c for n in range(1, len(shows)) for c in itertools.combinations(range(len(shows)), n)]
    assert missing(shows, hold_out(shows, 0.15, seed)) == min(missing(shows, list(c)) for c in splits)


def test_the_same_seed_gives_these_videos_on_any_machine():
    shows = np.arange(60).reshape(20, 3) * 7919 % 5 < 2
    assert hold_out(shows, 0.25, 0) == [1, 4, 8, 10, 12]
    assert hold_out(shows, 0.25, 1) == [2, 11, 15, 18, 19]


@pytest.mark.parametrize("data", [dict(annotations=None), {}])
def test_a_file_without_annotations(data, write):
    content = official(membership(10, 2, 0))
    del content["annotations"]
    split = split_annotation_file(write(content | data), 0.3)
    assert (len(split.train["videos"]), len(split.val["videos"])) == (7, 3)


def test_videos_without_objects_are_spread_too():
    shows = np.zeros((40, 1), bool)
    shows[:20] = True
    assert sum(i >= 20 for i in hold_out(shows, 0.2, 0)) == 4


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.pop("videos"), "has no 'videos'"),
        (lambda d: d["videos"][3].pop("id"), r"videos\[3\]: the field 'id' is missing"),
        (lambda d: d["videos"].__delitem__(slice(1, None)), "is not in the file"),
        (lambda d: d.update(videos=d["videos"][:1], annotations=[]), "at least two are needed"),
        (lambda d: d["annotations"][0].update(video_id=77), "annotation 0: video_id 77"),
        (lambda d: d["annotations"][1].pop("category_id"), "annotation 1: the field 'category_id'"),
        (lambda d: d.update(annotations=[1]), r"annotations\[0\]"),
        (lambda d: d["annotations"][1]["segmentations"][0].update(size=[6, 4]), "annotation 1, frame 0"),
        (lambda d: d["annotations"][1].update(category_id=9), "category_id 9"),
        (lambda d: d["annotations"].append(d["annotations"][0]), "annotation id 0 occurs twice"),
        (lambda d: d["videos"][2].update(file_names=[], length=0), "video 2: 'file_names'"),
    ],
)
def test_bad_files(change, said, write):
    data = official(membership(10, 2, 0))
    change(data)
    with pytest.raises(InputError, match=said):
        split_annotation_file(write(data))


@pytest.mark.parametrize(("fraction", "seed"), [(0, 0), (1, 0), (0.1, -1)])
def test_bad_numbers(fraction, seed, write):
    with pytest.raises(InputError):
        split_annotation_file(write(official(membership(10, 2, 0))), fraction, seed)
