"""Each format of the same small video gives the same masks, and boxes where it has boxes alone."""

import json

import numpy as np
import pytest
import small_labels as small
from PIL import Image
from pycocotools import mask as coco_mask

from mmvis_ext.annotations.formats import FORMATS, Source, read_labels
from mmvis_ext.annotations.index_png import index_png


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text if isinstance(text, str) else json.dumps(text))
    return path


def davis(root, grey=False):
    (root / "dog").mkdir(parents=True)
    for t in range(small.LENGTH):
        path = root / f"dog/{t:05d}.png"
        if grey:
            Image.fromarray(small.index_map(t)).save(path)
        else:
            path.write_bytes(index_png(small.index_map(t)))
    return root


def mots_text(root, first=0):
    rows = []
    for track, t in small.shown():
        rle = coco_mask.encode(np.asfortranarray(small.mask(track, t)))["counts"].decode()
        kind = {1: 1, 7: 2}[track]
        rows.append(f"{t + first} {kind * 1000 + track} {kind} {small.HEIGHT} {small.WIDTH} {rle}\n")
    return write(root / "dog.txt", "".join(rows)).parent


def mots_pngs(root):
    (root / "dog").mkdir(parents=True)
    for t in range(small.LENGTH):
        numbers = sum({1: 1001, 7: 2007}[track] * small.mask(track, t).astype(np.uint16) for track in small.BOXES)
        Image.fromarray(numbers.astype(np.uint16)).save(root / f"dog/{t:05d}.png")
    return root


