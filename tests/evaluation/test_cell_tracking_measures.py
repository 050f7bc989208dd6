"""DET, SEG and TRA against a slow version, against figures by hand, and against the package on plain folders."""

import contextlib
import io
import sys
from pathlib import Path

import numpy as np
import pytest
from cell_oracle import det, random_cells, seg
from small_cells import HEIGHT, LENGTH, WIDTH

from mmvis_ext.annotations.cell_lives import Life, read_lives, write_lives
from mmvis_ext.annotations.cell_tracking_files import truth_files
from mmvis_ext.annotations.tif import label_tif, read_labels
from mmvis_ext.evaluation.cell_tracking_measures import FIGURES, evaluate_cells, mean_figures
from mmvis_ext.evaluation.cell_tracking_submission import label_maps, write_cells
from mmvis_ext.utils.errors import InputError

official = pytest.importorskip("ctc_metrics", reason="py-ctcmetrics is not installed").evaluate_sequence

SIZE = (HEIGHT, WIDTH)
REAL = Path(__file__).parents[3] / "shared/real_bench/ctc/Fluo-N2DH-GOWT1"


def stack(paths) -> np.ndarray:
    """(T, H, W), blank where there is no file."""
    return np.stack([np.zeros(SIZE, np.uint16) if path is None else read_labels(path) for path in paths])


def judge(truth, maps, lives) -> dict:
    return evaluate_cells(truth, maps, lives, truth.markers)


@pytest.mark.parametrize("numbers", [range(LENGTH), range(1, 4), range(2, 4)])
@pytest.mark.parametrize("seed", range(5))
def test_figures_of_any_frames(cells, tmp_path, seed, numbers, capfd, recwarn):
    truth = truth_files(cells.root / "01_GT").only(numbers)
    tracks = random_cells(stack(truth.silver), seed)
    lives, maps = label_maps(tracks, SIZE, len(numbers))
    results = np.stack(list(maps))
    figures = judge(truth, results, lives)
    assert tuple(figures) == FIGURES
    assert capfd.readouterr() == ("", ""), "the package is kept quiet"
    assert not [w for w in recwarn if "ctc_metrics" in w.filename]
    assert figures["DET"] == pytest.approx(det(stack(truth.markers), results))
    assert figures["SEG_ST"] == pytest.approx(seg(stack(truth.silver), results))
    gold = stack(truth.gold)
    assert figures["SEG"] == pytest.approx(seg(gold, results) if gold.any() else -1)
    # the package itself on folders of these frames alone
    for t, (marker, mask) in enumerate(zip(truth.markers, truth.silver, strict=True)):
        for name, path in (("TRA/man_track", marker), ("SEG/man_seg", mask)):
            target = tmp_path / f"gt/{name}{t:03d}.tif"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(label_tif(read_labels(path)))
    first, last = min(numbers), max(numbers)
    whole = read_lives(cells.lineage)
    alive = {i: life for i, life in whole.items() if life.begin <= last and life.end >= first}
    clipped = {
        i: Life(max(b, first) - first, min(e, last) - first, p if p in alive else 0) for i, (b, e, p) in alive.items()
    }
    (tmp_path / "gt/TRA/man_track.txt").write_bytes(write_lives(clipped))
    write_cells(tmp_path / "res", lives, results, len(results))
    with contextlib.redirect_stdout(io.StringIO()):
        expected = official(str(tmp_path / "res"), str(tmp_path / "gt"), ["DET", "SEG", "TRA"], threads=1)
    assert {name: figures[name] for name in ("DET", "SEG_ST", "TRA")} == pytest.approx(
        dict(DET=expected["DET"], SEG_ST=expected["SEG"], TRA=expected["TRA"])
    )


@pytest.mark.parametrize("kind", ["markers", "silver"])
def test_the_truth_itself_is_perfect(cells, kind):
    truth = truth_files(cells.root / "01_GT")
    figures = judge(truth, stack(getattr(truth, kind)), read_lives(cells.lineage))
    assert figures["DET"] == figures["TRA"] == 1
    assert (figures["SEG_ST"] == 1) == (kind == "silver")
    gold = [read_labels(m) if g is None else renamed(read_labels(g), t) for t, (g, m) in enumerate(pairs(truth))]
    assert judge(truth, gold, read_lives(cells.lineage))["SEG"] == 1


