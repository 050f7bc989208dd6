"""Annotation files and results with something wrong in them are read, or refused in a sentence."""

import json
import math
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from mutants import fuzz, harmless, mutants, spoiled
from small_file import cocovid_file, official_file

from mmvis_ext.annotations.audit import audit_parts, findings_text
from mmvis_ext.annotations.coco import read_image_file
from mmvis_ext.annotations.youtube_vis import read_annotation_file, read_annotations
from mmvis_ext.evaluation import evaluate_ytvis, read_results, write_submission
from mmvis_ext.evaluation.entries import judgeable

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits the memory as Linux does")

OFFICIAL, COCOVID = official_file(), cocovid_file()
OFFICIAL["annotations"][0]["bboxes"] = [[1, 2, 9.5, 8], None, None, [3, 3, 5, 5], [1, 1, 4, 4]]
OFFICIAL["annotations"][0]["areas"] = [20, None, None, 9.5, 8]
OFFICIAL["annotations"][1]["segmentations"][3] = [[1, 1, 9, 1, 9, 9, 1.5, 9]]
IMAGES = dict(COCOVID, images=[{k: v for k, v in i.items() if k != "video_id"} for i in COCOVID["images"]])
del IMAGES["videos"]
TRUTH = read_annotations(OFFICIAL, "truth.json")
RESULTS = [
    dict(video_id=a["video_id"], category_id=a["category_id"], score=0.5, segmentations=a["segmentations"])
    for a in official_file()["annotations"]
]


def packed(results) -> bytes:
    """A zip as the server takes it."""
    with tempfile.TemporaryDirectory() as folder:
        write_submission(results, Path(folder, "r.zip"))
        return Path(folder, "r.zip").read_bytes()


PACKED = packed(RESULTS)


def judge(truth, results) -> None:
    for iou_type in ("segm", "bbox"):
        figures = evaluate_ytvis(truth, judgeable(results, truth, partial=True)[0], iou_type=iou_type).summary()
        assert all(math.isnan(value) or -1 <= value <= 100 for value in figures.values())


def read_and_judge(path) -> None:
    for as_boxes in (False, True):
        judge(read_annotation_file(path, as_boxes=as_boxes), RESULTS)


@fuzz
@given(document=mutants(OFFICIAL) | mutants(COCOVID))
def test_annotations_of_videos(document, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "a.json"
    path.write_text(json.dumps(document))
    harmless(read_and_judge, path)


def read_and_audit(path, frames) -> None:
    for as_boxes in (False, True):
        file = read_annotation_file(path, as_boxes=as_boxes)
        findings_text(audit_parts(file, frames, file, frames))


@fuzz
@given(document=mutants(OFFICIAL) | mutants(COCOVID))
def test_the_check_of_a_data_set(document, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "a.json"
    path.write_text(json.dumps(document))
    harmless(read_and_audit, path, tmp_path_factory.getbasetemp())


@fuzz
@given(document=mutants(IMAGES))
def test_annotations_of_images(document, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "a.json"
    path.write_text(json.dumps(document))
    harmless(lambda: read_image_file(path, workers=1))


@fuzz
@given(document=mutants(RESULTS))
def test_results(document, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "r.json"
    path.write_text(json.dumps(document))
    harmless(lambda: judge(TRUTH, read_results(path)))


@fuzz
@given(data=spoiled(json.dumps(OFFICIAL).encode()))
def test_bytes_of_annotations(data, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "a.json"
    path.write_bytes(data)
    harmless(read_and_judge, path)


@fuzz
@given(data=spoiled(PACKED))
def test_bytes_of_a_zip(data, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "r.zip"
    path.write_bytes(data)
    harmless(read_results, path)
