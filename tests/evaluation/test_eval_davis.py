"""The command line: figures as a table or as JSON, and one sentence for bad input."""

import json
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from davis_oracle import blobs
from PIL import Image
from running import printed

from mmvis_ext.annotations.index_png import VOID, index_png
from mmvis_ext.evaluation.davis_jf import FIGURES, evaluate_sequence, summarize


@pytest.fixture
def eval_davis(capsys):
    """Runs the tool and returns what it printed, as (stdout, stderr)."""
    return partial(printed, capsys, "eval_davis.py")


def write(folder: Path, maps: np.ndarray) -> None:
    folder.mkdir(parents=True)
    for t, index_map in enumerate(maps):
        (folder / f"{t:05d}.png").write_bytes(index_png(index_map))


TRUTHS = {"car": blobs(1), "dog": blobs(2, number=2)}
RESULTS = {"car": blobs(1, shift=5, void=False), "dog": blobs(2, number=4, void=False)}


@pytest.fixture
def folders(tmp_path):
    for name in TRUTHS:
        write(tmp_path / "davis/Annotations_unsupervised/480p" / name, TRUTHS[name])
        write(tmp_path / "results" / name, RESULTS[name])
    return tmp_path / "davis", tmp_path / "results"


def expected(*names):
    return [evaluate_sequence(n, zip(TRUTHS[n], RESULTS[n], strict=True)) for n in names]


def test_json(folders, eval_davis, tmp_path):
    truth, results = folders
    printed = json.loads(eval_davis(truth, results, "--json").out)
    ours = expected("car", "dog")
    assert printed.pop("sequences") == {s.name: s.report() for s in ours}
    assert printed == summarize(ours)
    assert tuple(printed) == FIGURES
    direct = eval_davis(truth / "Annotations_unsupervised/480p", results, "--json", tmp_path / "new" / "a.json").out
    assert "J&F" in direct, "the table is printed beside the file"
    assert json.loads((tmp_path / "new/a.json").read_text())["J&F"] == printed["J&F"]


def test_a_table_of_the_listed_sequences(folders, eval_davis, tmp_path):
    (tmp_path / "val.txt").write_text("dog\n")
    text = eval_davis(*folders, "--list", tmp_path / "val.txt").out
    assert f"{summarize(expected('dog'))['J&F']:.2f}" in text
    assert "car" not in text


def test_val_is_judged_in_the_official_layout(folders, eval_davis, tmp_path):
    truth, results = folders
    (truth / "ImageSets/2017").mkdir(parents=True)
    (truth / "ImageSets/2017/val.txt").write_text("dog\n")
    shutil.rmtree(results / "car")
    printed = json.loads(eval_davis(truth, results, "--json").out)
    assert printed["J&F"] == summarize(expected("dog"))["J&F"]
    (tmp_path / "train.txt").write_text("car\n")
    assert "car: the sequence is missing" in eval_davis(truth, results, "--list", tmp_path / "train.txt", code=1).err


def test_objects_that_are_not_judged_are_named(folders, eval_davis):
    truth, results = folders
    path = truth / "Annotations_unsupervised/480p/dog/00000.png"
    path.write_bytes(index_png(np.where(TRUTHS["dog"][0] == 2, 0, TRUTHS["dog"][0])))
    assert "Not judged, with an id above those of the first frame: dog 2." in eval_davis(truth, results).out


def test_frames_of_void_alone_are_named(folders, eval_davis):
    truth, results = folders
    path = truth / "Annotations_unsupervised/480p/dog/00001.png"
    path.write_bytes(index_png(np.full_like(TRUTHS["dog"][1], VOID)))
    said = "Void throughout, so that any result is right there, are the frames (from 0): dog 1.\n"
    assert eval_davis(truth, results).out.endswith(said)
    done = eval_davis(truth, results, "--json")
    assert done.err == said
    assert json.loads(done.out)["J&F"] > 0


def no_palette(path):
    Image.fromarray(RESULTS["dog"][1]).save(path)


BROKEN = {
    "missing frame": (lambda t, r: (r / "dog/00001.png").unlink(), "dog/00001.png: the PNG is missing"),
    "missing sequence": (lambda t, r: shutil.rmtree(r / "dog"), "dog: the sequence is missing in the results"),
    "another size": (
        lambda t, r: (r / "dog/00001.png").write_bytes(index_png(RESULTS["dog"][1][:-2])),
        "dog/00001.png: has 83x55 pixels, but its truth 83x57",
    ),
    "no palette": (lambda t, r: no_palette(r / "dog/00001.png"), "dog/00001.png: has no palette (its mode is L)"),
    "truncated": (
        lambda t, r: (r / "dog/00001.png").write_bytes((r / "dog/00001.png").read_bytes()[:-60]),
        "dog/00001.png: the PNG is truncated or broken",
    ),
    "no image": (lambda t, r: (r / "dog/00001.png").write_text("no"), "dog/00001.png: the PNG is truncated or broken"),
    "a folder": (
        lambda t, r: ((r / "dog/00001.png").unlink(), (r / "dog/00001.png").mkdir()),
        "dog/00001.png: the PNG is truncated or broken",
    ),
    "too many proposals": (
        lambda t, r: (r / "dog/00001.png").write_bytes(index_png(RESULTS["dog"][1] + np.uint8(20))),
        "dog: holds the index 2",
    ),
    "missing results": (lambda t, r: shutil.rmtree(r), "results: no such folder"),
    "missing truth": (lambda t, r: shutil.rmtree(t), "davis: no such folder"),
    "empty truth": (lambda t, r: shutil.rmtree(t / "Annotations_unsupervised"), "davis: holds no folders of PNGs"),
    "no objects": (
        lambda t, r: [p.write_bytes(index_png(np.zeros((57, 83), np.uint8))) for p in t.rglob("*.png")],
        "davis: no sequence shows an object in its first frame",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_bad_input_ends_with_one_sentence(what, folders, eval_davis):
    spoil, said = BROKEN[what]
    spoil(*folders)
    done = eval_davis(*folders, "--json", code=1)
    assert done.out == ""
    assert said in done.err
    assert done.err.startswith("error: ")
    assert len(done.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "val.txt: no such list"),
        ("\n", "val.txt: names no sequence"),
        ("dog\ncar\ndog\n", "val.txt: names 'dog' twice"),
        ("dog\n../cat\n", "'../cat' is no name of a sequence"),
        ("/JPEGImages/480p/dog/00000.jpg /Annotations/480p/dog/00000.png", "is no name of a sequence"),
        ("cat\n", "cat: holds no PNGs"),
    ],
)
def test_lists_that_make_no_sense(content, said, folders, eval_davis, tmp_path):
    if content is not None:
        (tmp_path / "val.txt").write_text(content)
    done = eval_davis(*folders, "--list", tmp_path / "val.txt", code=1)
    assert said in done.err
    assert len(done.err.strip().splitlines()) == 1


def test_grey_truth_of_one_object_is_read_as_the_data_set_reads_it(folders, eval_davis):
    truth, results = folders
    for path in truth.rglob("dog/*.png"):
        mask = np.array(Image.open(path))
        path.write_bytes(index_png((mask == 1).astype(np.uint8)))
    expected = eval_davis(truth, results, "--json").out
    for path in truth.rglob("dog/*.png"):
        Image.fromarray(np.array(Image.open(path)) * np.uint8(255)).save(path)
    assert eval_davis(truth, results, "--json").out == expected
