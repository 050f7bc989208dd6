"""Run-length encoding: every form that files use, and nothing malformed past the gate."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pycocotools import mask as coco_mask

from mmvis_ext.structures import boxes_of, decode, encode, to_rle
from mmvis_ext.structures.rle import LONGEST_OUTLINE, _outline, legal_counts, to_rles
from mmvis_ext.utils.errors import InputError

H, W = 5, 7
STILLS = Path(__file__).parents[3] / "shared/real_bench/coco_stills/annotations"
masks = arrays(
    np.uint8, st.tuples(st.integers(1, 3), st.integers(1, 12), st.integers(1, 12)), elements=st.integers(0, 1)
)


def runs(mask: np.ndarray) -> list[int]:
    """COCO's uncompressed counts: lengths of runs in column-major order, background first."""
    counts, value, length = [], 0, 0
    for pixel in mask.T.flatten():
        if pixel != value:
            counts.append(length)
            value, length = pixel, 0
        length += 1
    return [*counts, length]


def a_mask() -> np.ndarray:
    mask = np.zeros((H, W), np.uint8)
    mask[1:4, 2:6] = 1
    mask[2, 3] = 0
    return mask


def written_at_length(value: int, digits: int) -> str:
    """One number in COCO's characters, five bits each, with more of them than it needs."""
    groups = [(value >> 5 * i) & 31 for i in range(digits)]
    return "".join(chr(48 + g + (32 if i < digits - 1 else 0)) for i, g in enumerate(groups))


@given(masks)
def test_decoding_undoes_encoding(mask):
    rles = encode(mask)
    assert np.array_equal(decode(rles, *mask.shape[1:]), mask)
    assert [r["size"] for r in rles] == [list(mask.shape[1:])] * len(mask)


def test_codes_are_plain_json():
    rles = encode(a_mask()[None].astype(bool))
    assert json.loads(json.dumps(rles)) == rles


def test_the_absent_is_decoded_as_empty():
    decoded = decode([None, encode(a_mask()[None])[0]], H, W)
    assert not decoded[0].any()
    assert np.array_equal(decoded[1], a_mask())
    assert decode([], H, W).shape == (0, H, W)


@given(masks)
def test_boxes_are_tight(mask):
    boxes = boxes_of([*encode(mask), None])
    for one, box in zip(mask, boxes, strict=False):
        ys, xs = np.nonzero(one)
        expected = [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1] if len(xs) else [0, 0, 0, 0]
        assert box.tolist() == expected
    assert boxes[-1].tolist() == [0, 0, 0, 0]
    assert boxes.dtype == np.float32


@pytest.mark.parametrize("form", ["compressed", "bytes", "counts", "floats"])
def test_all_forms_of_run_lengths_are_read_alike(form):
    code = encode(a_mask()[None])[0]
    given = {
        "compressed": code,
        "bytes": dict(code, counts=code["counts"].encode()),
        "counts": dict(size=[H, W], counts=runs(a_mask())),
        "floats": dict(size=[H, W], counts=list(map(float, runs(a_mask())))),
    }[form]
    assert to_rle(given, H, W, "here") == code


@pytest.mark.parametrize("polygon", [[1, 1, 4, 1, 4, 3, 1, 3], [[1, 1, 4, 1, 4, 3, 1, 3]]])
def test_polygons_are_filled(polygon):
    expected = np.zeros((H, W), np.uint8)
    expected[1:3, 1:4] = 1
    assert np.array_equal(decode([to_rle(polygon, H, W, "here")], H, W)[0], expected)


def test_several_polygons_are_united():
    square = [0, 0, 2, 0, 2, 2, 0, 2]
    both = to_rle([square, [v + 3 for v in square]], H, W, "here")
    assert coco_mask.area(both) == 8


def test_a_polygon_may_leave_the_frame():
    assert coco_mask.area(to_rle([[-3, -3, 2, -3, 2, 2, -3, 2]], H, W, "here")) == 4


