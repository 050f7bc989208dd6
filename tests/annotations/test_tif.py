"""Grey TIFFs: the stretch of 16 bits, labels of any writer, and files that are refused."""

import io

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from mmvis_ext.annotations.frames import load_frame
from mmvis_ext.annotations.tif import label_tif, labels_in, read_labels, to_8_bits
from mmvis_ext.utils.errors import InputError

LABELS = np.arange(24 * 32, dtype=np.uint16).reshape(24, 32) * 85


def stretched(values: np.ndarray) -> np.ndarray:
    """Pixel by pixel."""
    ordered = sorted(values.ravel().tolist())
    low, high = (ordered[round(share * (len(ordered) - 1))] for share in (0.001, 0.999))
    out = [round(min(max((v - low) * 255 / max(high - low, 1), 0), 255)) for v in values.ravel().tolist()]
    return np.array(out).reshape(values.shape)


@pytest.mark.parametrize("high", [1, 40, 4000, 65535])
def test_16_bits_are_stretched(high):
    values = np.random.default_rng(high).integers(0, high, (40, 50), dtype=np.uint16, endpoint=True)
    found = to_8_bits(values)
    assert found.dtype == np.uint8
    assert np.abs(found - stretched(values)).max() <= 1
    assert (found.min(), found.max()) == (0, 255)
    assert not to_8_bits(np.full((9, 9), high, np.uint16)).any(), "a frame of one value is black"


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_frame_of_16_bits_is_grey_in_three_channels(order):
    values = np.random.default_rng(0).integers(200, 900, (24, 32), dtype=np.uint16)
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, values, byteorder=order)
    frame = load_frame(buffer.getvalue, "t000.tif")
    assert frame.shape == (24, 32, 3)
    for channel in range(3):
        np.testing.assert_array_equal(frame[..., channel], to_8_bits(values))


def test_8_bits_and_colours_stay_as_they_are():
    image = np.random.default_rng(0).integers(0, 99, (24, 32, 3), dtype=np.uint8)
    content = cv2.imencode(".tif", image)[1].tobytes()
    np.testing.assert_array_equal(load_frame(lambda: content, "a.tif"), image)
    content = cv2.imencode(".tif", image[..., 0])[1].tobytes()
    np.testing.assert_array_equal(load_frame(lambda: content, "a.tif"), image[..., :1].repeat(3, axis=2))


def written_by_pillow(path, labels, compression):
    Image.fromarray(labels).save(path, compression=compression)


WRITERS = {
    "opencv, LZW": lambda path, labels: cv2.imwrite(str(path), labels),
    "tifffile, plain": lambda path, labels: tifffile.imwrite(path, labels),
    "tifffile, big-endian": lambda path, labels: tifffile.imwrite(path, labels, byteorder=">"),
    "tifffile, BigTIFF": lambda path, labels: tifffile.imwrite(path, labels, bigtiff=True),
    "tifffile, deflate": lambda path, labels: tifffile.imwrite(path, labels, compression="zlib"),
    "pillow, LZW": lambda path, labels: written_by_pillow(path, labels, "tiff_lzw"),
    "here": lambda path, labels: path.write_bytes(label_tif(labels)),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_labels_of_16_bits_are_read_exactly(writer, tmp_path):
    WRITERS[writer](tmp_path / "a.tif", LABELS)
    found = read_labels(tmp_path / "a.tif")
    assert found.dtype == np.uint16
    np.testing.assert_array_equal(found, LABELS)


def test_others_read_what_is_written_here(tmp_path):
    (tmp_path / "a.tif").write_bytes(label_tif(LABELS))
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tif"), LABELS)
    assert tifffile.imread(tmp_path / "a.tif").dtype == np.uint16


@pytest.mark.parametrize("kind", [np.uint8, np.int32])
def test_labels_of_other_integers(kind, tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", (LABELS % 200).astype(kind))
    np.testing.assert_array_equal(read_labels(tmp_path / "a.tif"), LABELS % 200)


def test_labels_are_listed_without_the_background():
    assert labels_in(np.array([[0, 7, 65535], [7, 0, 2]], np.uint16)).tolist() == [2, 7, 65535]
    assert labels_in(np.array([[3, 3]], np.uint16)).tolist() == [3]
    assert labels_in(np.zeros((2, 2), np.uint16)).tolist() == []


BROKEN = {
    "missing": (lambda p: None, "the TIFF is missing"),
    "truncated": (lambda p: p.write_bytes(label_tif(LABELS)[:-400]), "the TIFF is truncated or broken"),
    "text": (lambda p: p.write_text("no"), "the TIFF is truncated or broken"),
    "PNG": (lambda p: Image.fromarray(LABELS).save(p, "PNG"), "is no TIFF but PNG"),
    "stack": (lambda p: tifffile.imwrite(p, np.stack([LABELS, LABELS])), "is a stack of several pictures"),
    "colour": (lambda p: cv2.imwrite(str(p), np.zeros((9, 9, 3), np.uint8)), "is a picture of mode RGB"),
    "fractions": (lambda p: tifffile.imwrite(p, np.ones((9, 9), np.float32)), "has values with a fraction"),
    "large": (lambda p: tifffile.imwrite(p, np.full((9, 9), 65536, np.int32)), "has values outside 0..65535"),
    "negative": (lambda p: tifffile.imwrite(p, np.full((9, 9), -1, np.int32)), "has values outside 0..65535"),
    "thin": (lambda p: tifffile.imwrite(p, np.ones((1, 200), np.uint16)), "200x1 pixels are no frame"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_maps_that_are_refused(what, tmp_path):
    spoil, said = BROKEN[what]
    spoil(tmp_path / "a.tif")
    with pytest.raises(InputError, match=f"a.tif: {said}") as error:
        read_labels(tmp_path / "a.tif")
    assert "\n" not in str(error.value)


def test_too_many_pixels_are_refused_before_they_are_decoded(tmp_path, monkeypatch):
    (tmp_path / "a.tif").write_bytes(label_tif(LABELS))
    monkeypatch.setenv("MMVIS_MAX_PIXELS", "700")
    for read in (lambda: read_labels(tmp_path / "a.tif"), lambda: load_frame((tmp_path / "a.tif").read_bytes, "a.tif")):
        with pytest.raises(InputError, match="has more than the 700 pixels"):
            read()


@pytest.mark.parametrize(
    ("values", "cut", "said"),
    [
        (LABELS, 400, "the frame is truncated or not an image"),
        (np.stack([LABELS, LABELS]), None, "is a stack of several pictures"),
        (LABELS.astype(np.float32), None, "has values with a fraction"),
    ],
)
def test_frames_that_are_refused(values, cut, said):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, values)
    with pytest.raises(InputError, match=f"t000.tif: {said}"):
        load_frame(lambda: buffer.getvalue()[: cut and -cut], "t000.tif")
