"""Sequences as records: masks per object, void, and every way in which the files can be broken."""

import re
import shutil

import numpy as np
import pytest
from PIL import Image
from small_davis import HEIGHT, SEQUENCES, WIDTH, index_map

from mmvis_ext.annotations.davis import read_davis_videos
from mmvis_ext.annotations.index_png import VOID, davis_palette
from mmvis_ext.annotations.lists import read_sequence_list
from mmvis_ext.structures import boxes_of, decode
from mmvis_ext.utils.errors import InputError


def read(davis, names=("dogs", "boat"), workers=1, strict=False):
    folders = (str(davis.root / f"{kind}/480p") for kind in ("JPEGImages", "Annotations_unsupervised"))
    return read_davis_videos(names, *folders, workers, strict)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_track_per_object(davis, workers):
    dogs, boat = read(davis, workers=workers)
    assert (dogs.id, dogs.height, dogs.width, boat.id) == (1, HEIGHT, WIDTH, 2)
    assert dogs.file_names == ["dogs/00000.jpg", "dogs/00001.jpg", "dogs/00002.jpg"]
    assert [(t.id, t.category_id, t.visible.tolist()) for t in dogs.tracks] == [
        (1, 1, [True, False, False]),
        (2, 1, [True, False, True]),
    ]
    for record, frames in ((dogs, SEQUENCES["dogs"]), (boat, SEQUENCES["boat"])):
        for track in record.tracks:
            masks = decode(track.segmentations, HEIGHT, WIDTH)
            np.testing.assert_array_equal(masks, [index_map(objects) == track.id for objects in frames])
            np.testing.assert_array_equal(track.boxes, boxes_of(track.segmentations))
    assert all(isinstance(s["counts"], str) for s in boat.tracks[0].segmentations)


@pytest.mark.parametrize("ending", [".png", ".JPG", ".jpeg"])
def test_frames_of_other_endings(ending, davis):
    expected = read(davis)
    for path in davis.jpeg("dogs", 0).parent.iterdir():
        Image.open(path).save(path.with_suffix(ending))
        path.unlink()
    dogs, boat = read(davis)
    assert dogs.file_names == [f"dogs/0000{t}{ending}" for t in range(3)]
    assert (dogs.tracks, boat) == (expected[0].tracks, expected[1])


def test_a_list_may_begin_with_a_byte_order_mark(davis):
    path = davis.root / "ImageSets/2017/train.txt"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_sequence_list(path) == ["dogs", "boat"]
    path.write_bytes("dogs\n".encode("utf-16"))
    with pytest.raises(InputError, match="is not a text file in UTF-8; save it as UTF-8"):
        read_sequence_list(path)


def test_void_pixels_belong_to_nobody(davis):
    _, boat = read(davis)
    assert [t.id for t in boat.tracks] == [1]
    assert decode(boat.tracks[0].segmentations, HEIGHT, WIDTH)[0].sum() == 16 * 16 - 4 * 4


def test_a_sequence_without_objects(davis):
    for t in range(2):
        davis.write_png("boat", t, np.full((HEIGHT, WIDTH), VOID * t, np.uint8))
    assert read(davis, ["boat"])[0].tracks == []


@pytest.mark.parametrize("workers", [1, 2])
def test_frames_of_void_alone_are_warned_of(davis, log, workers):
    read(davis, ["boat"], workers=workers)
    assert "void throughout" not in log.text
    for t in range(3):
        davis.write_png("dogs", t, np.full((HEIGHT, WIDTH), VOID, np.uint8))
    dogs, _ = read(davis, workers=workers)
    assert dogs.tracks == []
    (said,) = (r.getMessage() for r in log.records if "void throughout" in r.getMessage())
    assert said.endswith(
        "dogs/00000.png: is void throughout, as 3 annotations of the list are; these frames show no object."
    )


def test_test_sets_have_no_annotations(davis):
    (plane,) = read(davis, ["plane"])
    assert plane.tracks is None
    assert len(plane.file_names) == 3


def no_palette(davis):
    Image.fromarray(np.zeros((HEIGHT, WIDTH), np.uint8)).save(davis.png("dogs", 1))