@pytest.mark.parametrize(
    "segmentation",
    [None, [], dict(size=[H, W], counts=[H * W]), encode(np.zeros((1, H, W)))[0], [[-9, -9, -8, -9, -8, -8]]],
)
def test_what_covers_no_pixel_is_absent(segmentation):
    assert to_rle(segmentation, H, W, "here") is None


@pytest.mark.parametrize(
    ("segmentation", "said"),
    [
        ("text", "not str"),
        (7, "not int"),
        (dict(counts=[35]), "not dict"),
        (dict(size=[W, H], counts=[35]), r"size \[7, 5\] differs from the frame's .* \[5, 7\]"),
        (dict(size=5, counts=[35]), "size 5 differs"),
        (dict(size=None, counts=[35]), "size None differs"),
        (dict(size=[H, W], counts=[34]), "35 pixels"),
        (dict(size=[H, W], counts=[36, -1]), "counts hold -1, but are whole numbers"),
        (dict(size=[H, W], counts=[17.5, 17.5]), "counts hold 17.5, but"),
        (dict(size=[H, W], counts=[34, True]), "counts hold True"),
        (dict(size=[H, W], counts=[float("inf")]), "counts hold inf"),
        (dict(size=[H, W], counts=["35"]), "counts hold '35'"),
        (dict(size=[H, W], counts=[float("nan"), 35]), "counts hold nan"),
        (dict(size=[H, W], counts=[34.0]), "35 pixels"),
        (dict(size=[H, W], counts=[10**30, 35]), "35 pixels"),
        (dict(size=[H, W], counts=None), "not NoneType"),
        (dict(size=[H, W], counts=""), "does not fill"),
        (dict(size=[H, W], counts="\x00"), "does not fill"),
        (dict(size=[H, W], counts="üü5"), "does not fill"),  # "??5" would
        (dict(size=[H, W], counts=b"\xff\xff5"), "does not fill"),
        (dict(size=[H, W], counts="nnnn"), "does not fill"),
        ([[0, 0, 1, 1]], "at least three x, y pairs .* correct it"),
        ([[0, 0, 1, 1, 2]], "at least three x, y pairs .* correct it"),
        ([[0, 0, 1, 1, 2, "2"]], "at least three x, y pairs .* correct it"),
        ([[0, 0, 1, 1, 2, float("nan")]], "at least three x, y pairs .* correct it"),
        ([[0, 0, 1, 1, 2, 10**400]], "at least three x, y pairs .* correct it"),
        ([[0, 0, 1, 1, True, 2]], "at least three x, y pairs .* correct it"),
        ([[]], "at least three x, y pairs .* correct it"),
        ([None], "at least three x, y pairs .* correct it"),
        ([[0, 0, 1e9, 0, 0, 1e9]], "near the frame"),
        ([[0, 0, 1e300, 0, 0, 1e300]], "near the frame"),
    ],
)
def test_what_is_malformed_is_named(segmentation, said):
    with pytest.raises(InputError, match=said) as caught:
        to_rle(segmentation, H, W, "file.json: annotation 3, frame 4")
    assert str(caught.value).startswith("file.json: annotation 3, frame 4")


@pytest.mark.parametrize(
    "polygons",
    [
        [[0.0, 0.0, 10.0 * W, 10.0 * W] * 40],  # few points, far apart
        [[1.0, 1.0, 2.0, 2.0, 1.0, 2.0] * 200],  # many points
        [[1, 1, 2, 1, 1, 2]] * 200,  # many polygons
    ],
)
def test_outlines_without_end_never_reach_pycocotools(polygons, monkeypatch):
    monkeypatch.setattr(coco_mask, "frPyObjects", None)
    with pytest.raises(InputError, match=r"^here: the outlines .* longer than 100 times .* as an RLE\.$"):
        to_rle(polygons, H, W, "here")


