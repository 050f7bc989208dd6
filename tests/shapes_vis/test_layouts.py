"""Five layouts, one truth."""

import io
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from mmvis_ext.shapes_vis import CATEGORIES, PRESETS, VideoTruth, render, sample_scene
from mmvis_ext.shapes_vis.layouts import encode_jpeg
from mmvis_ext.structures.rle import decode, to_rle

SPLITS = ("train", "val")
OVIS_SPLITS = {"train": "train", "val": "valid"}


def index_maps(path: Path) -> dict[str, np.ndarray]:
    """(T, H, W) of each video in a file of the official form: 0 is background, k + 1 the video's k-th track."""
    content = json.loads(path.read_text())
    out = {}
    for video in content["videos"]:
        height, width = video["height"], video["width"]
        maps = np.zeros((video["length"], height, width), dtype=np.uint8)
        tracks = [a for a in content["annotations"] if a["video_id"] == video["id"]]
        for k, track in enumerate(tracks):
            rles = [to_rle(s, height, width, "here") for s in track["segmentations"]]
            masks = decode(rles, height, width).astype(bool)
            assert not maps[masks].any()
            maps[masks] = k + 1
        out[video["file_names"][0].split("/")[0]] = maps
    return out


def true_maps(videos: list[VideoTruth]) -> dict[str, np.ndarray]:
    return {video.name: np.stack([video.index_map(t) for t in range(video.length)]) for video in videos}


def assert_same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> None:
    assert list(a) == list(b)
    for name in a:
        np.testing.assert_array_equal(a[name], b[name])


@pytest.mark.parametrize("split", SPLITS)
def test_all_layouts_decode_to_the_same_masks(tiny, tiny_truth, split):
    truth = true_maps(tiny_truth[split])
    assert_same(index_maps(tiny / f"youtube_vis/{split}.json"), truth)
    assert_same(index_maps(tiny / f"ovis/annotations_{OVIS_SPLITS[split]}.json"), truth)
    names = (tiny / f"davis/ImageSets/2017/{split}.txt").read_text().splitlines()
    folders = [tiny / "davis/Annotations_unsupervised/480p" / name for name in names]
    davis = {f.name: np.stack([np.array(Image.open(p)) for p in sorted(f.glob("*.png"))]) for f in folders}
    assert_same(davis, truth)


@pytest.mark.parametrize("split", SPLITS)
def test_youtube_vis_has_the_official_form(tiny, split):
    content = json.loads((tiny / f"youtube_vis/{split}.json").read_text())
    assert set(content) == {"info", "licenses", "videos", "categories", "annotations"}
    assert content["categories"] == list(CATEGORIES)
    assert [v["id"] for v in content["videos"]] == list(range(1, len(content["videos"]) + 1))
    assert [a["id"] for a in content["annotations"]] == list(range(1, len(content["annotations"]) + 1))
    videos = {video["id"]: video for video in content["videos"]}
    for video in videos.values():
        assert len(video["file_names"]) == video["length"]
        for name in video["file_names"]:
            with Image.open(tiny / f"youtube_vis/{split}/JPEGImages" / name) as image:
                assert image.size == (video["width"], video["height"])
    for track in content["annotations"]:
        video = videos[track["video_id"]]
        assert set(track) == {
            *("id", "video_id", "category_id", "iscrowd", "width", "height", "length"),
            *("segmentations", "bboxes", "areas"),
        }
        assert track["category_id"] in {c["id"] for c in CATEGORIES}
        assert (track["width"], track["height"], track["length"]) == (video["width"], video["height"], video["length"])
        for segmentation, box, area in zip(track["segmentations"], track["bboxes"], track["areas"], strict=True):
            if segmentation is None:
                assert box is None
                assert area is None
                continue
            assert isinstance(segmentation["counts"], list)
            rle = to_rle(segmentation, video["height"], video["width"], "here")
            assert box == coco_mask.toBbox(rle).tolist()
            assert area == coco_mask.area(rle)


def test_ovis_has_compressed_masks_and_its_own_names(tiny):
    for split, folder in OVIS_SPLITS.items():
        content = json.loads((tiny / f"ovis/annotations_{folder}.json").read_text())
        for video in content["videos"]:
            assert video["file_names"][0].endswith("/img_0000001.jpg")
            assert all((tiny / "ovis" / folder / name).is_file() for name in video["file_names"])
        counts = [s["counts"] for a in content["annotations"] for s in a["segmentations"] if s is not None]
        assert all(isinstance(c, str) for c in counts)
        levels = {level for a in content["annotations"] for level in a["occlusion"]}
        assert levels <= {None, "no_occlusion", "slight_occlusion", "severe_occlusion"}
        assert len(levels) > 2 or split == "val"