def bdd100k(root):
    (root / "dog").mkdir(parents=True)
    for t in range(small.LENGTH):
        pixels = np.zeros((small.HEIGHT, small.WIDTH, 4), np.uint8)
        for track, (kind, number) in {1: (3, 1), 7: (8, 2 * 256 + 7)}.items():
            pixels[small.mask(track, t).astype(bool)] = (kind, 0b1100, number // 256, number % 256)
        Image.fromarray(pixels).save(root / f"dog/dog-{t:07d}.png")
    return root


def cvat_folder(root):
    return write(root / "dog/annotations.xml", small.cvat_video()).parents[1]


CASES = {  # format, how the labels are written, settings, whether frames are needed, classes of both tracks
    "labelme": ("labelme", small.labelme, {}, False, ("dog", "cat")),
    "cvat video": ("cvat", lambda r: write(r / "dog.xml", small.cvat_video()), {}, True, ("dog", "cat")),
    "cvat folder": ("cvat", cvat_folder, {}, True, ("dog", "cat")),
    "cvat images": ("cvat", lambda r: write(r / "a.xml", small.cvat_images()), {}, False, ("dog", "cat")),
    "coco": ("coco", lambda r: write(r / "a.json", small.coco()), {}, False, ("dog", "cat")),
    "coco by folder": (
        "coco",
        lambda r: write(r / "a.json", small.coco(False, "attributes")),
        {},
        False,
        ("dog", "cat"),
    ),
    "coco with instance_id": (
        "coco", lambda r: write(r / "a.json", small.coco(key="instance_id")), {}, False, ("dog", "cat")
    ),
    "yolo": ("yolo", small.yolo, {}, True, ("dog", "cat")),
    "yolo with confidence": ("yolo", lambda r: small.yolo(r, "0.9 "), {}, True, ("dog", "cat")),
    "mots": ("mots", mots_text, {}, True, ("car", "pedestrian")),
    "mots from 1": ("mots", lambda r: mots_text(r, 1), {"first": 1}, True, ("car", "pedestrian")),
    "mots pngs": ("mots", mots_pngs, {}, True, ("car", "pedestrian")),
    "mots with classes": ("mots", mots_text, {"classes": ["dog", "cat"]}, True, ("dog", "cat")),
    "bdd100k": ("bdd100k", bdd100k, {}, True, ("car", "bicycle")),
    "davis": ("davis", davis, {}, True, ("object", "object")),
    "davis, grey": ("davis", lambda r: davis(r, True), {}, True, ("object", "object")),
    "davis, named": ("davis", davis, {"classes": ["dog"]}, True, ("dog", "dog")),
}  # fmt: skip


def names_of(file):
    names = {c["id"]: c["name"] for c in file.categories}
    return [names[track.category_id] for video in file.videos for track in video.tracks]


@pytest.mark.parametrize("what", CASES)
def test_masks(what, tmp_path):
    name, labels, settings, needs_frames, classes = CASES[what]
    frames = small.frames(tmp_path / "frames", first=settings.pop("first", 0)) if needs_frames else None
    file = read_labels(name, Source(labels(tmp_path / "labels"), frames, **settings))
    (video,) = file.videos
    assert (video.height, video.width, len(video.file_names)) == (small.HEIGHT, small.WIDTH, small.LENGTH)
    assert all(n.startswith("dog/0000") and n.endswith(".jpg") for n in video.file_names)
    assert video.file_names == sorted(video.file_names)
    assert names_of(file) == list(classes)
    for track, expected in zip(video.tracks, small.BOXES, strict=True):
        for t in range(small.LENGTH):
            mask = track.segmentations[t]
            got = np.zeros((small.HEIGHT, small.WIDTH)) if mask is None else coco_mask.decode(mask)
            np.testing.assert_array_equal(got, small.mask(expected, t), f"track {expected}, frame {t}")
        boxes = [small.BOXES[expected].get(t, (0, 0, 0, 0)) for t in range(small.LENGTH)]
        np.testing.assert_array_equal(track.boxes, boxes)


def test_track_ids_stay_where_they_are_numbers(tmp_path):
    for name, source in (
        ("labelme", Source(small.labelme(tmp_path / "a"))),
        ("davis", Source(davis(tmp_path / "b"), small.frames(tmp_path / "frames"))),
        ("yolo", Source(small.yolo(tmp_path / "c"), tmp_path / "frames")),
    ):
        assert [track.id for track in read_labels(name, source).videos[0].tracks] == [1, 7]


@pytest.mark.parametrize("fill", [False, True])
def test_boxes_of_label_studio(fill, tmp_path):
    path = write(tmp_path / "a.json", small.label_studio())
    file = read_labels("label_studio", Source(path, small.frames(tmp_path / "frames"), fill_boxes=fill))
    for track, expected in zip(file.videos[0].tracks, small.BOXES, strict=True):
        boxes = [small.BOXES[expected].get(t, (0, 0, 0, 0)) for t in range(small.LENGTH)]
        np.testing.assert_allclose(track.boxes, boxes, atol=1e-9)
        assert bool(track.segmentations) == fill
        for t in range(small.LENGTH) if fill else ():
            mask = track.segmentations[t]
            got = np.zeros((small.HEIGHT, small.WIDTH)) if mask is None else coco_mask.decode(mask)
            np.testing.assert_array_equal(got, small.mask(expected, t))
    assert names_of(file) == ["dog", "cat"]


def test_ids_and_crowds_of_bdd100k(tmp_path):
    labels = bdd100k(tmp_path / "labels")
    source = Source(labels, small.frames(tmp_path / "frames"))
    assert [(k.id, k.iscrowd) for k in read_labels("bdd100k", source).videos[0].tracks] == [(1, False), (519, False)]
    for bit in (1, 2):  # ignored, crowd
        for path in (labels / "dog").iterdir():
            pixels = np.array(Image.open(path))
            pixels[pixels[..., 0] == 3, 1] = bit
            Image.fromarray(pixels).save(path)
        assert [k.iscrowd for k in read_labels("bdd100k", source).videos[0].tracks] == [True, False]


def test_every_format_that_is_read_is_tried_here():
    tried = {name for name, *_ in CASES.values()} | {"label_studio"}
    assert tried | {"youtube_vis", "cells"} == set(FORMATS)  # these two have tests of their own
