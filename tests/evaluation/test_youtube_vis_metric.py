"""The metric: tracks in, official figures and results file out, in one process or in several."""

import copy
import json
import os
from dataclasses import replace

import numpy as np
import pytest
import torch.distributed as dist
from forked import two_processes
from mmengine.evaluator import Evaluator
from mmengine.structures import BaseDataElement
from vis_problems import judged, random_problem

from mmvis_ext.annotations.youtube_vis import read_annotations
from mmvis_ext.evaluation import YouTubeVISMetric, read_results
from mmvis_ext.evaluation.video_shares import read_shares
from mmvis_ext.registry import METRICS
from mmvis_ext.structures import Track, VideoTracks, boxes_of
from mmvis_ext.utils.errors import InputError

GT, RESULTS = random_problem(5, videos=7, crowds=True)
META = dict(classes=("class_1", "class_2", "class_3"), categories=tuple(GT["categories"]))


def samples(gt=GT, results=RESULTS) -> list[dict]:
    """One data sample per video; each result is a track whose other classes score nothing."""
    truths = {video.id: video for video in read_annotations(gt, "gt.json", as_boxes=True).videos}
    return [
        dict(
            pred_tracks=tracks_of(v, [r for r in results if r["video_id"] == v["id"]]),
            video=dict(id=v["id"], truth=truths[v["id"]]),
        )
        for v in gt["videos"]
    ]


def tracks_of(video, results):
    tracks = [
        Track(i, np.eye(3)[r["category_id"] - 1] * r["score"], r["segmentations"], boxes_of(r["segmentations"]))
        for i, r in enumerate(results)
    ]
    return VideoTracks(video["id"], video["height"], video["width"], video["length"], tracks)


def run(metric, batches):
    metric.dataset_meta = META
    for batch in batches:
        metric.process({}, [batch])
    return metric.evaluate(len(batches))


def test_figures_are_those_of_the_measure():
    expected = judged(GT, RESULTS).summary()
    figures = run(YouTubeVISMetric(top_k=1000, min_score=1e-9), samples())
    assert figures == pytest.approx({f"youtube_vis/{name}": value for name, value in expected.items()})


def test_the_shares_of_all_videos_are_the_figure(tmp_path):
    for iou_types in (("segm",), ("bbox",), ("bbox", "segm")):
        path = tmp_path / "new" / "shares.json"
        metric = YouTubeVISMetric(top_k=1000, min_score=1e-9, iou_types=iou_types, shares_file=str(path))
        figures = run(metric, samples())
        content = json.loads(path.read_text())
        assert {f"youtube_vis/{name}": value for name, value in content["figures"].items()} == figures
        shares = read_shares(content["shares"])
        assert sorted(shares.videos) == sorted(video["id"] for video in GT["videos"])
        assert shares.score(np.ones(len(GT["videos"]), int)) == pytest.approx(figures["youtube_vis/AP"])


def test_shares_that_cannot_be_written_or_known_are_refused_at_once(tmp_path):
    with pytest.raises(InputError, match="is a folder; give the name of the file to write"):
        YouTubeVISMetric(shares_file=str(tmp_path))
    for other in (dict(crowd_shares=True), dict(long_videos="long.json")):
        with pytest.raises(InputError, match="shares_file knows AP of all videos alone"):
            YouTubeVISMetric(shares_file=str(tmp_path / "a.json"), **other)


def test_it_is_built_by_name_and_fed_by_the_evaluator():
    evaluator = Evaluator(METRICS.build(dict(type="YouTubeVISMetric", prefix="val")))
    evaluator.dataset_meta = META
    for sample in samples():
        evaluator.process([BaseDataElement(**sample)], {})
    assert evaluator.evaluate(len(GT["videos"]))["val/AP"] > 0


def test_objects_with_to_dict_are_taken_too():
    metric = YouTubeVISMetric()
    assert run(metric, [BaseDataElement(**s) for s in samples()]) == run(YouTubeVISMetric(), samples())


def test_category_ids_are_those_of_the_file(tmp_path):
    metric = YouTubeVISMetric(outfile=str(tmp_path / "a.json"), format_only=True)
    metric.dataset_meta = dict(categories=[dict(id=i, name=str(i)) for i in (40, 0, 7)])
    metric.process({}, samples())
    assert metric.evaluate(1) == {}
    assert {r["category_id"] for r in read_results(tmp_path / "a.json")} == {40, 0, 7}
    metric.dataset_meta = dict(classes=("a", "b", "c"))
    assert [c["id"] for c in metric.categories] == [1, 2, 3]


