"""The training pipelines of the configs, run on small data, and their validation sets and measures."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.evaluator import Evaluator
from mmengine.structures import BaseDataElement

from mmvis_ext.annotations.records import VideoRecord
from mmvis_ext.datasets import Draw, VideoDrawSampler
from mmvis_ext.registry import DATASETS, METRICS
from mmvis_ext.structures import Track, VideoTracks, boxes_of, encode

FOLDER = Path(__file__).parents[2] / "configs/_base_/datasets"
CONFIGS = [p for p in sorted(FOLDER.glob("*.py")) if "train_dataloader" in p.read_text()]
MIXED = ("imagenet_vid", "youtube_vis_2019_coco", "youtube_vis_2021_coco")
THREE = ("ovis_3frames", "youtube_vis_2019_3frames", "youtube_vis_2021_3frames", *MIXED)


def load(name: str) -> Config:
    return Config.fromfile(FOLDER / f"{name}.py")


@pytest.fixture
def small(official, coco, frames, imagenet, davis, voc, cells, tmp_path):
    """Put small data in the place of what a data set's config names; all else stays."""
    davis.write_2016()
    for name, data in (("official", official), ("coco", coco)):
        (tmp_path / f"{name}.json").write_text(json.dumps(data))

    def change(cfg: dict) -> dict:
        for part in cfg.get("datasets", {}).values():
            change(part)
        kind = cfg["type"]
        if kind in ("ImageNetVIDDataset", "ImageNetDETDataset"):
            lists = "frames.txt" if cfg.get("test_mode") else "train_*.txt"
            cfg.update({k: v for k, v in imagenet.config(kind[8:11], lists).items() if k != "type"})
            cfg.pop("metainfo", None)  # ShapesVIS' classes in this layout
        elif kind in ("DAVISUnsupervisedDataset", "DAVIS2016Dataset"):
            cfg.update(data_root=str(davis.root))
        elif kind == "CellTrackingDataset":
            cfg.update(data_root=str(cells.root), border=3, frames=(2, 5) if cfg.get("test_mode") else (0, 3))
        elif kind == "VOCPseudoVideoDataset":
            cfg.update(data_root=str(voc.root), ann_file=str(voc.list))
        elif kind in ("YouTubeVISDataset", "ImagePseudoVideoDataset"):
            file = tmp_path / ("official.json" if kind == "YouTubeVISDataset" else "coco.json")
            cfg.update(ann_file=str(file), data_root="", data_prefix=dict(img_path=str(frames)))
        if "youtube_vis" in cfg.get("class_map", ""):
            cfg.class_map = {}
        if cfg.get("class_map") == "coco_moving":  # the small file has a few of COCO's classes alone
            cfg.class_map = "object"
        if "filter_cfg" in cfg:
            cfg.filter_cfg = dict(filter_empty_gt=True)
        return cfg

    return change


@pytest.mark.parametrize("path", CONFIGS, ids=lambda p: p.stem)
def test_image_masks_and_boxes_stay_together(path, small):
    cfg = small(Config.fromfile(path).train_dataloader.dataset)
    with_masks = path.stem not in ("imagenet_vid", "shapes_vis_mini_vid")
    if cfg.clips.clip_len > 3:
        cfg.clips.clip_len = 5
    data = DATASETS.build(cfg)
    seen = 0
    for draw in [Draw(i % len(data), i) for i in range(6)]:
        item = data[draw]
        assert len(item["inputs"]) == cfg.clips.clip_len * cfg.clips.get("num_clips", 1)
        for frame in item["data_samples"].video_data_samples:
            size, boxes = frame.metainfo["img_shape"], frame.gt_instances.bboxes
            assert size == tuple(item["inputs"].shape[-2:])
            assert ("masks" in frame.gt_instances) == with_masks
            if with_masks:
                masks = frame.gt_instances.masks
                assert (masks.height, masks.width) == size
                tight = boxes_of(encode(masks.masks)) if len(masks) else np.zeros((0, 4))
                assert np.abs(boxes.numpy() - tight).max(initial=0) <= 0.02 * masks.width
            seen += len(boxes)
    assert seen


@pytest.mark.parametrize(
    ("name", "figures"),
    [
        ("davis_2019_unsupervised", ["davis/J&F"]),
        ("shapes_vis_mini_davis", ["davis/J&F"]),
        ("davis_2016", ["davis2016/J&F", "davis/J&F", "youtube_vis/AP"]),
    ],
)
def test_davis_trains_on_pairs_and_is_judged_by_its_own_measure(name, figures, small):
    cfg = load(name)
    assert cfg.train_dataloader.dataset.clips.clip_len == 2
    assert cfg.train_dataloader.dataset.clips.get("num_clips", 1) == 1
    for key in ("val", "test"):
        data = DATASETS.build(small(cfg[f"{key}_dataloader"].dataset))
        measures = cfg[f"{key}_evaluator"]
        evaluator = Evaluator([METRICS.build(m) for m in (measures if isinstance(measures, list) else [measures])])
        evaluator.dataset_meta = data.metainfo
        for i in range(len(data)):
            video = data[i]["data_samples"].metainfo["video"]
            evaluator.process([BaseDataElement(pred_tracks=perfect_tracks(video["truth"], [1]), video=video)], {})
        found = evaluator.evaluate(len(data))
        assert [found[figure] for figure in figures] == pytest.approx([100] * len(figures))