def test_davis_has_palettes_and_lists(tiny):
    for path in (tiny / "davis/Annotations_unsupervised/480p").glob("*/*.png"):
        with Image.open(path) as image:
            assert image.mode == "P"
            assert image.getpalette()[:15] == [0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0, 0, 0, 128]
        assert (tiny / "davis/JPEGImages/480p" / path.parent.name / f"{path.stem}.jpg").is_file()
    assert len((tiny / "davis/ImageSets/2017/train.txt").read_text().split()) == 4
    assert len((tiny / "davis/ImageSets/2017/val.txt").read_text().split()) == 2


@pytest.mark.parametrize("split", SPLITS)
def test_imagenet_vid_boxes_are_those_of_the_masks(tiny, tiny_truth, split):
    synsets = [f"n{c['id']:08d}" for c in CATEGORIES]
    listed = (tiny / f"imagenet_vid/ImageSets/VID/{split}.txt").read_text().splitlines()
    frames = [(video, t) for video in tiny_truth[split] for t in range(video.length)]
    occluded = set()
    for number, (line, (video, t)) in enumerate(zip(listed, frames, strict=True), 1):
        assert line == f"{video.name}/{t:06d} {number}"
        assert (tiny / f"imagenet_vid/Data/VID/{split}/{video.name}/{t:06d}.JPEG").is_file()
        root = ET.parse(tiny / f"imagenet_vid/Annotations/VID/{split}/{video.name}/{t:06d}.xml").getroot()
        assert [root.findtext("size/width"), root.findtext("size/height")] == [str(video.width), str(video.height)]
        boxes = {}
        for item in root.iter("object"):
            left, top, right, bottom = (int(item.findtext(f"bndbox/{k}")) for k in ("xmin", "ymin", "xmax", "ymax"))
            assert 0 <= left < right <= video.width
            assert 0 <= top < bottom <= video.height
            k = int(item.findtext("trackid"))
            boxes[k] = [left, top, right - left, bottom - top]
            assert synsets.index(item.findtext("name")) == video.tracks[k].label
            occluded.add(item.findtext("occluded"))
        assert boxes == {k: track.boxes[t] for k, track in enumerate(video.tracks) if track.boxes[t] is not None}
    assert occluded == {"0", "1"} or split == "val"


@pytest.mark.parametrize("split", SPLITS)
def test_coco_reads_the_stills(tiny, split, capsys):
    coco = COCO(str(tiny / f"coco/{split}.json"))
    capsys.readouterr()
    assert len(coco.imgs) == PRESETS["tiny"].stills[split]
    assert coco.anns
    for image in coco.imgs.values():
        with Image.open(tiny / "coco" / split / image["file_name"]) as picture:
            pixels = np.array(picture).astype(int)
        assert pixels.shape[:2] == (image["height"], image["width"])
        taken = np.zeros(pixels.shape[:2], dtype=int)
        for ann in coco.loadAnns(coco.getAnnIds(image["id"])):
            mask = coco.annToMask(ann)
            taken += mask
            assert ann["area"] == mask.sum()
            assert ann["bbox"] == coco_mask.toBbox(coco.annToRLE(ann)).tolist()
            assert np.ptp(pixels[mask > 0], axis=-1).mean() > 80
        assert taken.max() <= 1


def test_stills_are_other_scenes_than_the_videos(tiny):
    def mean_colours(pattern: str) -> set[tuple]:
        return {tuple(np.array(Image.open(p)).mean(axis=(0, 1)).round(1)) for p in tiny.glob(pattern)}

    assert not mean_colours("coco/*/*.jpg") & mean_colours("davis/JPEGImages/480p/*/*.jpg")


def test_frames_are_the_same_in_all_layouts_and_close_to_the_rendered_ones(tiny):
    frames = render(sample_scene(PRESETS["tiny"].knobs("val")[0], (0, 1, 0))).frames
    for t, frame in enumerate(frames):
        copies = {
            (tiny / path).read_bytes()
            for path in (
                f"youtube_vis/val/JPEGImages/shapes_val_0000/{t:05d}.jpg",
                f"ovis/valid/shapes_val_0000/img_{t + 1:07d}.jpg",
                f"davis/JPEGImages/480p/shapes_val_0000/{t:05d}.jpg",
                f"imagenet_vid/Data/VID/val/shapes_val_0000/{t:06d}.JPEG",
            )
        }
        assert copies == {encode_jpeg(frame)}
        decoded = np.array(Image.open(io.BytesIO(copies.pop()))).astype(int)
        assert np.abs(decoded - frame).mean() < 6


def test_text_files_have_plain_line_ends_and_no_blank_lines(tiny):
    for path in (p for p in tiny.rglob("*") if p.suffix in {".txt", ".xml", ".json"}):
        content = path.read_bytes()
        assert b"\r" not in content
        assert b"\n\n" not in content
        assert content.endswith(b"\n")
