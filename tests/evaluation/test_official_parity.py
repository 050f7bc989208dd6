"""The figures of others on the same random problems: TrackEval, and mmdet's copy of the official code."""

# ruff: noqa: SIM300  (AP is a figure, not a constant)

import copy
import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from pycocotools import mask as coco_mask
from vis_problems import judged, random_problem

from mmvis_ext.evaluation.ytvis_ap import FIGURES, IOU_THRESHOLDS

PARITY = 1e-6


def trackeval_figures(gt: dict, results: list[dict], folder: Path) -> dict[str, float]:
    trackeval = pytest.importorskip("trackeval")
    gt_folder, data = folder / "gt" / "youtube_vis_val", folder / "trackers" / "youtube_vis_val" / "ours" / "data"
    for path, content in ((gt_folder / "gt.json", gt), (data / "results.json", results)):
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(content))
    dataset = trackeval.datasets.YouTubeVIS(
        dict(GT_FOLDER=f"{folder}/gt/", TRACKERS_FOLDER=f"{folder}/trackers/", SPLIT_TO_EVAL="val", PRINT_CONFIG=False)
    )
    dataset.global_tid_counter = 1  # it takes a ground truth that was given to result 0 for a free one
    config = dict(
        AREA_RANGES=[[0, 128**2], [128**2, 256**2], [256**2, 1e10]],
        IOU_THRESHOLDS=IOU_THRESHOLDS,
        USE_TIME_RANGES=False,
        PRINT_CONFIG=False,
    )
    combined = {}
    for limit in (1, 10, 100):
        metric = trackeval.metrics.TrackMAP(config | dict(MAX_DETECTIONS=limit))
        by_class = {name: {} for name in dataset.class_list}
        for video in dataset.seq_list:
            raw = dataset.get_raw_seq_data("ours", video)
            for name in dataset.class_list:
                by_class[name][video] = metric.eval_sequence(dataset.get_preprocessed_seq_data(raw, name))
        combined[limit] = metric.combine_classes_class_averaged(
            {name: metric.combine_sequences(videos) for name, videos in by_class.items()}
        )
    best = combined[100]
    figures = dict(AP=best["AP_all"].mean(), AP50=best["AP_all"][0], AP75=best["AP_all"][5])
    figures |= {f"{kind}{size}": best[f"{kind}_area_{size}"].mean() for kind in ("AP", "AR") for size in "sml"}
    return figures | {f"AR{limit}": combined[limit]["AR_all"].mean() for limit in combined}


@pytest.mark.parametrize("seed", range(6))
def test_trackeval(seed, tmp_path):
    gt, results = random_problem(seed)
    gt["videos"].sort(key=lambda v: v["id"])  # it ranks equal scores in the order of the file
    uncompressed = copy.deepcopy(gt)
    for annotation in uncompressed["annotations"]:
        annotation["segmentations"] = [None if s is None else runs(s) for s in annotation["segmentations"]]
    expected = trackeval_figures(uncompressed, results, tmp_path)
    ours = judged(uncompressed, results)
    assert {name: getattr(ours, name) for name in FIGURES} == pytest.approx(expected, abs=PARITY)


def runs(rle: dict) -> dict:
    """Uncompressed RLE, as the official annotation files hold it."""
    flat = coco_mask.decode(rle).ravel(order="F")
    edges = np.flatnonzero(np.diff(flat)) + 1
    counts = np.diff(np.concatenate([[0], edges, [flat.size]])).tolist()
    return dict(size=rle["size"], counts=([0] if flat[0] else []) + counts)


@pytest.fixture(scope="module")
def official():
    """mmdet's copy of ``ytvos.py`` and ``ytvoseval.py``, loaded from its files so that mmdet itself need not load."""
    package = importlib.util.find_spec("mmdet")
    if package is None:
        pytest.skip("mmdet is not installed")
    modules = []
    for name in ("ytvis", "ytviseval"):
        path = Path(package.origin).parent / "evaluation" / "functional" / f"{name}.py"
        spec = importlib.util.spec_from_file_location(name, path)
        modules.append(importlib.util.module_from_spec(spec))
        spec.loader.exec_module(modules[-1])
    return modules[0].YTVIS, modules[1].YTVISeval