def test_cells_train_on_pairs_and_are_judged_by_their_own_measure(small):
    pytest.importorskip("ctc_metrics", reason="py-ctcmetrics is not installed")
    cfg = load("cell_tracking")
    assert cfg.train_dataloader.dataset.clips.clip_len == 2
    assert cfg.train_dataloader.dataset.frames == (0, 60)
    assert cfg.val_dataloader.dataset.frames == cfg.test_dataloader.dataset.frames == (60, 92)
    data = DATASETS.build(small(cfg.val_dataloader.dataset))
    evaluator = Evaluator(METRICS.build(cfg.val_evaluator))
    video = data[0]["data_samples"].metainfo["video"]
    evaluator.process([BaseDataElement(pred_tracks=perfect_tracks(video["truth"], [1]), video=video)], {})
    figures = evaluator.evaluate(1)
    assert figures["ctc/DET"] == figures["ctc/SEG"] == figures["ctc/TRA"] == 1


def test_pairs_of_davis_are_mixed_with_moving_stills(small):
    data = DATASETS.build(small(load("davis_2019_stills").train_dataloader.dataset))
    assert data.metainfo["classes"] == ("object",)
    draws = list(VideoDrawSampler(data, seed=0))
    assert Counter(data.locate(*draw)[0] for draw in draws) == dict(videos=2, coco=1, voc=1)
    for draw in draws:
        frames = data[draw]["data_samples"].video_data_samples
        assert len(frames) == 2
        assert len({f.metainfo["img_path"] for f in frames}) == (2 if data.locate(*draw)[0] == "videos" else 1)
        assert all(label == 0 for f in frames for label in f.gt_instances.labels)


@pytest.mark.parametrize("name", THREE)
def test_three_scattered_frames_at_many_sizes_and_flipped(name, small):
    cfg = small(load(name).train_dataloader.dataset)
    assert cfg.clips == dict(type="ClipSample", clip_len=3, scattered=True)
    data = DATASETS.build(cfg)
    shorts, flips = set(), set()
    for seed in range(30):
        item = data[Draw(seed % len(data), seed)]
        metas = [f.metainfo for f in item["data_samples"].video_data_samples]
        assert len(metas) == 3
        assert len({(m["flip"], m["img_shape"]) for m in metas}) == 1, "all frames of a sample alike"
        shorts.add(min(metas[0]["img_shape"]))
        flips.add(metas[0]["flip"])
    assert 288 <= min(shorts) < max(shorts) <= 512
    assert flips == {True, False}


@pytest.mark.parametrize("name", MIXED)
def test_videos_and_images_are_mixed_evenly(name, small):
    data = DATASETS.build(small(load(name).train_dataloader.dataset))
    counts = Counter(data.locate(*draw)[0] for draw in VideoDrawSampler(data, seed=0))
    assert counts["videos"] == counts["images"] > 0


@pytest.mark.parametrize("year", ["2019", "2021"])
def test_the_map_of_the_images_is_that_of_the_videos(year):
    dataset = load(f"youtube_vis_{year}_coco").train_dataloader.dataset
    assert dataset.datasets.images.class_map == f"coco_to_youtube_vis_{year}"
    assert dataset.datasets.videos.data_root == f"data/youtube_vis_{year}/"


@pytest.mark.parametrize("name", ["ovis", "youtube_vis_2019", "youtube_vis_2021"])
def test_three_frames_change_the_samples_and_no_more(name):
    three, plain = load(f"{name}_3frames"), load(name)
    assert three.val_dataloader == plain.val_dataloader
    for key in ("data_root", "ann_file", "data_prefix", "filter_cfg", "type"):
        assert three.train_dataloader.dataset[key] == plain.train_dataloader.dataset[key]


def perfect_tracks(video: VideoRecord, category_ids: list[int]) -> VideoTracks:
    """The ground truth as a model's results."""
    tracks = []
    for i, truth in enumerate(video.tracks):
        masks = truth.segmentations or [None] * len(truth.boxes)
        scores = np.eye(len(category_ids))[category_ids.index(truth.category_id)]
        tracks.append(Track(i, scores * 0.9, masks, truth.boxes))
    return VideoTracks(video.id, video.height, video.width, len(video.file_names), tracks)


@pytest.mark.parametrize("name", ["imagenet_vid", "coco_instance", "youtube_vis_2019_coco"])
def test_perfect_results_on_the_validation_set_get_all_points(name, small):
    cfg = load(name)
    data = DATASETS.build(small(cfg.val_dataloader.dataset))
    evaluator = Evaluator(METRICS.build(cfg.val_evaluator))
    evaluator.dataset_meta = data.metainfo
    ids = [c["id"] for c in data.metainfo["categories"]]
    for i in range(len(data)):
        item = data[i]
        assert min(item["inputs"].shape[-2:]) == (800 if name == "coco_instance" else 360)
        video = item["data_samples"].metainfo["video"]
        evaluator.process([BaseDataElement(pred_tracks=perfect_tracks(video["truth"], ids), video=video)], {})
    figures = evaluator.evaluate(len(data))
    assert figures["youtube_vis/AP"] == pytest.approx(100)
    # a frame of 24x32 pixels has small objects only, by either measure
    assert figures["youtube_vis/APs"] == pytest.approx(100)


def test_coco_is_judged_by_its_own_area_ranges():
    metric = METRICS.build(load("coco_instance").val_evaluator)
    assert metric.area_ranges == ((0, 1e10), (0, 32**2), (32**2, 96**2), (96**2, 1e10))
    assert metric.crowd_shares
