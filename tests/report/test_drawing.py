"""What the page draws in a real browser: masks, errors, and what is missing."""

import json
import shutil

import cv2
import numpy as np
from browser import Page
from page_data import data_of

from mmvis_ext.annotations.youtube_vis import read_annotation_file
from mmvis_ext.report import write_page
from mmvis_ext.report.sources import Source, content_of
from mmvis_ext.structures import decode


def fullest(page: Page) -> int:
    """Shows the frame with the most masks; returns its number."""
    page.js(
        "const all = [...state.video.truth, ...state.video.found];"
        "const shown = state.names.map((_, t) => all.filter((track) => track.masks[t]).length);"
        "show(shown.indexOf(Math.max(...shown)))"
    )
    return page.frame()


def test_what_is_drawn_is_the_mask(page, tiny_source):
    """The pixels that the truth's view changes are those of the masks, but for outlines and labels."""
    truth = read_annotation_file(tiny_source.truth)
    number = page.js("return state.number")
    video, t = truth.videos[number], fullest(page)
    page.js("drawLabel = () => {}")
    page.press("1")
    plain = page.pixels((64, 48))
    file = cv2.imread(str(tiny_source.frames / video.file_names[t]))[..., ::-1].astype(int)
    assert np.abs(plain - file).mean() < 8, "the frame itself"
    page.press("2")
    drawn = page.pixels((64, 48))
    changed = np.abs(drawn - plain).max(axis=2) > 12
    mask = decode([track.segmentations[t] for track in video.tracks], 48, 64).any(axis=0)
    kernel = np.ones((3, 3), np.uint8)
    assert mask.any()
    assert not changed[cv2.dilate(mask.astype(np.uint8), kernel, iterations=2) == 0].any()
    inner = cv2.erode(mask.astype(np.uint8), kernel) > 0
    assert changed[inner].mean() > 0.9


def test_a_track_is_shown_alone_and_its_strip_seeks(page):
    fullest(page)
    page.press("3")
    rows = page.driver.find_elements("css selector", "#tracks .row")
    assert len(rows) == page.js("return state.video.truth.length + state.video.found.length")
    before = page.pixels((64, 48))
    rows[0].find_element("css selector", ".label").click()
    assert rows[0].get_attribute("aria-pressed") == "true"
    alone = page.pixels((64, 48))
    rows[0].find_element("css selector", ".label").click()
    assert rows[0].get_attribute("aria-pressed") == "false"
    # the window may have moved by a part of a pixel
    assert np.abs(page.pixels((64, 48)) - before).mean() < 1
    assert np.abs(alone - before).mean() > 2
    page.js("const s = document.querySelector('#tracks .row svg'), b = s.getBoundingClientRect();"
            "s.dispatchEvent(new MouseEvent('click', {clientX: b.right - 2, bubbles: true}))")  # fmt: skip
    assert page.frame() == page.js("return state.names.length - 1")


def test_a_video_by_its_address_and_one_whose_files_are_lost(driver, tiny_page, tmp_path):
    folder = tmp_path / "page"
    shutil.copytree(tiny_page, folder)
    (folder / "data/2.js").unlink()
    shutil.rmtree(folder / "frames/3")
    page = Page(driver, folder)
    page.driver.get(f"file://{folder}/index.html#1")
    page.driver.refresh()
    page.wait_for(lambda: page.js("return state.number === 1 && state.video"), "the second video")
    page.js("openVideo(2)")
    page.wait_for(lambda: "data/2.js cannot be read" in page.find("#trouble").text, "the sentence")
    page.js("openVideo(3)")
    page.wait_for(lambda: "cannot be shown" in page.find("#trouble").text, "the sentence")
    page.errors()  # the browser names both files


def test_davis_shows_its_errors_as_pixels_and_its_curve(driver, davis_page_inputs, tmp_path):
    root, results = davis_page_inputs
    names = tmp_path / "all.txt"
    names.write_text("dogs\nboat\n")
    write_page(content_of(Source(root, results, names=names)), tmp_path / "page", workers=1)
    page = Page(driver, tmp_path / "page")
    assert page.names() == ["dogs", "boat"], "the worst first"
    drawn = page.pixels((32, 24))
    right, missed = drawn[6, 5], drawn[12, 22]  # in object 1, which is found, and in object 2, which is not
    assert right[1] > right[0], "green"
    assert missed[0] > missed[1] + 60, "red"
    assert page.find("#curve").is_displayed()
    assert page.driver.find_elements("css selector", "#class, #kind, .bar") == []
    page.press("2", "4")
    assert page.errors() == []


def test_without_truth_there_are_two_views(driver, tiny_source, tmp_path):
    data = json.loads(tiny_source.truth.read_text())
    del data["annotations"]
    (tmp_path / "test.json").write_text(json.dumps(data))
    write_page(content_of(tiny_source._replace(truth=tmp_path / "test.json")), tmp_path / "page", workers=1)
    page = Page(driver, tmp_path / "page")
    assert page.view() == "prediction"
    page.press("1", "2", "4")
    assert page.view() == "frame", "the keys of views that are not there do nothing"
    page.press("3")
    assert page.view() == "prediction"
    assert page.errors() == []


def test_linked_frames_are_shown(driver, tiny_source, tmp_path):
    frames = tmp_path / "frames # %"
    shutil.copytree(tiny_source.frames, frames)
    write_page(content_of(tiny_source._replace(frames=frames)), tmp_path / "page", link_frames=True, workers=1)
    page = Page(driver, tmp_path / "page")
    assert page.pixels((64, 48)).std() > 5, "a picture and no empty canvas"
    assert isinstance(data_of(tmp_path / "page", 0)["frames"], list)
    assert page.errors() == []
