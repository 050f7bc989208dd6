"""Cameras and streams."""

import functools
import http.server
import threading
import time

import numpy as np
import pytest
from odd_videos import halves, write_video

from mmvis_ext.utils.errors import InputError
from mmvis_ext.videos import live, open_video


@pytest.fixture
def served(tmp_path):
    """A web server for ``tmp_path``; its address."""
    quiet = type("Quiet", (http.server.SimpleHTTPRequestHandler,), dict(log_message=lambda *_: None))
    handler = functools.partial(quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_file_at_an_address_is_read_whole(served, tmp_path):
    write_video(tmp_path / "a.mp4")
    source = open_video(f"{served}/a.mp4")
    assert not source.live
    frames = list(source.frames())
    assert [frame.time for frame in frames] == pytest.approx([0, 0.1, 0.2, 0.3], abs=2e-3)
    assert np.abs(frames[2].picture.astype(int) - halves(2)).mean() < 4


def test_an_address_leads_to_no_file_of_this_machine(served, tmp_path):
    write_video(tmp_path / "secret.ts")
    head = "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:1.0,\n"
    (tmp_path / "list.m3u8").write_text(f"{head}file://{tmp_path / 'secret.ts'}\n#EXT-X-ENDLIST\n")
    with pytest.raises(InputError, match=r"list\.m3u8: (cannot be opened|sends no frames)"):
        list(open_video(f"{served}/list.m3u8"))


def test_after_an_address_files_are_guarded_as_before(served, tmp_path):
    write_video(tmp_path / "a.mp4")
    open_video(f"{served}/a.mp4")
    (tmp_path / "video.mp4").write_text(f"#EXTM3U\n#EXTINF:1.0,\n{served}/a.mp4\n#EXT-X-ENDLIST\n")
    with pytest.raises(InputError, match=r"video\.mp4: not a video"):
        open_video(tmp_path / "video.mp4")


@pytest.mark.parametrize("source", [97, "97", "http://127.0.0.1:9/none.mp4", "rtsp://127.0.0.1:9/none"])
def test_what_cannot_be_opened_is_said(source):
    with pytest.raises(InputError, match=r"(camera 97|none).*: cannot be opened; check"):
        open_video(source)


class Camera:
    """Sends a frame each 10 ms; each is filled with its number."""

    fps, length = 100.0, None

    def __init__(self, count):
        self.count, self.sent = count, 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.count = 0

    def read(self):
        time.sleep(0.01)
        if self.sent >= self.count:
            return None
        self.sent += 1
        return np.full((4, 4, 3), (self.sent - 1) % 256, np.uint8)


@pytest.fixture
def camera(monkeypatch):
    def make(count):
        monkeypatch.setattr(live.LiveVideo, "_capture", lambda _: Camera(count))
        return live.LiveVideo(0)

    return make


def test_a_slow_reader_gets_the_newest_frame(camera):
    source, seen = camera(60), []
    assert source.live
    for frame in source.frames():
        assert frame.picture.flat[0] == frame.number
        seen.append(frame)
        time.sleep(0.1)
    assert 3 <= len(seen) < 30, "frames between are missed"
    assert seen[-1].number >= 45, "and the last ones are not"
    gaps = np.diff([frame.time for frame in seen])
    assert (gaps[:-1] > 0.08).all(), "times are those of the clock"


def test_a_reader_that_leaves_ends_the_thread(camera):
    before = threading.active_count()
    frames = camera(10**6).frames()
    next(frames)
    assert threading.active_count() == before + 1
    frames.close()
    assert threading.active_count() == before


def test_a_camera_without_frames(camera):
    with pytest.raises(InputError, match="camera 0: sends no frames"):
        list(camera(0).frames())
