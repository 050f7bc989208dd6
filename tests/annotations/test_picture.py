"""Pictures that would fill the memory, or are none, are refused before a pixel is decoded."""

import os
import re
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from mmvis_ext.annotations.frames import frame_sizes, load_frame
from mmvis_ext.annotations.index_png import read_index_map, read_index_map_size
from mmvis_ext.annotations.picture import open_picture
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.limits import MAX_PIXELS, check_frame_size


def png(height: int, width: int, colour: int = 3) -> bytes:
    """A PNG that says it has this size; it has a palette, and no pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    parts = chunk(b"IHDR", header), chunk(b"PLTE", bytes(6)), chunk(b"IDAT", zlib.compress(b"")), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


READERS = {
    "frame": lambda path: load_frame(path.read_bytes, str(path)),
    "size": lambda path: frame_sizes(str(path)),
    "index map": read_index_map,
    "size of an index map": read_index_map_size,
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    ("size", "said"),
    [
        ((10**4, 10**4), " (10000x10000); make it smaller, or set the environment variable MMVIS_MAX_PIXELS"),
        ((30_000, 30_000), f"has more than the {MAX_PIXELS} pixels that a frame may have"),
        ((60_000, 60_000), f"has more than the {MAX_PIXELS} pixels that a frame may have"),
        ((1, 16384), "16384x1 pixels are no frame, since one side has more than 100 times"),
        ((16384, 1), "1x16384 pixels are no frame"),
    ],
)
def test_sizes_that_no_frame_has(reader, size, said, tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(png(*size))
    with pytest.raises(InputError, match=r"^\S+a\.png: .*" + re.escape(said)):
        READERS[reader](path)


def test_a_setting_raises_the_bound(tmp_path, monkeypatch):
    Image.fromarray(np.zeros((40, 50), np.uint8)).save(tmp_path / "a.png")
    monkeypatch.setenv("MMVIS_MAX_PIXELS", "1999")
    with pytest.raises(InputError, match=r"more than the 1999 pixels that a frame may have \(50x40\)"):
        frame_sizes(str(tmp_path / "a.png"))
    monkeypatch.setenv("MMVIS_MAX_PIXELS", "2000")
    assert frame_sizes(str(tmp_path / "a.png")) == ((40, 50), (40, 50))
    check_frame_size(40, 50, "here")
    monkeypatch.setenv("MMVIS_MAX_PIXELS", str(10**9))
    check_frame_size(30_000, 30_000, "here")
    for odd in ("many", "-1", "0", ""):
        monkeypatch.setenv("MMVIS_MAX_PIXELS", odd)
        with pytest.raises(InputError, match=r"MMVIS_MAX_PIXELS=.* is no number of pixels"):
            check_frame_size(40, 50, "here")


@pytest.mark.parametrize("what", ["pipe", "circle", "folder", "name"])
def test_what_is_no_file_is_not_read(what, tmp_path):
    path = tmp_path / ("a\0b" if what == "name" else "a.png")
    if what == "pipe":
        os.mkfifo(path)
    elif what == "circle":
        path.symlink_to(path)
    elif what == "folder":
        path.mkdir()
    with pytest.raises(OSError, match=r"."), open_picture(path, "here"):
        pass
    with pytest.raises(InputError, match="truncated or broken"):
        read_index_map(path)


@pytest.mark.parametrize("content", [b"", b"text", b"\x89PNG\r\n\x1a\n", png(4, 4)[:40], png(4, 4), png(0, 4)])
def test_what_is_no_picture(content, tmp_path):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.png"):
        load_frame(lambda: content, "a.png")
    with pytest.raises(InputError, match=r"a\.png"):
        read_index_map(tmp_path / "a.png")
