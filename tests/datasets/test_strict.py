"""The setting ``strict`` of every data set reaches its reader: without it the same files are read."""

import json

import numpy as np
import pytest
from PIL import Image
from small_cells import boxes_at, labels_of
from small_imagenet import DOG, SECOND

from mmvis_ext.registry import DATASETS
from mmvis_ext.utils.errors import InputError


def youtube_vis(request) -> tuple[dict, str]:
    official = request.getfixturevalue("official")
    official["videos"][0]["length"] = 99
    path = request.getfixturevalue("write")(official)
    return dict(type="YouTubeVISDataset", ann_file=str(path)), "'length' is 99"


def coco(request) -> tuple[dict, str]:
    data = request.getfixturevalue("coco")
    data["annotations"][0]["bbox"] = [3, 2, 0, 8]
    path = request.getfixturevalue("write")(data)
    return dict(type="ImagePseudoVideoDataset", ann_file=str(path), workers=1), r"the box \[3, 2, 0, 8\]"


def davis(request) -> tuple[dict, str]:
    files = request.getfixturevalue("davis")
    grey = np.array(Image.open(files.png("dogs", 0)))
    Image.fromarray(grey).save(files.png("dogs", 0))
    return files.config(), "has no palette"


def cells(request) -> tuple[dict, str]:
    files = request.getfixturevalue("cells")
    files.write(files.silver(2), labels_of(boxes_at(2, shrink=1) | {99: (26, 18, 30, 22)}))
    return files.config(), "the mask 99 belongs to no single marker"


def imagenet(kind: str):
    def broken(request) -> tuple[dict, str]:
        files = request.getfixturevalue("imagenet")
        name = f"{SECOND}/000000" if kind == "VID" else "n02084071/n02084071_12"
        files.write_frame(kind, name, [(1, DOG, (9, 9, 1, 1))])
        return files.config(kind), "is turned over"

    return broken


@pytest.mark.parametrize("case", [youtube_vis, coco, davis, cells, imagenet("VID"), imagenet("DET")])
def test_a_small_fault_is_mended_with_a_warning_or_refused(case, request, log):
    cfg, said = case(request)
    data = DATASETS.build(cfg | dict(pipeline=[]))
    assert len(data) > 0
    (warning,) = (r.getMessage() for r in log.records if ": 1 (first: " in r.getMessage())
    assert warning.endswith(").")
    with pytest.raises(InputError, match=said):
        DATASETS.build(cfg | dict(pipeline=[], strict=True))


def test_a_mixture_hands_the_setting_on(official, write):
    official["videos"][0]["length"] = 99
    cfg = dict(type="YouTubeVISDataset", ann_file=str(write(official)), pipeline=[], strict=True)
    with pytest.raises(InputError, match="'length' is 99"):
        DATASETS.build(dict(type="MixedDataset", datasets=dict(a=cfg)))


def test_the_numbers_in_a_warning_are_those_of_the_file(official, write, log):
    for video in official["videos"]:
        video["length"] = 99
    path = write(official)
    DATASETS.build(dict(type="YouTubeVISDataset", ann_file=str(path), pipeline=[]))
    assert json.loads(path.read_text())["videos"][0]["id"] == 4
    assert "which counts: 3 (first: video 4)." in log.text
