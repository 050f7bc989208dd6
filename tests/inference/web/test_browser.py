"""The page in a headless Chromium: a visitor sends a video, looks at the result, downloads it and leaves."""

import json
import os
import time
import zipfile

import browser
import pytest

from mmvis_ext.inference.web import Settings
from mmvis_ext.inference.web.server import opened
from mmvis_ext.utils.errors import InputError


@pytest.fixture(scope="module")
def served(runs):
    """Address of a page, and the folder with all of its files."""
    if not os.environ.get("CI"):
        pytest.importorskip("gradio")
    with opened(runs, Settings("tiny", 0.1, 5, 64), "127.0.0.1", browser_port()) as (address, folder):
        yield address, folder
    assert not folder.exists()


def browser_port() -> int:
    """A port that is free now."""
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture(scope="module")
def driver():
    driver = browser.start()
    yield driver
    driver.quit()


class Visit:
    """A visitor's window."""

    def __init__(self, driver, address, size=browser.WIDE):
        self.driver = driver
        width, height = size
        metrics = dict(width=width, height=height, deviceScaleFactor=1, mobile=size == browser.PHONE)
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        driver.get("about:blank")
        driver.get_log("browser")
        driver.get(address)
        self.wait(lambda: self.find("#upload input[type=file]") and self.find("#run"), "the page")

    def find(self, selector):
        return self.driver.find_elements("css selector", selector)

    def js(self, script):
        return self.driver.execute_script(f"return {script}")

    def wait(self, holds, what, seconds=60):
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, f"{what} did not come within {seconds} s"
            time.sleep(0.1)

    def send(self, path):
        self.find("#upload input[type=file]")[0].send_keys(str(path))
        self.wait(lambda: self.find("#upload")[0].text.replace("\n", "").startswith(f"Video{path.name}"), "the upload")

    def press_run(self):
        self.find("#run")[0].click()

    def summary(self):
        return "".join(element.text for element in self.find("#summary"))

    def said(self):
        return " ".join(element.text for element in self.find("[data-testid=toast-body]"))

    def errors(self):
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]

    def leave(self):
        self.driver.get("about:blank")


def kept(folder):
    """Files with something in them: gradio makes empty ones, which go with the program."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and path.stat().st_size)


@pytest.mark.parametrize("size", [browser.WIDE, browser.PHONE])
def test_a_visit(size, served, driver, video, tmp_path):
    address, folder = served
    visit = Visit(driver, address, size)
    driver.execute_cdp_cmd("Browser.setDownloadBehavior", dict(behavior="allow", downloadPath=str(tmp_path)))
    visit.send(video)
    assert kept(folder) == ["shapes.mp4"]
    visit.press_run()
    visit.wait(lambda: "in 11 frames" in visit.summary(), "the result")

    player = "document.querySelector('#overlay video')"
    visit.wait(lambda: visit.js(f"{player} && {player}.readyState") == 4, "the overlay")
    assert visit.js(f"{player}.duration") == pytest.approx(2.2, abs=0.05)
    visit.wait(lambda: (visit.js("document.querySelector('#timeline img')?.naturalWidth") or 0) > 900, "the timeline")

    for name in ("masks", "tracks"):
        visit.find(f"#{name}")[0].click()
    visit.wait(lambda: {"masks.zip", "tracks.json"} <= {path.name for path in tmp_path.iterdir()}, "the downloads")
    tracks = json.loads((tmp_path / "tracks.json").read_text())["tracks"]
    shown = sum(mask is not None for track in tracks for mask in track["segmentations"])
    pictures = [name for name in zipfile.ZipFile(tmp_path / "masks.zip").namelist() if name.endswith(".png")]
    assert len(pictures) == shown > 0

    assert visit.js("document.documentElement.scrollWidth") <= size[0]
    foreign = f"performance.getEntriesByType('resource').filter((e) => !e.name.startsWith('{address}')).length"
    assert visit.js(foreign) == 0
    assert visit.errors() == []
    assert kept(folder) == ["masks.zip", "overlay.webm", "shapes.mp4", "timeline.png", "tracks.json"]
    visit.leave()
    visit.wait(lambda: kept(folder) == [], "the end of all files")


def test_bad_uploads_end_in_a_sentence(served, driver, tmp_path):
    address, folder = served
    visit = Visit(driver, address)
    visit.press_run()
    visit.wait(lambda: "there is no video yet; choose one" in visit.said(), "the sentence")

    broken = tmp_path / "broken.mp4"
    broken.write_text("no video")
    visit.send(broken)
    visit.press_run()
    visit.wait(lambda: "broken.mp4: not a video that can be read; give another file" in visit.said(), "the sentence")
    assert str(folder) not in visit.said()

    visit = Visit(driver, address)
    large = tmp_path / "large.mp4"
    large.write_bytes(bytes(1_100_000))
    visit.find("#upload input[type=file]")[0].send_keys(str(large))
    visit.wait(lambda: "maximum allowed size" in visit.said(), "the sentence")
    visit.leave()
    visit.wait(lambda: kept(folder) == [], "the end of all files")


def test_other_hosts_and_other_files_are_refused(served):
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    address, _ = served
    with urlopen(address) as answer:
        assert "default-src 'self'" in answer.headers["content-security-policy"]
    with pytest.raises(HTTPError, match="400"):
        urlopen(Request(address, headers=dict(Host="elsewhere.example")))
    with pytest.raises(HTTPError, match=r"40[34]"):
        urlopen(f"{address}gradio_api/file=/etc/hostname")


def test_a_port_that_is_taken(served, runs):
    port = int(served[0].rstrip("/").rpartition(":")[2])
    with (
        pytest.raises(InputError, match=rf"--port {port}: cannot be opened at 127.0.0.1; give another one"),
        opened(runs, Settings("tiny"), "127.0.0.1", port),
    ):
        pass