def pairs(truth):
    return zip(truth.gold, truth.markers, strict=True)


def renamed(gold: np.ndarray, t: int) -> np.ndarray:
    from small_cells import GOLD

    out = np.zeros_like(gold)
    for label, own in GOLD[t].items():
        out[gold == own] = label
    return out


def write_truth(root: Path, maps: np.ndarray, lineage: str):
    """Markers alone."""
    (root / "01_GT/TRA").mkdir(parents=True)
    for t, labels in enumerate(maps):
        (root / f"01_GT/TRA/man_track{t:03d}.tif").write_bytes(label_tif(labels))
    (root / "01_GT/TRA/man_track.txt").write_text(lineage)
    return truth_files(root / "01_GT")


def strip(*labels: str) -> np.ndarray:
    """(T, 4, 12) maps of three cells in a row, one map per text of their labels; 0 for none, 4 pixels each."""
    out = np.zeros((len(labels), 4, 12), np.uint16)
    for t, text in enumerate(labels):
        for i, label in enumerate(text):
            out[t, 1:3, 4 * i : 4 * i + 2] = int(label)
    return out


# what the results are for a truth of two cells, 1 and 2, in four frames: lives, maps, and the cost of DET and TRA by
# hand (missing 10, made up 1, to be split 5; link to be added 1.5, removed 1, of the wrong kind 1)
BY_HAND = {
    "a cell missing": ({1: Life(0, 3, 0)}, ["100"] * 4, 40, 40 + 3 * 1.5),
    "one made up": ({1: Life(0, 3, 0), 2: Life(0, 3, 0), 3: Life(0, 3, 0)}, ["123"] * 4, 4, 4),
    "identities swap": (
        {1: Life(0, 3, 0), 2: Life(0, 3, 0)}, ["120", "120", "210", "210"], 0, 2 * 1.5 + 2 * 1,
    ),
    "a gap with a link": (
        {1: Life(0, 0, 0), 2: Life(0, 3, 0), 3: Life(2, 3, 1)}, ["120", "020", "320", "320"], 10, 10 + 2 * 1.5 + 1,
    ),
    "a link as of a division": (
        {1: Life(0, 1, 0), 2: Life(0, 3, 0), 3: Life(2, 3, 1)}, ["120", "120", "320", "320"], 0, 1,
    ),
    "a broken track": (
        {1: Life(0, 1, 0), 2: Life(0, 3, 0), 3: Life(2, 3, 0)}, ["120", "120", "320", "320"], 0, 1.5,
    ),
    "two as one": ({1: Life(0, 3, 0)}, ["110"] * 4, 20, 20 + 6 * 1.5),
    "nothing": ({}, ["000"] * 4, 80, 80 + 6 * 1.5),
}  # fmt: skip


@pytest.mark.parametrize("what", BY_HAND)
def test_figures_by_hand(what, tmp_path):
    truth = write_truth(tmp_path, strip(*["120"] * 4), "1 0 3 0\n2 0 3 0\n")
    lives, maps, det_cost, tra_cost = BY_HAND[what]
    figures = judge(truth, strip(*maps), lives)
    assert figures["DET"] == pytest.approx(1 - det_cost / 80)
    assert figures["TRA"] == pytest.approx(1 - tra_cost / (80 + 6 * 1.5))
    assert figures["SEG"] == figures["SEG_ST"] == -1


def test_a_division_is_linked(tmp_path):
    truth = write_truth(tmp_path, strip("100", "023", "023"), "1 0 0 0\n2 1 2 1\n3 1 2 1\n")
    maps, ends = strip("900", "078", "078"), {9: Life(0, 0, 0), 7: Life(1, 2, 9), 8: Life(1, 2, 9)}
    assert judge(truth, maps, ends)["TRA"] == 1
    alone = {label: life._replace(parent=0) for label, life in ends.items()}
    assert judge(truth, maps, alone)["TRA"] == pytest.approx(1 - 2 * 1.5 / (50 + 4 * 1.5))


def test_a_result_without_background_is_valid(tmp_path):
    truth = write_truth(tmp_path, strip("100", "100"), "1 0 1 0\n")
    assert judge(truth, np.ones((2, 4, 12), np.uint16), {1: Life(0, 1, 0)})["DET"] == 1