def test_top_k_and_min_score(tmp_path):
    best = [max(s["pred_tracks"].ranked(99), key=lambda r: r[2])[2] for s in samples()]
    run(YouTubeVISMetric(top_k=1, outfile=str(tmp_path / "a.zip")), samples())
    assert sorted(r["score"] for r in read_results(tmp_path / "a.zip")) == sorted(best)
    run(YouTubeVISMetric(min_score=0.8, outfile=str(tmp_path / "a.zip")), samples())
    assert min(r["score"] for r in read_results(tmp_path / "a.zip")) >= 0.8


def test_one_class_per_track(tmp_path):
    run(YouTubeVISMetric(classes_per_track=1, outfile=str(tmp_path / "a.zip")), samples())
    kept = read_results(tmp_path / "a.zip")
    assert len(kept) == sum(len(s["pred_tracks"]) for s in samples())
    with pytest.raises(InputError, match=r"classes_per_track is at least 1, or None, not 0\."):
        YouTubeVISMetric(classes_per_track=0)


def test_padded_videos_count_once():
    expected = run(YouTubeVISMetric(), samples())
    assert run(YouTubeVISMetric(), samples() + samples()[:3]) == expected


def test_track_ids_that_repeat_between_videos():
    changed = samples()
    for sample in changed:
        for i, track in enumerate(sample["video"]["truth"].tracks):
            track.id = i
    assert run(YouTubeVISMetric(), changed) == run(YouTubeVISMetric(), samples())


def test_a_second_evaluation_starts_afresh():
    metric = YouTubeVISMetric()
    first = run(metric, samples())
    assert metric.results == []
    assert run(metric, samples()) == first


def test_masks_and_boxes(tmp_path):
    outfile = tmp_path / "a.json"
    figures = run(YouTubeVISMetric(iou_types=("segm", "bbox"), outfile=str(outfile)), samples())
    expected = judged(GT, read_results(outfile), "bbox").summary()
    assert figures["youtube_vis/bbox_AP"] == pytest.approx(expected["AP"])
    assert figures["youtube_vis/AP"] == pytest.approx(expected["AP"])  # the objects are rectangles


def test_boxes_without_masks(tmp_path):
    outfile = tmp_path / "results.json"
    boxes_only = copy.deepcopy(samples())
    for sample in boxes_only:
        tracks = sample["pred_tracks"]
        tracks.tracks = [replace(track, segmentations=None) for track in tracks]
    figures = run(YouTubeVISMetric(iou_types=["bbox"], outfile=str(outfile)), boxes_only)
    assert figures == pytest.approx(run(YouTubeVISMetric(iou_types=["bbox"]), samples()))
    assert figures["youtube_vis/AP"] > 0
    written = read_results(outfile)
    assert judged(GT, written, "bbox").summary()["AP"] == pytest.approx(figures["youtube_vis/AP"])
    with pytest.raises(InputError, match="results: entry 0: has boxes alone, so masks cannot be compared"):
        judged(GT, written)
    with pytest.raises(InputError, match="results: entry 0: has boxes alone, so masks cannot be compared"):
        run(YouTubeVISMetric(), boxes_only)


def test_ground_truth_of_boxes_alone():
    boxes_only = copy.deepcopy(samples())
    for sample in boxes_only:
        for track in sample["video"]["truth"].tracks:
            track.segmentations = []
    figures = run(YouTubeVISMetric(iou_types=["bbox"]), boxes_only)
    assert figures == pytest.approx(run(YouTubeVISMetric(iou_types=["bbox"]), samples()))
    with pytest.raises(InputError, match="evaluate with the IoU type 'bbox'"):
        run(YouTubeVISMetric(), boxes_only)


@pytest.mark.parametrize("rule", [dict(area_ranges=((0, 1e10), (0, 32**2), (32**2, 96**2), (96**2, 1e10))),
                                  dict(crowd_shares=True)])  # fmt: skip
def test_area_ranges_and_the_rule_for_crowds_are_handed_on(rule):
    expected = judged(GT, RESULTS, **rule).summary()
    assert expected != judged(GT, RESULTS).summary()
    figures = run(YouTubeVISMetric(**rule), samples())
    assert figures == pytest.approx({f"youtube_vis/{name}": value for name, value in expected.items()})


def test_without_annotations_it_says_why_and_still_writes_the_file(log, tmp_path):
    hidden = samples()
    hidden[0]["video"]["truth"] = None
    assert run(YouTubeVISMetric(outfile=str(tmp_path / "a.zip")), hidden) == {}
    assert "AP cannot be computed: 1 of 7 videos have no annotations" in log.text
    assert len(read_results(tmp_path / "a.zip")) > 0


