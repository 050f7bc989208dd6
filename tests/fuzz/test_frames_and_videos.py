"""Frames, folders of DAVIS and videos with something wrong in them are read, or refused in a sentence."""

import contextlib
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutants import fuzz, harmless, spoiled

from mmvis_ext.annotations.cell_tracking import CellSource, read_cell_videos
from mmvis_ext.annotations.davis import read_davis_videos
from mmvis_ext.annotations.frames import frame_sizes, load_frame
from mmvis_ext.annotations.index_png import index_png
from mmvis_ext.annotations.lists import read_sequence_list
from mmvis_ext.annotations.tif import label_tif, read_labels
from mmvis_ext.evaluation.davis_folders import evaluate_folders
from mmvis_ext.videos import VideoWriter, open_video

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits the memory as Linux does")

rng = np.random.default_rng(0)
PICTURE = cv2.resize(rng.integers(0, 255, (4, 6, 3), np.uint8), (48, 32))
PICTURES = {ending: cv2.imencode(ending, PICTURE)[1].tobytes() for ending in (".jpg", ".png", ".bmp", ".webp", ".tif")}
MASKS = np.zeros((32, 48), np.uint8)
MASKS[4:20, 5:30], MASKS[10:30, 20:40] = 1, 2


PICTURES[".16.tif"] = cv2.imencode(".tif", MASKS.astype(np.uint16) * 300)[1].tobytes()


def a_video() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        with VideoWriter(Path(folder, "a.mp4"), 10) as video:
            for t in range(4):
                video.write(np.roll(PICTURE, 3 * t, axis=1))
        return Path(folder, "a.mp4").read_bytes()


VIDEO = a_video()


def read_frame(path) -> None:
    load_frame(path.read_bytes, str(path))
    with contextlib.suppress(OSError):
        frame_sizes(str(path))


@pytest.mark.parametrize("ending", PICTURES)
@fuzz
@given(data=st.data())
def test_bytes_of_a_frame(ending, data, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / f"a{ending}"
    path.write_bytes(data.draw(spoiled(PICTURES[ending])))
    harmless(read_frame, path)


def read_sequences(root: Path) -> None:
    names = read_sequence_list(root / "list.txt")
    read_davis_videos(names, str(root / "frames"), str(root / "masks"), workers=1)
    evaluate_folders(root / "masks", root / "masks", root / "list.txt", workers=1)


@fuzz
@given(png=st.just(index_png(MASKS)) | spoiled(index_png(MASKS)), names=st.just(b"dog\n") | spoiled(b"dog\n"))
def test_bytes_of_a_sequence(png, names, tmp_path_factory):
    root = tmp_path_factory.getbasetemp() / "davis"
    for folder, ending, content in (("frames", "jpg", PICTURES[".jpg"]), ("masks", "png", png)):
        (root / folder / "dog").mkdir(parents=True, exist_ok=True)
        (root / folder / f"dog/0.{ending}").write_bytes(content)
    (root / "list.txt").write_bytes(names)
    harmless(read_sequences, root)


def read_cells(root: Path) -> None:
    source = CellSource(str(root), masks=("gold", "silver", "marker"))
    read_cell_videos(source, ["01"], workers=1)
    read_labels(root / "01_GT/SEG/man_seg000.tif")


CELLS = label_tif(MASKS.astype(np.uint16))
LINEAGE = b"1 0 0 0\n2 0 0 0\n"


@fuzz
@given(
    markers=st.just(CELLS) | spoiled(CELLS), gold=st.just(CELLS) | spoiled(CELLS),
    lineage=st.just(LINEAGE) | spoiled(LINEAGE),
)  # fmt: skip
def test_bytes_of_a_sequence_of_cells(markers, gold, lineage, tmp_path_factory):
    root = tmp_path_factory.getbasetemp() / "cells"
    files = {"01/t000.tif": CELLS, "01_GT/TRA/man_track000.tif": markers, "01_GT/SEG/man_seg000.tif": gold}
    for name, content in (files | {"01_GT/TRA/man_track.txt": lineage}).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    harmless(read_cells, root)


@fuzz
@given(data=spoiled(VIDEO))
def test_bytes_of_a_video(data, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "a.mp4"
    path.write_bytes(data)
    harmless(lambda: [None for _ in open_video(path)])
