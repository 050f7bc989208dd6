"""Sequences as records: which mask a cell gets, what is void, who descends from whom, and files that are refused."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from small_cells import GOLD, HEIGHT, LENGTH, LINEAGE, WIDTH, boxes_at, labels_of

from mmvis_ext.annotations.cell_lives import Life, read_lives, write_lives
from mmvis_ext.annotations.cell_masks import gold_in_tracks, join_masks, silver_in_tracks
from mmvis_ext.annotations.cell_tracking import CellSource, read_cell_videos
from mmvis_ext.annotations.cell_tracking_files import truth_files
from mmvis_ext.annotations.tif import read_labels
from mmvis_ext.structures import boxes_of, decode
from mmvis_ext.utils.errors import InputError

REAL = Path(__file__).parents[3] / "shared/real_bench/ctc/Fluo-N2DH-GOWT1"


def read(cells, names=("01",), workers=1, **options):
    return read_cell_videos(CellSource(str(cells.root), **options), names, workers)


def read_one(cells, **options):
    (video,) = read(cells, **options)
    return video


def label_maps(video) -> np.ndarray:
    """(T, H, W), the tracks painted by their ids; no two may share a pixel."""
    out = np.zeros((len(video.file_names), HEIGHT, WIDTH), int)
    for track in video.tracks:
        masks = decode(track.segmentations, HEIGHT, WIDTH).astype(bool)
        assert not out[masks].any()
        out[masks] = track.id
    return out


def void_of(video) -> np.ndarray:
    return decode(video.void or [None] * len(video.file_names), HEIGHT, WIDTH).astype(bool)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_track_per_label_with_gold_over_silver(cells, workers):
    first, second = read(cells, ("01", "02"), workers)
    assert (first.id, first.height, first.width, second.id) == (1, HEIGHT, WIDTH, 2)
    assert first.file_names == [f"01/t{t:03d}.tif" for t in range(LENGTH)]
    assert second.tracks is None
    assert [(t.id, t.category_id, t.parent) for t in first.tracks] == [
        (1, 1, None), (4, 1, 300), (7, 1, 300), (300, 1, None),
    ]  # fmt: skip
    for t, labels in enumerate(label_maps(first)):
        gold = {label: box for label, box in boxes_at(t).items() if label in GOLD.get(t, ())}
        np.testing.assert_array_equal(labels, labels_of(boxes_at(t, shrink=1) | gold))
    assert all(np.array_equal(t.boxes, boxes_of(t.segmentations)) for t in first.tracks)
    assert first.void is None, "every cell has a mask"


@pytest.mark.parametrize(
    ("masks", "shrink"), [(("silver",), 1), (("marker",), 2), (("silver", "gold"), 1), (("marker", "gold"), 2)]
)
def test_the_first_source_decides(cells, masks, shrink):
    video = read_one(cells, masks=masks)
    for t, labels in enumerate(label_maps(video)):
        np.testing.assert_array_equal(labels, labels_of(boxes_at(t, shrink=shrink)))


def test_a_marker_without_a_mask_is_void(cells):
    video = read_one(cells, masks=("gold",))
    maps, void = label_maps(video), void_of(video)
    for t in range(LENGTH):
        known = {label: box for label, box in boxes_at(t).items() if label in GOLD.get(t, ())}
        unknown = {label: box for label, box in boxes_at(t, shrink=2).items() if label not in known}
        np.testing.assert_array_equal(maps[t], labels_of(known))
        np.testing.assert_array_equal(void[t], labels_of(unknown) > 0)
    assert [t.id for t in video.tracks] == [1, 4, 7, 300]


def test_no_masks_at_all_are_warned_of(cells, log):
    shutil.rmtree(cells.root / "01_ST")
    assert read_one(cells, masks=("silver",)).tracks == []
    assert "01: no frame has a mask from silver; where the markers are whole cells, add 'marker' to masks." in log.text


def test_the_border_is_void_where_no_mask_is(cells):
    video = read_one(cells, border=5)
    for labels, void in zip(label_maps(video), void_of(video), strict=True):
        for y, x in np.ndindex(HEIGHT, WIDTH):
            near = min(y, x, HEIGHT - 1 - y, WIDTH - 1 - x) < 5
            assert void[y, x] == (near and labels[y, x] == 0)


def test_a_range_of_frames(cells):
    whole, part = read_one(cells), read_one(cells, frames=(1, 4))
    assert part.file_names == whole.file_names[1:4]
    assert part.image_ids == [1, 2, 3]
    np.testing.assert_array_equal(label_maps(part), label_maps(whole)[1:4])
    assert part == whole.frames([1, 2, 3])


def test_a_mask_belongs_to_the_marker_of_which_it_covers_more_than_half():
    markers = np.array([[1, 1, 1, 1, 2, 2, 3, 3, 3, 4]], np.uint16)
    gold = np.array([[9, 9, 8, 8, 7, 0, 6, 6, 6, 6]], np.uint16)
    found, strays = gold_in_tracks(gold, markers)
    assert not found.any(), "two halves, another half, and one that covers two markers"
    assert strays.tolist() == [6, 7, 8, 9]
    found, strays = gold_in_tracks(np.array([[9, 9, 9, 0, 5, 5, 6, 6, 0, 3]], np.uint16), markers)
    assert found.tolist() == [[1, 1, 1, 0, 2, 2, 3, 3, 0, 4]]
    assert strays.tolist() == []
    found, strays = gold_in_tracks(np.array([[5, 65535]], np.uint16), np.array([[0, 65535]], np.uint16))
    assert (found.tolist(), strays.tolist()) == ([[0, 65535]], [5])


def test_silver_masks_need_a_marker():
    markers, silver = np.array([[1, 0, 3]], np.uint16), np.array([[1, 2, 0]], np.uint16)
    found, strays = silver_in_tracks(silver, markers)
    assert (found.tolist(), strays.tolist()) == ([[1, 0, 0]], [2])


def test_pixels_that_two_masks_claim_go_to_the_preferred_source():
    markers = np.array([[1, 0, 0, 2, 3]], np.uint16)
    sources = [np.array([[1, 1, 1, 0, 0]], np.uint16), np.array([[0, 2, 2, 2, 0]], np.uint16)]
    joined = join_masks(markers, sources, np.zeros((1, 5), bool))
    assert joined.labels.tolist() == [[1, 1, 1, 2, 0]]
    assert joined.void.tolist() == [[False, False, False, False, True]]
    assert join_masks(markers, sources[::-1], np.zeros((1, 5), bool)).labels.tolist() == [[1, 2, 2, 2, 0]]


def warnings(log) -> list[str]:
    return [r.getMessage() for r in log.records if r.levelname == "WARNING"]


@pytest.mark.parametrize("kind", ["gold", "silver"])
def test_masks_of_no_marker_are_void(cells, log, kind):
    boxes = (20, 18, 24, 23)
    content = read_labels(getattr(cells, kind)(1))
    content[boxes[1] : boxes[3], boxes[0] : boxes[2]] = 99
    cells.write(getattr(cells, kind)(1), content)
    video = read_one(cells)
    np.testing.assert_array_equal(void_of(video)[1], labels_of({1: boxes}) > 0)
    (said,) = warnings(log)
    assert f"{kind} masks of no marker or of several, whose pixels are void: 1 (first: 01_" in said
    with pytest.raises(InputError, match=r"man_seg001.tif: the mask 99 belongs to no single marker"):
        read_one(cells, strict=True)


def test_a_marker_that_is_missing_for_a_frame(cells, log):
    boxes = boxes_at(2, shrink=2)
    boxes.pop(1)
    cells.write(cells.marker(2), labels_of(boxes))
    video = read_one(cells, masks=("marker",))
    assert next(t for t in video.tracks if t.id == 1).visible.tolist() == [True, True, False, True, True]
    (said,) = warnings(log)
    assert said.endswith("which are absent there: 1 (first: 01_GT/TRA/man_track002.tif, track 1).")
    with pytest.raises(InputError, match=r"man_track002.tif: does not show track 1, which by man_track.txt lives in"):
        read_one(cells, strict=True)


def text(content):
    return lambda cells: cells.lineage.write_text(content)


def without(*labels):
    """Markers from which some labels are gone throughout."""

    def change(cells):
        for t in range(LENGTH):
            kept = {label: box for label, box in boxes_at(t, shrink=2).items() if label not in labels}
            cells.write(cells.marker(t), labels_of(kept))

    return change


def add_four_digits(cells):
    shutil.copy(cells.frame("01", 1), cells.root / "01/t0001.tif")


BROKEN = {
    "no sequence": (lambda c: shutil.rmtree(c.root / "01"), "cells/01: the sequence is missing"),
    "no frames": (lambda c: [p.unlink() for p in (c.root / "01").iterdir()], "cells/01: holds no t000.tif"),
    "missing frame": (lambda c: c.frame("01", 2).unlink(), "01/t002.tif: the frame is missing"),
    "frame with two names": (add_four_digits, "01: holds both t0001.tif and t001.tif"),
    "broken frame": (lambda c: c.frame("01", 2).write_text("no"), "01/t002.tif: is no readable image"),
    "frame of another size": (
        lambda c: c.write(c.frame("01", 2), np.zeros((HEIGHT, WIDTH + 1), np.uint16)),
        "01/t002.tif: has 33x24 pixels, but the sequence's first frame 32x24",
    ),
    "no markers": (lambda c: shutil.rmtree(c.root / "01_GT/TRA"), "TRA: holds no man_track000.tif"),
    "missing markers": (lambda c: c.marker(4).unlink(), "TRA/man_track004.tif: the map of the markers is missing"),
    "markers without a frame": (lambda c: c.frame("01", 4).unlink(), "TRA/man_track004.tif: has no frame"),
    "silver without a frame": (lambda c: c.write(c.silver(9), labels_of({})), "ST/SEG/man_seg009.tif: has no frame"),
    "markers of another size": (
        lambda c: c.write(c.marker(1), np.zeros((HEIGHT + 1, WIDTH), np.uint16)),
        "man_track001.tif: has 32x25 pixels, but its frame 32x24",
    ),
    "gold of another size": (
        lambda c: c.write(c.gold(1), np.zeros((HEIGHT + 1, WIDTH), np.uint16)),
        "SEG/man_seg001.tif: has 32x25 pixels, but its frame 32x24",
    ),
    "truncated markers": (
        lambda c: c.marker(1).write_bytes(c.marker(1).read_bytes()[:-20]),
        "man_track001.tif: the TIFF is truncated or broken",
    ),
    "truncated mask": (
        lambda c: c.silver(1).write_bytes(c.silver(1).read_bytes()[:-20]),
        "man_seg001.tif: the TIFF is truncated or broken",
    ),
    "no table": (lambda c: c.lineage.unlink(), "man_track.txt: cannot be read (No such file or directory)"),
    "three numbers": (text("1 0 4\n"), "man_track.txt: line 1 is '1 0 4' and not four whole numbers"),
    "a word": (text(f"{LINEAGE}\n9 0 x 0\n"), "line 6 is '9 0 x 0' and not four whole numbers"),
    "a negative number": (text("1 -1 4 0\n"), "line 1 is '1 -1 4 0' and not four whole numbers"),
    "begin after end": (text("1 4 0 0\n"), "line 1 lets track 1 begin in frame 4, after its end in frame 0"),
    "a label twice": (text(f"{LINEAGE}1 0 4 0\n"), "line 5 has the label 1 of an earlier line"),
    "label 0": (text("0 0 4 0\n"), "line 1 has the label 0, which is not in 1..65535"),
    "a large label": (text("65536 0 4 0\n"), "line 1 has the label 65536, which is not in 1..65535"),
    "unknown parent": (text(LINEAGE.replace("4 2 4 300", "4 2 4 5")), "the parent 5 of track 4 has no line"),
    "late parent": (
        text(LINEAGE.replace("300 0 1", "300 0 2")),
        "track 4 begins in frame 2, but its parent 300 lives up to frame 2",
    ),
    "label without a line": (text("1 0 4 0\n"), "man_track000.tif: shows track 300, which has no line in man_track"),
    "label outside its life": (
        text(LINEAGE.replace("1 0 4", "1 0 3")),
        "man_track004.tif: shows track 1, which does not live in frame 4",
    ),
    "line without a label": (without(300), "man_track.txt: track 300 lives from frame 0 to 1, but no pixel"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_bad_files_are_named(what, cells):
    spoil, said = BROKEN[what]
    spoil(cells)
    with pytest.raises(InputError, match=re.escape(said)) as error:
        read(cells)
    assert "\n" not in str(error.value)
    assert str(error.value).endswith(".")


def test_a_range_beyond_the_end(cells):
    with pytest.raises(InputError, match=r"cells/01: has 5 frames, but frames=\(2, 6\) asks for those from 2 to 5"):
        read(cells, frames=(2, 6))
    with pytest.raises(InputError, match=r"t000.tif: a border of 12 pixels leaves nothing of it"):
        read(cells, border=12)


def test_four_digits(cells):
    for path in sorted(cells.root.rglob("*.tif")):
        path.rename(path.with_name(re.sub(r"(\d{3})\.tif", r"0\1.tif", path.name)))
    video = read_one(cells)
    assert video.file_names[4] == "01/t0004.tif"
    assert [t.id for t in video.tracks] == [1, 4, 7, 300]


def test_the_table_is_read_and_written(tmp_path):
    path = tmp_path / "res_track.txt"
    path.write_bytes(b"\xef\xbb\xbf2 0 1 0\r\n\r\n 5\t2  3 2 \n")
    lives = read_lives(path)
    assert lives == {2: Life(0, 1, 0), 5: Life(2, 3, 2)}
    assert write_lives(lives) == b"2 0 1 0\n5 2 3 2\n"
    path.write_bytes(b"")
    assert read_lives(path) == {}


def test_there_may_be_no_truth(tmp_path):
    assert truth_files(tmp_path / "01_GT") is None


@pytest.mark.skipif(not REAL.exists(), reason="the sequence in ../shared/real_bench/ctc is not there")
def test_a_real_sequence(log):
    (video,) = read_cell_videos(CellSource(str(REAL), (40, 50), border=50), ["01"], 1)
    assert (video.height, video.width, len(video.file_names)) == (512, 512, 10)
    assert [(t.id, t.parent) for t in video.tracks if t.parent] == [(12, 10), (14, 10), (18, 16), (22, 16)]
    assert not warnings(log)
    markers = read_labels(REAL / "01_GT/TRA/man_track047.tif")
    alone = decode([t.segmentations[7] for t in video.tracks], 512, 512).astype(bool)
    for track, mask in zip(video.tracks, alone, strict=True):
        if (markers == track.id).any():
            assert (mask & (markers == track.id)).sum() > 0.5 * (markers == track.id).sum()