def test_without_videos(log):
    assert run(YouTubeVISMetric(), []) == {}
    assert "there are no videos" in log.text


def test_format_only_writes_and_computes_nothing(log, tmp_path):
    assert run(YouTubeVISMetric(outfile=str(tmp_path / "a.zip"), format_only=True), samples()) == {}
    assert "AP cannot" not in log.text


def test_classwise_logs_a_table(log):
    run(YouTubeVISMetric(classwise=True), samples())
    assert "class_3" in log.text


@pytest.mark.parametrize(
    "arguments",
    [
        dict(iou_types=["mask"]),
        dict(iou_types="segm"),
        dict(iou_types=()),
        dict(format_only=True),
        dict(outfile="a"),
        dict(area_ranges=((0, 1), (0, 1), (0, 1))),
        dict(area_ranges=((0, 1), (0, 1), (0, 1), (2, 1))),
    ],
)
def test_arguments_that_make_no_sense_are_refused_at_once(arguments):
    with pytest.raises(InputError):
        YouTubeVISMetric(**arguments)


def _one_process(rank, world_size, folder):
    """Unequal shares: process 0 has all but two videos, the last process a padded copy of the first video too."""
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=world_size)
    os.chdir(folder)
    mine = samples()[:-2][::-1] if rank == 0 else samples()[-2:] + samples()[:1]
    metric = YouTubeVISMetric(outfile=f"{folder}/several.zip")
    figures = run(metric, mine)
    assert figures == run(metric, mine), "both processes and both runs agree"
    with open(f"{folder}/figures_{rank}.txt", "w") as file:
        file.write(repr(figures))
    dist.destroy_process_group()


@pytest.mark.slow
def test_two_processes_give_the_figures_and_the_bytes_of_one(tmp_path):
    expected = run(YouTubeVISMetric(outfile=str(tmp_path / "one.zip")), samples())
    two_processes(_one_process, str(tmp_path))
    assert (tmp_path / "several.zip").read_bytes() == (tmp_path / "one.zip").read_bytes()
    assert {(tmp_path / f"figures_{rank}.txt").read_text() for rank in range(2)} == {repr(expected)}


def long_list(folder, ids) -> str:
    path = folder / "long.json"
    path.write_text(json.dumps(GT | dict(videos=[v for v in GT["videos"] if v["id"] in ids], annotations=None)))
    return str(path)


@pytest.mark.parametrize("iou_types", [("segm",), ("bbox", "segm")])
def test_short_and_long_videos_apart(iou_types, log, tmp_path):
    ids = {v["id"] for v in GT["videos"] if v["length"] > 3}
    metric = YouTubeVISMetric(iou_types=iou_types, long_videos=long_list(tmp_path, ids), classwise=True)
    figures = run(metric, samples())
    for i, iou_type in enumerate(iou_types):
        parts = []
        for name, is_long in (("short", False), ("long", True)):
            mine = {v["id"] for v in GT["videos"] if (v["id"] in ids) == is_long}
            gt = GT | {
                "videos": [v for v in GT["videos"] if v["id"] in mine],
                "annotations": [a for a in GT["annotations"] if a["video_id"] in mine],
            }
            expected = judged(gt, [r for r in RESULTS if r["video_id"] in mine], iou_type).summary()
            front = "youtube_vis/" + (f"{iou_type}_" if i else "") + name
            assert figures[f"{front}_AP"] == pytest.approx(expected["AP"])
            assert figures[f"{front}_AR10"] == pytest.approx(expected["AR10"])
            parts.append(expected["AP"])
        front = "youtube_vis/" + (f"{iou_type}_" if i else "")
        assert figures[f"{front}AP"] == pytest.approx(sum(parts) / 2)
    assert "Figures of each class of short videos" in log.text
    assert "Figures of each class of long videos" in log.text


def test_without_the_list_of_long_videos_all_are_judged_together(log):
    figures = run(YouTubeVISMetric(long_videos="no/such.json"), samples())
    assert figures == run(YouTubeVISMetric(), samples())
    assert "no/such.json: there is no such file, so long videos are not told from short ones" in log.text


def test_levels_of_occlusion_have_an_ap_of_their_own():
    gt = copy.deepcopy(GT)
    for annotation in gt["annotations"]:
        annotation["occlusion"] = ["severe_occlusion"] * len(annotation["segmentations"])
    figures = run(YouTubeVISMetric(), samples(gt))
    assert figures["youtube_vis/AP_HO"] == pytest.approx(figures["youtube_vis/AP"])
    assert figures["youtube_vis/AP_SO"] == figures["youtube_vis/AP_MO"] == -1
