"""Frames from disk, and a name for every one that cannot be had."""

import builtins
import io

import cv2
import numpy as np
import pytest
from PIL import Image
from small_file import HEIGHT, WIDTH, frame_name

from mmvis_ext.annotations.frames import _truncated
from mmvis_ext.datasets.transforms import LoadFrame
from mmvis_ext.utils.errors import InputError


def request(path, **kwargs) -> dict:
    return dict(img_path=str(path), video_id=4, frame_id=3, height=HEIGHT, width=WIDTH) | kwargs


@pytest.fixture
def path(frames):
    return frames / frame_name(4, 3)


def said(path, **kwargs) -> str:
    with pytest.raises(InputError) as caught:
        LoadFrame()(request(path, **kwargs))
    sentence = str(caught.value)
    assert sentence.startswith(f"{path} (video 4, frame 3): ")
    return sentence


def test_a_frame_is_loaded_with_its_size(path):
    results = LoadFrame()(request(path))
    assert np.array_equal(results["img"], cv2.imread(str(path)))
    assert results["img_shape"] == results["ori_shape"] == (HEIGHT, WIDTH)
    assert LoadFrame(to_float32=True)(request(path))["img"].dtype == np.float32


def test_there_is_no_argument_that_does_nothing():
    with pytest.raises(TypeError, match="ignore_empty"):
        LoadFrame(ignore_empty=True)


@pytest.mark.parametrize("suffix", [".png", ".bmp"])
def test_other_formats_are_loaded_too(path, suffix):
    image = cv2.imread(str(path))
    other = path.with_suffix(suffix)
    cv2.imwrite(str(other), image)
    assert np.array_equal(LoadFrame()(request(other))["img"], image)


def test_a_missing_frame_is_named(path):
    path.unlink()
    assert "the frame is missing" in said(path)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_a_truncated_frame_is_named(path, suffix, share):
    rng = np.random.default_rng(0)
    file = path.with_suffix(suffix)
    cv2.imwrite(str(file), rng.integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8))
    content = file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    assert "truncated or not an image" in said(file)


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_the_end_of_a_file_is_looked_for(path, suffix):
    """Some decoders fill what is missing with grey and say nothing."""
    file = path.with_suffix(suffix)
    cv2.imwrite(str(file), np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    content = file.read_bytes()
    assert not _truncated(content)
    assert all(_truncated(content[:-n]) for n in (2 if suffix == ".jpg" else 9, len(content) // 2))


@pytest.mark.parametrize(
    "trailer", [b"\0" * 4096, b"A" * 1500, b"\xff" * 2000, b"ftypmp42" * 9000], ids=["zeros", "A", "0xff", "motion"]
)
@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_what_stands_behind_the_end_of_a_frame_does_not_matter(path, suffix, trailer):
    """Trailers of cameras, motion photos, files padded to the sector."""
    rng = np.random.default_rng(0)
    file = path.with_suffix(suffix)
    cv2.imwrite(str(file), rng.integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8))
    whole = file.read_bytes()
    image = LoadFrame()(request(file))["img"]
    file.write_bytes(whole + trailer)
    assert np.array_equal(LoadFrame()(request(file))["img"], image)
    file.write_bytes(whole[: len(whole) // 2])
    assert "truncated or not an image" in said(file)


@pytest.mark.parametrize("progressive", [False, True])
def test_a_preview_inside_a_jpeg_is_not_taken_for_its_end(progressive):
    rng = np.random.default_rng(0)
    picture, small = (Image.fromarray(rng.integers(0, 255, (n, n, 3), dtype=np.uint8)) for n in (64, 8))
    whole, preview = io.BytesIO(), io.BytesIO()
    small.save(preview, "JPEG")
    picture.save(whole, "JPEG", progressive=progressive, comment=preview.getvalue())
    content = whole.getvalue()
    assert preview.getvalue() in content
    assert not _truncated(content)
    assert all(_truncated(content[: len(content) * share // 10]) for share in range(1, 10))


def test_what_is_not_an_image_is_named(path):
    path.write_text("<html>not found</html>")
    assert "truncated or not an image" in said(path)


def test_a_frame_of_another_size_is_named(path):
    assert f"is {WIDTH}x{HEIGHT} pixels but the annotation file says 30x24" in said(path, width=30)


def test_a_frame_that_cannot_be_read_is_named(path, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(builtins, "open", refuse)
    assert "cannot be read (Permission denied)" in said(path)


@pytest.mark.parametrize("name", ["s3://bucket/a.jpg", "http://127.0.0.1:9/a.jpg", "a\0b.jpg", "a\ud800.jpg"])
def test_addresses_and_impossible_names_are_missing_frames(name):
    with pytest.raises(InputError, match=r"(the frame is missing|no file can have such a name)"):
        LoadFrame()(request(name))
