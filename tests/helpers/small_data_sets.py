"""Fixtures for every test: small annotation files with their frames on disk, and ShapesVIS tiny in all layouts."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from small_cells import SmallCells
from small_davis import SmallDAVIS
from small_file import HEIGHT, LENGTHS, WIDTH, coco_file, cocovid_file, frame_name, official_file
from small_imagenet import SmallImageNet
from small_voc import SmallVOC

from mmvis_ext.shapes_vis import LAYOUTS, generate


@pytest.fixture
def official() -> dict:
    return official_file()


@pytest.fixture
def cocovid() -> dict:
    return cocovid_file()


@pytest.fixture
def coco() -> dict:
    return coco_file()


@pytest.fixture
def imagenet(tmp_path) -> SmallImageNet:
    """ImageNet VID and DET, as small as they can be."""
    return SmallImageNet(tmp_path / "imagenet")


@pytest.fixture
def davis(tmp_path) -> SmallDAVIS:
    """DAVIS 2019, as small as it can be."""
    return SmallDAVIS(tmp_path / "davis")


@pytest.fixture
def cells(tmp_path) -> SmallCells:
    """A data set of the Cell Tracking Challenge, as small as it can be."""
    return SmallCells(tmp_path / "cells")


@pytest.fixture
def voc(tmp_path) -> SmallVOC:
    """Pascal VOC 2012's segmentation, as small as it can be."""
    return SmallVOC(tmp_path / "VOC2012")


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Path:
    """ShapesVIS tiny in all layouts, written once for the tests that only read it."""
    return generate("tiny", tmp_path_factory.mktemp("shapes_vis") / "tiny", LAYOUTS, workers=1)


@pytest.fixture
def write(tmp_path) -> Callable[[object], Path]:
    """Write something as a JSON file and return its path."""

    def to_file(data: object) -> Path:
        path = tmp_path / "instances.json"
        path.write_text(json.dumps(data))
        return path

    return to_file


@pytest.fixture
def frames(tmp_path) -> Path:
    """The frames as JPEG files; each has its own grey on the left and is dark on the right."""
    folder = tmp_path / "JPEGImages"
    for video, length in LENGTHS.items():
        (folder / f"v{video}").mkdir(parents=True)
        for t in range(length):
            image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
            image[:, : WIDTH // 2] = 60 + 20 * t + video
            cv2.imwrite(str(folder / frame_name(video, t)), image)
    return folder