BROKEN = {
    "no sequence": (lambda d: shutil.rmtree(d.jpeg("dogs", 0).parent), "480p/dogs: the sequence is missing"),
    "no frames": (lambda d: [d.jpeg("dogs", t).unlink() for t in range(3)], "480p/dogs: holds no frames (.jpg, .jpeg"),
    "frame of another size": (
        lambda d: d.write_jpeg("dogs", 1, (HEIGHT, WIDTH + 2)),
        "dogs/00001.jpg: has 34x24 pixels, but the sequence's first frame 32x24",
    ),
    "broken frame": (lambda d: d.jpeg("dogs", 1).write_text("no"), "dogs/00001.jpg: is no readable image"),
    "no palette": (no_palette, "dogs/00001.png: has no palette (its mode is L)"),
    "gap": (
        lambda d: [d.write_png("dogs", t, index_map([(1, (0, 0, 9, 9)), (3, (5, 5, 20, 20))])) for t in range(3)],
        "dogs: shows the objects [1, 3] but never 2",
    ),
    "annotation of another size": (
        lambda d: d.write_png("dogs", 1, np.zeros((HEIGHT * 2, WIDTH), np.uint8)),
        "dogs/00001.png: has 32x48 pixels, but its frame 32x24",
    ),
    "missing annotation": (lambda d: d.png("dogs", 1).unlink(), "dogs/00001.png: the annotation is missing"),
    "no annotations": (
        lambda d: shutil.rmtree(d.png("dogs", 1).parent),
        "dogs: holds no annotations, which other sequences of the list have",
    ),
    "missing frame": (lambda d: d.jpeg("dogs", 1).unlink(), "dogs/00001.png: has no frame"),
    "truncated": (
        lambda d: d.png("dogs", 1).write_bytes(d.png("dogs", 1).read_bytes()[:-30]),
        "dogs/00001.png: the PNG is truncated or broken",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_bad_files_are_named(what, davis):
    spoil, said = BROKEN[what]
    spoil(davis)
    with pytest.raises(InputError, match=re.escape(said)) as error:
        read(davis, strict=True)
    assert "\n" not in str(error.value)


def test_the_palette_is_the_official_one():
    assert davis_palette()[:15] == [0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0, 0, 0, 128]
    assert davis_palette()[-3:] == [224, 224, 192]


def warnings(log) -> list[str]:
    return [r.getMessage() for r in log.records if r.levelname == "WARNING"]


def write_grey(davis, name: str, t: int, content: np.ndarray) -> None:
    Image.fromarray(content).save(davis.png(name, t))


@pytest.mark.parametrize("workers", [1, 2])
def test_object_ids_with_a_gap_are_kept(workers, davis, log):
    for t in range(3):
        davis.write_png("dogs", t, index_map([(1, (0, 0, 9, 9)), (3, (5, 5, 20, 20))]))
    dogs, _ = read(davis, workers=workers)
    assert [t.id for t in dogs.tracks] == [1, 3]
    folder = davis.root / "Annotations_unsupervised/480p"
    kind = "sequences whose object ids have a gap, which are kept as they are"
    assert warnings(log) == [f"{folder}: {kind}: 1 (first: dogs)."]


def test_grey_pngs_are_read_by_their_values(davis, log):
    expected = read(davis)
    for name, frames in SEQUENCES.items():
        for t, objects in enumerate(frames):
            write_grey(davis, name, t, index_map(objects))
    assert read(davis) == expected, "255 is void, as there are other values"
    said = warnings(log)[-2]
    assert said.endswith("grey PNGs (of mode L), whose values are the objects: 5 (first: dogs/00000.png).")
    with pytest.raises(InputError, match=r"dogs/00000.png: has no palette \(its mode is L\)"):
        read(davis, strict=True)


def test_grey_pngs_of_0_and_255_alone_show_one_object(davis, log):
    """DAVIS 2016."""
    mask = index_map([(VOID, (2, 3, 12, 13))])
    for t, content in enumerate((mask, np.zeros_like(mask), mask)):
        write_grey(davis, "dogs", t, content)
    (dogs,) = read(davis, ["dogs"])
    assert [(t.id, t.visible.tolist()) for t in dogs.tracks] == [(1, [True, False, True])]
    assert np.array_equal(decode(dogs.tracks[0].segmentations, HEIGHT, WIDTH)[2], mask == VOID)
    (said,) = warnings(log)
    assert said.endswith("in which 255 is object 1, as they have no other values but 0: 3 (first: dogs/00000.png).")


def test_other_modes_are_refused(davis):
    Image.fromarray(np.zeros((HEIGHT, WIDTH, 3), np.uint8)).save(davis.png("dogs", 1))
    with pytest.raises(InputError, match=r"dogs/00001.png: has no palette \(its mode is RGB\)"):
        read(davis)


def test_void_without_any_object_is_warned_of(davis, log):
    """Binary masks of most tools: 255 with a palette is void."""
    for name, frames in SEQUENCES.items():
        for t in range(len(frames)):
            davis.write_png(name, t, index_map([(VOID, (2, 3, 12, 13))]))
    assert not any(video.tracks for video in read(davis))
    (said,) = warnings(log)
    assert said.endswith(
        "dogs/00000.png: has void pixels (255), and no PNG of the list shows an object; if these are binary masks, "
        "write 1 in place of 255, since objects are numbered 1, 2, ..."
    )