def test_a_truth_without_background_is_valid(tmp_path):
    whole = np.ones((2, 4, 12), np.uint16)
    truth = write_truth(tmp_path, whole, "1 0 1 0\n")
    assert judge(truth, whole * 5, {5: Life(0, 1, 0)})["TRA"] == 1


def test_labels_of_16_bits(tmp_path):
    truth = write_truth(tmp_path, strip("100", "100") * np.uint16(40000), "40000 0 1 0\n")
    lives = {65535: Life(0, 1, 0), 300: Life(0, 0, 0)}
    maps = strip("120", "100")
    maps[maps == 1], maps[maps == 2] = 65535, 300
    assert judge(truth, maps, lives)["DET"] == pytest.approx(1 - 1 / 20)


def test_a_single_frame(tmp_path):
    truth = write_truth(tmp_path, strip("120"), "1 0 0 0\n2 0 0 0\n")
    figures = judge(truth, strip("130"), {1: Life(0, 0, 0), 3: Life(0, 0, 0)})
    assert figures["DET"] == figures["TRA"] == 1


def test_frames_without_any_cell(tmp_path):
    truth = write_truth(tmp_path, strip("000", "000"), "")
    assert judge(truth, strip("100", "100"), {1: Life(0, 1, 0)}) == dict.fromkeys(FIGURES, -1)


def test_results_without_any_cell(cells):
    truth = truth_files(cells.root / "01_GT")
    assert judge(truth, np.zeros((LENGTH, *SIZE), np.uint16), {}) == dict.fromkeys(FIGURES, 0)


def test_the_mean_is_over_the_sequences_that_have_a_figure():
    sequences = [dict(DET=0.5, SEG=-1, SEG_ST=-1, TRA=1), dict(DET=0.7, SEG=0.4, SEG_ST=-1, TRA=0)]
    assert mean_figures(sequences) == pytest.approx(dict(DET=0.6, SEG=0.4, SEG_ST=-1, TRA=0.5))


def test_what_cannot_be_judged_is_refused(cells, tmp_path):
    truth = truth_files(cells.root / "01_GT")
    with pytest.raises(InputError, match=r"man_track000.tif: has 32x23 pixels, but its truth 32x24"):
        judge(truth, np.zeros((LENGTH, HEIGHT - 1, WIDTH), np.uint16), {})
    with pytest.raises(InputError, match=r"man_track000.tif: the tracks of these results contradict their maps"):
        judge(truth, stack(truth.markers), {1: Life(0, 4, 0)} | {300: Life(0, 4, 0)})
    many = {i: Life(0, 0, 0) for i in range(1, 65300)}
    with pytest.raises(InputError, match="has 65299 tracks, too many to be judged"):
        judge(truth, stack(truth.markers), many)
    cells.write(cells.silver(1), np.zeros((HEIGHT, WIDTH + 1), np.uint16))
    with pytest.raises(InputError, match=r"man_seg001.tif: has 33x24 pixels, but its markers 32x24"):
        judge(truth, stack(truth.markers), read_lives(cells.lineage))


def test_without_the_package_a_sentence_says_what_to_install(cells, monkeypatch):
    monkeypatch.setitem(sys.modules, "ctc_metrics", None)
    truth = truth_files(cells.root / "01_GT")
    with pytest.raises(InputError, match="need the package py-ctcmetrics, but ctc_metrics is not installed: `pip"):
        judge(truth, stack(truth.markers), read_lives(cells.lineage))


@pytest.mark.slow
@pytest.mark.skipif(not REAL.exists(), reason="the sequence in ../shared/real_bench/ctc is not there")
def test_a_real_truth_is_perfect():
    truth = truth_files(REAL / "01_GT").only(range(45, 52))
    lives = {}
    for label, (begin, end, parent) in read_lives(truth.lineage).items():
        if begin <= 51 and end >= 45:
            lives[label] = Life(max(begin - 45, 0), min(end, 51) - 45, parent)
    lives = {label: life._replace(parent=life.parent if life.parent in lives else 0) for label, life in lives.items()}
    figures = judge(truth, map(read_labels, truth.silver), lives)
    assert figures["DET"] == figures["TRA"] == figures["SEG_ST"] == 1
    assert 0.7 < figures["SEG"] < 1