@pytest.mark.parametrize("use_categories", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_official_code(seed, use_categories, official, monkeypatch):
    monkeypatch.setattr(np, "float", float, raising=False)  # upstream still asks for it
    api, evaluator = official
    gt, results = random_problem(seed, videos=6, crowds=True)
    ours = judged(gt, results, class_agnostic=not use_categories)
    truth = api(copy.deepcopy(gt))
    theirs = evaluator(truth, truth.loadRes(copy.deepcopy(results)), "segm")
    theirs.params.useCats = int(use_categories)
    theirs.evaluate()
    theirs.accumulate()
    theirs.summarize()
    np.testing.assert_allclose(ours.precision, theirs.eval["precision"][..., -1], atol=PARITY)
    np.testing.assert_allclose(ours.recall, theirs.eval["recall"], atol=PARITY)
    order = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")
    np.testing.assert_allclose([getattr(ours, name) for name in order], theirs.stats, atol=PARITY)


def images(seed: int) -> tuple[dict, list[dict]]:
    """The first frame of each video, with what it shows."""
    gt, results = random_problem(seed, videos=9, crowds=True)
    videos = [v | dict(length=1, file_names=v["file_names"][:1]) for v in gt["videos"]]
    first = ("segmentations", "areas", "bboxes")
    annotations, results = (
        [e | {k: e[k][:1] for k in first if k in e} for e in entries if e["segmentations"][0] is not None]
        for entries in (gt["annotations"], results)
    )
    return gt | dict(videos=videos, annotations=annotations), results


def coco_stats(gt: dict, results: list[dict], iou_type: str) -> list[float]:
    """The twelve figures of COCO's own evaluation."""
    api, evaluator = pytest.importorskip("pycocotools.coco"), pytest.importorskip("pycocotools.cocoeval")

    def single(entry: dict) -> dict:
        box = coco_mask.toBbox(entry["segmentations"][0]).tolist()
        rest = {k: entry[k] for k in ("category_id", "score", "id", "iscrowd") if k in entry}
        area = int(coco_mask.area(entry["segmentations"][0]))
        return rest | dict(image_id=entry["video_id"], segmentation=entry["segmentations"][0], bbox=box, area=area)

    truth = api.COCO()
    truth.dataset = dict(
        info={},
        images=[dict(id=v["id"], height=v["height"], width=v["width"]) for v in gt["videos"]],
        categories=gt["categories"],
        annotations=[single(a) for a in gt["annotations"]],
    )
    truth.createIndex()
    found = [single(r) for r in results]
    if iou_type == "bbox":
        found = [{k: v for k, v in f.items() if k != "segmentation"} for f in found]
    theirs = evaluator.COCOeval(truth, truth.loadRes(found), iou_type)
    theirs.evaluate()
    theirs.accumulate()
    theirs.summarize()
    return theirs.stats.tolist()


COCO_RANGES = ((0, 1e10), (0, 32**2), (32**2, 96**2), (96**2, 1e10))
COCO_ORDER = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")


@pytest.mark.parametrize("iou_type", ["segm", "bbox"])
@pytest.mark.parametrize("seed", range(4))
def test_videos_of_one_frame_are_judged_as_coco_judges_images(seed, iou_type):
    gt, results = images(seed)
    ours = judged(gt, results, iou_type, COCO_RANGES, crowd_shares=True)
    np.testing.assert_allclose(
        [getattr(ours, name) for name in COCO_ORDER], coco_stats(gt, results, iou_type), atol=PARITY
    )


def test_without_its_area_ranges_and_its_crowds_the_figures_are_not_cocos():
    gt, results = images(0)
    theirs = dict(zip(COCO_ORDER, coco_stats(gt, results, "segm"), strict=True))
    without_crowds = judged(gt, results, area_ranges=COCO_RANGES)
    without_ranges = judged(gt, results, crowd_shares=True)
    assert abs(without_crowds.AP - theirs["AP"]) > 1e-3
    assert without_ranges.AP == pytest.approx(theirs["AP"], abs=PARITY)
    assert abs(without_ranges.APs - theirs["APs"]) > 1e-3