def test_the_longest_outline_that_is_read():
    polygon = [1, 1, 2, 2] * (100 * (H + W) // 6)  # to and fro: four pixels and two points each time
    assert to_rle([polygon], H, W, "here") is None
    with pytest.raises(InputError, match="outlines"):
        to_rle([[*polygon, 1, 1]], H, W, "here")


@pytest.mark.skipif(not STILLS.exists(), reason="the annotations in ../shared/real_bench are not there")
def test_outlines_of_coco_stay_far_below_the_bound():
    for path in sorted(STILLS.glob("*.json")):
        data = json.loads(path.read_text())
        sizes = {image["id"]: (image["height"], image["width"]) for image in data["images"]}
        polygons = [a for a in data["annotations"] if isinstance(a["segmentation"], list)]
        assert len(polygons) > 1000
        for annotation in polygons:
            longest = sum(map(_outline, annotation["segmentation"])) / sum(sizes[annotation["image_id"]])
            assert longest < LONGEST_OUTLINE / 20


def pixels_of(counts: str) -> int:
    """How many pixels a string of COCO's describes, read character by character; -1 where it is no mask."""
    runs, value, shift = [], 0, 0
    for character in counts:
        code = ord(character) - 48
        if not 0 <= code < 64 or shift > 25:
            return -1
        value |= (code & 31) << shift
        shift += 5
        if code < 32:
            value -= (code & 16 > 0) << shift
            value += runs[-2] if len(runs) > 2 else 0
            if value < 0:
                return -1
            runs.append(value)
            value = shift = 0
    return -1 if shift or not runs else sum(runs)


numbers = st.tuples(st.integers(-30, 50), st.integers(1, 7)).map(lambda pair: written_at_length(*pair))
strings = st.lists(numbers, max_size=7).map("".join) | st.text(
    st.characters(min_codepoint=46, max_codepoint=114), max_size=8
)


@settings(max_examples=500)
@given(st.lists(strings, min_size=1, max_size=4), st.integers(1, 60))
def test_the_check_of_counts_agrees_with_reading_them_one_by_one(counts, pixels):
    for one in counts:
        assert legal_counts([one], pixels) == (pixels_of(one) == pixels)
        assert legal_counts([one], max(pixels_of(one), 0) or 1) == (pixels_of(one) > 0)
    assert legal_counts(counts, pixels) == all(pixels_of(one) == pixels for one in counts)


@pytest.mark.parametrize("runs_written", [(0, 35, 0, 1 - 35, 35 - 1), (0, 135, -100)])
def test_negative_runs_that_add_up_to_the_frame_are_refused(runs_written):
    """pycocotools takes the first for a mask of nothing that overlaps everything, and never returns from the other."""
    stored = [run - (runs_written[i - 2] if i > 2 else 0) for i, run in enumerate(runs_written)]
    counts = "".join(written_at_length(number, 3) for number in stored)
    assert sum(runs_written) == H * W
    assert not legal_counts([counts], H * W)
    code = dict(size=[H, W], counts=counts)
    with pytest.raises(InputError, match="does not fill"):
        to_rle(code, H, W, "here")
    with pytest.raises(InputError, match="does not fill"):
        to_rles([code], H, W, "frame {}".format)


@given(masks)
def test_a_track_is_read_as_its_frames_are(mask):
    h, w = mask.shape[1:]
    track = [None, *encode(mask), *[dict(size=[h, w], counts=runs(m)) for m in mask]]
    assert to_rles(track, h, w, "frame {}".format) == [to_rle(s, h, w, "here") for s in track]
    assert to_rles(track[: 1 + len(mask)], h, w, str) == [to_rle(s, h, w, "here") for s in track[: 1 + len(mask)]]


def test_the_frame_that_is_malformed_is_named():
    with pytest.raises(InputError, match=r"^frame 2: a segmentation is null"):
        to_rles([None, encode(a_mask()[None])[0], "text"], H, W, "frame {}".format)


@settings(max_examples=300)
@given(st.text(st.characters(min_codepoint=40, max_codepoint=120), max_size=12))
@example(":X12onooooO3")
@example("".join(map(written_at_length, (10, 20, 2, -17, 20), (1, 2, 1, 9, 1))))
def test_every_string_is_refused_or_decodes_to_a_mask(counts):
    try:
        rle = to_rle(dict(size=[H, W], counts=counts), H, W, "here")
    except InputError:
        return
    if rle is not None:
        mask = decode([rle], H, W)[0]
        assert sum(runs(mask)) == H * W
        assert mask.sum() == coco_mask.area(rle) > 0


@given(masks, st.data())
def test_a_code_with_changed_characters_is_refused_or_decodes(mask, data):
    counts = list(encode(mask)[0]["counts"])
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(counts) - 1))
        counts[at] = data.draw(st.characters(min_codepoint=48, max_codepoint=111))
    h, w = mask.shape[1:]
    try:
        rle = to_rle(dict(size=[h, w], counts="".join(counts)), h, w, "here")
    except InputError:
        return
    assert rle is None or decode([rle], h, w).sum() == coco_mask.area(rle)


