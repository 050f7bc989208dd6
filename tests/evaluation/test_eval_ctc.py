"""The command line: figures as a table or as JSON, and one sentence for bad input."""

import json
import shutil
from functools import partial

import numpy as np
import pytest
from cell_oracle import random_cells
from running import printed
from small_cells import HEIGHT, LENGTH, WIDTH

from mmvis_ext.annotations.cell_tracking_files import truth_files
from mmvis_ext.annotations.tif import label_tif, read_labels
from mmvis_ext.evaluation.cell_tracking_measures import FIGURES, evaluate_cells
from mmvis_ext.evaluation.cell_tracking_submission import label_maps, write_cells

pytest.importorskip("ctc_metrics", reason="py-ctcmetrics is not installed")


@pytest.fixture
def eval_ctc(capsys):
    """Runs the tool and returns what it printed, as (stdout, stderr)."""
    return partial(printed, capsys, "eval_ctc.py")


@pytest.fixture
def folders(cells, tmp_path):
    """Of results and truth, and the figures."""
    truth = truth_files(cells.root / "01_GT")
    tracks = random_cells(np.stack([read_labels(path) for path in truth.silver]), 0)
    lives, maps = label_maps(tracks, (HEIGHT, WIDTH), LENGTH)
    maps = list(maps)
    write_cells(tmp_path / "01_RES", lives, maps, LENGTH)
    return tmp_path / "01_RES", cells.root / "01_GT", evaluate_cells(truth, maps, lives, truth.markers)


def test_json(folders, eval_ctc, tmp_path):
    *paths, expected = folders
    assert json.loads(eval_ctc(*paths, "--json").out) == expected
    printed = eval_ctc(*paths, "--json", tmp_path / "new/a.json").out
    assert "SEG_ST" in printed, "the table is printed beside the file"
    assert json.loads((tmp_path / "new/a.json").read_text()) == expected


def test_a_table(folders, eval_ctc):
    *paths, expected = folders
    text = eval_ctc(*paths).out
    assert "01_RES" in text
    assert all(f"{expected[name]:.4f}" in text for name in FIGURES)


def test_frames_of_the_truth(folders, eval_ctc):
    """The results of frames 1 and 2 alone, numbered from 0."""
    results, truth, _ = folders
    files = truth_files(truth).only([1, 2])
    shutil.rmtree(results)
    tracks = random_cells(np.stack([read_labels(path) for path in files.silver]), 3)
    lives, maps = label_maps(tracks, (HEIGHT, WIDTH), 2)
    maps = list(maps)
    write_cells(results, lives, maps, 2)
    found = json.loads(eval_ctc(results, truth, "--frames", 1, 3, "--json").out)
    assert found == evaluate_cells(files, maps, lives, files.markers)
    assert "holds no mask002.tif, but 5 frames are judged" in eval_ctc(results, truth, code=1).err
    assert "mask001.tif: has no frame, as 1 are judged" in eval_ctc(results, truth, "--frames", 2, 3, code=1).err
    for frames in ((3, 9), (2, 2), (-1, 2)):
        assert "are no range of them" in eval_ctc(results, truth, "--frames", *frames, code=1).err


def painted(results, label):
    """One more label in a corner of a map."""
    labels = read_labels(results / "mask001.tif")
    labels[-1, -1] = label
    (results / "mask001.tif").write_bytes(label_tif(labels))


def table(results, add):
    path = results / "res_track.txt"
    path.write_text(path.read_text() + add)


BROKEN = {
    "no results": (lambda r, t: shutil.rmtree(r), "01_RES: no such folder; give the results"),
    "no truth": (lambda r, t: shutil.rmtree(t), "01_GT: no such folder; give the truth"),
    "missing map": (lambda r, t: (r / "mask002.tif").unlink(), "01_RES: holds no mask002.tif, but 5 frames"),
    "one more map": (
        lambda r, t: shutil.copy(r / "mask001.tif", r / "mask007.tif"),
        "mask007.tif: has no frame, as 5 are judged",
    ),
    "truncated map": (
        lambda r, t: (r / "mask001.tif").write_bytes((r / "mask001.tif").read_bytes()[:-20]),
        "mask001.tif: the TIFF is truncated or broken",
    ),
    "a map of another size": (
        lambda r, t: [p.write_bytes(label_tif(read_labels(p)[:-2])) for p in r.glob("*.tif")],
        "mask000.tif: has 32x22 pixels, but its truth 32x24",
    ),
    "no table": (lambda r, t: (r / "res_track.txt").unlink(), "res_track.txt: cannot be read"),
    "three numbers": (lambda r, t: table(r, "90 0 1\n"), "is '90 0 1' and not four whole numbers"),
    "a label that is not there": (lambda r, t: table(r, "90 0 1 0\n"), "mask000.tif: does not show track 90"),
    "a label without a line": (lambda r, t: painted(r, 90), "mask001.tif: shows track 90, which has no line in res"),
    "a late end": (lambda r, t: table(r, "90 0 9 0\n"), "res_track.txt: track 90 ends in frame 9, after the last"),
    "an unknown parent": (lambda r, t: table(r, "90 0 1 80\n"), "the parent 80 of track 90 has no line"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_bad_input_ends_with_one_sentence(what, folders, eval_ctc):
    spoil, said = BROKEN[what]
    spoil(*folders[:2])
    done = eval_ctc(*folders[:2], "--json", code=1)
    assert done.out == ""
    assert said in done.err
    assert done.err.startswith("error: ")
    assert len(done.err.strip().splitlines()) == 1
