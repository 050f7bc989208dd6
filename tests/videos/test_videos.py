"""Reading and writing videos."""

import os
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmvis_ext.annotations.tif import to_8_bits
from mmvis_ext.utils.errors import InputError
from mmvis_ext.videos import VideoWriter, open_video, read_frames

REAL = Path(__file__).resolve().parents[3] / "shared" / "real"


def smooth(t, size=(48, 64)):
    """A frame that survives compression: red at the left, blue at the right, brighter with time."""
    frame = np.zeros((*size, 3), np.uint8)
    frame[:, : size[1] // 2, 0] = 120 + 10 * t
    frame[:, size[1] // 2 :, 2] = 120 + 10 * t
    return frame


def write(path, count=5, size=(48, 64), fps=10.0):
    with VideoWriter(path, fps) as video:
        for t in range(count):
            video.write(smooth(t, size))


def write_then(path, then):
    """Write one frame and do something before the video is closed."""
    with VideoWriter(path, 5) as video:
        video.write(smooth(0))
        then(video)


def write_folder(folder, names):
    folder.mkdir()
    for t, name in enumerate(names):
        cv2.imwrite(str(folder / name), smooth(t)[..., ::-1])


@pytest.mark.parametrize("name", ["a.mp4", "a.webm"])
def test_what_is_written_is_read(name, tmp_path):
    path = tmp_path / "deep" / name
    write(path)
    source = open_video(path)
    assert source.fps == pytest.approx(10)
    assert source.length == 5
    for _ in range(2):  # as often as one likes
        frames = list(source)
        assert len(frames) == 5
        for t, frame in enumerate(frames):
            assert frame.shape == (48, 64, 3)
            assert np.abs(frame.astype(int) - smooth(t)).mean() < 8
    assert [p.name for p in path.parent.iterdir()] == [name]


def test_a_folder_of_frames_of_16_bits(tmp_path):
    """As a microscope writes them."""
    for t in (2, 10):
        values = np.random.default_rng(t).integers(300, 900, (24, 32), dtype=np.uint16)
        cv2.imwrite(str(tmp_path / f"t{t}.tif"), values)
    source = open_video(tmp_path)
    assert source.length == 2
    for t, frame in zip((2, 10), source, strict=True):
        values = np.random.default_rng(t).integers(300, 900, (24, 32), dtype=np.uint16)
        np.testing.assert_array_equal(frame, to_8_bits(values)[..., None].repeat(3, axis=2))


def test_writing_changes_no_frame_and_cuts_odd_sizes(tmp_path):
    frame = smooth(0, (49, 65))
    before = frame.copy()
    with VideoWriter(tmp_path / "a.mp4", 5) as video:
        video.write(frame)
    assert np.array_equal(frame, before)
    assert next(iter(open_video(tmp_path / "a.mp4"))).shape == (48, 64, 3)


def test_a_written_video_can_be_read_by_others(tmp_path):
    write(tmp_path / "a.mp4")
    assert (tmp_path / "a.mp4").stat().st_mode & 0o044 == 0o044


def test_an_error_in_the_block_leaves_nothing_and_keeps_what_was_there(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError):
        write_then(path, lambda _: 1 / 0)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]


def test_a_video_that_did_not_get_to_the_disk_is_an_error(tmp_path):
    def lose_a_frame_without_a_word(video):
        video.count += 1

    with pytest.raises(InputError, match="make room"):
        write_then(tmp_path / "a.mp4", lose_a_frame_without_a_word)
    assert not list(tmp_path.iterdir())


def test_no_frames_make_no_video(tmp_path):
    with pytest.raises(InputError, match="no frames"):
        write(tmp_path / "a.mp4", count=0)
    assert not list(tmp_path.iterdir())


def test_frames_of_another_size_are_refused(tmp_path):
    with pytest.raises(ValueError, match="in a video of"):
        write_then(tmp_path / "a.mp4", lambda video: video.write(smooth(0, (40, 64))))
    assert not list(tmp_path.iterdir())


def test_places_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.mp4").mkdir()
    for path, reason in (("file/a.mp4", "cannot be written"), ("folder.mp4", "folder"), ("a.avi", "ending")):
        with pytest.raises(InputError, match=reason):
            write(tmp_path / path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder.mp4"]


def test_a_folder_is_read_in_the_order_of_its_numbers(tmp_path):
    write_folder(tmp_path / "f", ["f2.png", "f10.png", "f011.png"])
    (tmp_path / "f" / "notes.txt").write_text("no frame")
    (tmp_path / "f" / ".hidden.png").write_text("no frame")
    source = open_video(tmp_path / "f")
    assert source.length == 3
    assert source.fps == 6
    assert [np.array_equal(frame, smooth(t)) for t, frame in enumerate(source)] == [True] * 3


def test_frames_are_read_one_by_one(tmp_path):
    write_folder(tmp_path / "f", ["0.png"])
    frames = read_frames([tmp_path / "f/0.png", tmp_path / "f/none.png"])
    assert np.array_equal(next(frames), smooth(0))
    with pytest.raises(InputError, match=r"none.png .*missing"):
        next(frames)


def test_bad_videos_are_named(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.mp4").write_text("no video")
    (tmp_path / "zero.mp4").write_bytes(b"")
    write(tmp_path / "good.mp4")
    (tmp_path / "cut.mp4").write_bytes((tmp_path / "good.mp4").read_bytes()[:-300])
    cases = {"none.mp4": "no such", "empty": "no frames", "text.mp4": "not a video", "zero.mp4": "not a video"}
    for name, reason in (cases | {"cut.mp4": "not a video"}).items():
        with pytest.raises(InputError, match=f"{name}: .*{reason}"):
            open_video(tmp_path / name)


def test_a_broken_frame_and_one_of_another_size_are_named(tmp_path):
    write_folder(tmp_path / "f", ["0.png", "1.png"])
    cv2.imwrite(str(tmp_path / "f/2.png"), smooth(0, (40, 64)))
    with pytest.raises(InputError, match=r"frame 2 is 64x40 .* 64x48"):
        list(open_video(tmp_path / "f"))
    (tmp_path / "f/1.png").write_bytes((tmp_path / "f/1.png").read_bytes()[:-20])
    with pytest.raises(InputError, match=r"1.png .*truncated"):
        list(open_video(tmp_path / "f"))


@pytest.mark.skipif(not (REAL / "demo.mp4").exists(), reason="needs the real video demo.mp4")
def test_a_real_video():
    source = open_video(REAL / "demo.mp4")
    frames = list(source)
    assert len(frames) == source.length == 8
    assert frames[0].shape == (1080, 1920, 3)


def header_first(content: bytes) -> bytes:
    """An mp4 with its header in front of its frames, as files for the web are."""
    parts, at = {}, 0
    while at < len(content):
        size, kind = struct.unpack_from(">I4s", content, at)
        parts[kind] = content[at : at + size]
        at += size
    header = bytearray(parts.pop(b"moov"))
    table = header.index(b"stco") + 8
    for i in range(struct.unpack_from(">I", header, table)[0]):
        place = table + 4 + 4 * i
        struct.pack_into(">I", header, place, struct.unpack_from(">I", header, place)[0] + len(header))
    return parts.pop(b"ftyp") + header + b"".join(parts.values())


def test_a_video_that_ends_early_is_told(tmp_path, capfd):
    with VideoWriter(tmp_path / "a.mp4", 10) as video:
        for t in range(30):
            video.write(smooth(t % 10))
    content = header_first((tmp_path / "a.mp4").read_bytes())
    (tmp_path / "whole.mp4").write_bytes(content)
    assert len(list(open_video(tmp_path / "whole.mp4"))) == 30
    assert not capfd.readouterr().err
    (tmp_path / "cut.mp4").write_bytes(content[: -len(content) // 4])
    source = open_video(tmp_path / "cut.mp4")
    count = len(list(source))
    assert 0 < count < source.length == 30
    out, err = capfd.readouterr()
    assert err.startswith(f"warning: {source.path}: only the first {count} of the 30 frames")
    assert err.count("\n") == 1
    assert not out


@pytest.mark.parametrize("name", ["0.jpg", "1.PNG"])
def test_two_pictures_of_one_frame_are_refused(name, tmp_path):
    """Masks beside their frames are no frames of the video."""
    write_folder(tmp_path / "f", ["0.png", "1.jpg", "2.png"])
    assert len(list(open_video(tmp_path / "f"))) == 3
    (tmp_path / "f" / name).write_bytes((tmp_path / "f/0.png").read_bytes())
    with pytest.raises(InputError, match=rf"f: holds two pictures of one frame, .*{name}"):
        open_video(tmp_path / "f")


def test_a_codec_that_cannot_be_decoded_is_named(tmp_path):
    """The film says that it is of this codec, and no frame can be had; it is whole for all that."""
    write(tmp_path / "a.mp4")
    content = (tmp_path / "a.mp4").read_bytes()
    start, table = content[: content.index(b"stsd")], content[content.index(b"stsd") :]
    for kind in (b"avc1", b"mp4v"):
        table = table.replace(kind, b"av01", 1)
    table = table.replace(b"esds", b"free", 1)  # it names the codec a second time
    (tmp_path / "b.mp4").write_bytes(start + table)
    with pytest.raises(InputError, match=r"b.mp4: is AV1, which this OpenCV cannot decode; re-encode it, .*b.mp4"):
        open_video(tmp_path / "b.mp4")


def as_stream(folder):
    """A video that a playlist can name."""
    path = folder / "elsewhere.ts"
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"mp4v"), 10, (64, 48))
    for t in range(5):
        writer.write(smooth(t))
    writer.release()
    assert open_video(path).length is None or list(open_video(path))
    return path


@pytest.mark.parametrize("form", ["hls", "concat"])
def test_a_playlist_opens_no_other_file(form, tmp_path):
    stream = as_stream(tmp_path)
    head = "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:1.0,\n"
    text = dict(hls=f"{head}file://{stream}\n#EXT-X-ENDLIST\n", concat=f"ffconcat version 1.0\nfile '{stream.name}'\n")
    (tmp_path / "video.mp4").write_text(text[form])
    with pytest.raises(InputError, match=r"video\.mp4: not a video that can be read"):
        open_video(tmp_path / "video.mp4")


@pytest.mark.parametrize("what", ["pipe", "device", "circle"])
def test_what_is_no_file_is_no_video(what, tmp_path):
    path = tmp_path / "video.mp4"
    if what == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero" if what == "device" else path)
    with pytest.raises(InputError, match=r"video\.mp4: (no such video|.* a pipe or a device)"):
        open_video(path)


def test_frames_of_a_folder_are_files(tmp_path):
    os.mkfifo(tmp_path / "0.jpg")
    with pytest.raises(InputError, match=r"0\.jpg .*it is a pipe or a device"):
        list(open_video(tmp_path))


def test_a_video_of_large_frames_is_not_decoded(tmp_path, monkeypatch):
    write(tmp_path / "a.mp4")
    monkeypatch.setenv("MMVIS_MAX_PIXELS", "3000")
    with pytest.raises(InputError, match=r"a\.mp4: has more than the 3000 pixels .* \(64x48\)"):
        open_video(tmp_path / "a.mp4")