def test_a_run_of_negative_length_is_refused():
    counts = "".join(map(written_at_length, (20, 17, -2), (2, 2, 1)))
    with pytest.raises(InputError, match="does not fill"):
        to_rle(dict(size=[H, W], counts=counts), H, W, "here")


def test_a_number_without_its_end_is_refused():
    counts = encode(a_mask()[None])[0]["counts"]
    with pytest.raises(InputError, match="does not fill"):
        to_rle(dict(size=[H, W], counts=counts + chr(48 + 32)), H, W, "here")


@pytest.mark.parametrize("shift", [-64, 64])
def test_characters_that_coco_does_not_write_are_refused(shift):
    counts = encode(a_mask()[None])[0]["counts"]
    strange = counts[:-1] + chr((ord(counts[-1]) + shift) % 0x110000)
    with pytest.raises(InputError, match="does not fill"):
        to_rle(dict(size=[H, W], counts=strange), H, W, "here")


@pytest.mark.parametrize("digits", [7, 9, 12])
def test_numbers_longer_than_the_decoder_reads_are_refused(digits):
    runs_written = (written_at_length(10, 1), written_at_length(25, digits))
    with pytest.raises(InputError, match="does not fill"):
        to_rle(dict(size=[H, W], counts="".join(runs_written)), H, W, "here")
    shorter = (written_at_length(10, 1), written_at_length(25, 6))
    assert coco_mask.area(to_rle(dict(size=[H, W], counts="".join(shorter)), H, W, "here")) == 25


@given(
    st.lists(
        st.lists(st.one_of(st.integers(-100, 100), st.floats(-50, 50)), min_size=6, max_size=10), min_size=1, max_size=3
    )
)
def test_every_polygon_is_refused_or_decodes(polygons):
    try:
        rle = to_rle(polygons, H, W, "here")
    except InputError:
        return
    assert rle is None or decode([rle], H, W).sum() == coco_mask.area(rle)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 40), st.integers(0, 5))
def test_counts_of_real_masks_fill_the_frame(seed, height, width, n):
    rng = np.random.default_rng(seed)
    counts = [m["counts"] for m in encode(rng.random((n, height, width)) < rng.random((n, 1, 1)))]
    assert legal_counts(counts, height * width)
    assert not counts or not legal_counts(counts, height * width + 1)


def test_long_runs():
    masks = np.zeros((3, 3000, 4000), dtype=bool)
    masks[1, 5:, 7:] = True
    masks[2] = True
    assert legal_counts([m["counts"] for m in encode(masks)], 3000 * 4000)


def test_other_letters_are_not_read_as_question_marks():
    assert legal_counts(["?"], 15)
    assert not legal_counts(["é"], 15)


@pytest.mark.parametrize("broken", ["", "P", "0é", "!", "zzzzzzzz0", "11"])
def test_broken_counts(broken):
    assert not legal_counts([broken], 4)
    assert not legal_counts(["4", broken], 4)
    assert not legal_counts([broken, "4"], 4)
    assert legal_counts(["4", "04"], 4)
