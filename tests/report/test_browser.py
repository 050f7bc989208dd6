"""The page in a real browser: it plays, filters, obeys its keys, and fits a phone."""

import json
import shutil

import browser
import cv2
import numpy as np
import pytest
from browser import PHONE, Page
from page_data import data_of, list_of

from mmvis_ext.annotations.youtube_vis import read_annotation_file
from mmvis_ext.report import write_page
from mmvis_ext.report.sources import Source, content_of
from mmvis_ext.structures import decode

LEFT, UP, RIGHT, DOWN, HOME, END = "\ue012", "\ue013", "\ue014", "\ue015", "\ue011", "\ue010"
SPACE = "\ue00d"


@pytest.fixture(scope="module")
def driver():
    driver = browser.start()
    yield driver
    driver.quit()


@pytest.fixture
def page(driver, tiny_page):
    page = Page(driver, tiny_page)
    yield page
    assert page.errors() == []


def test_a_missing_browser_fails_where_one_is_expected(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setenv("CI", "1")
    with pytest.raises(pytest.fail.Exception, match="needs a browser"):
        browser.start()
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match="not installed"):
        browser.start()


def test_the_worst_video_is_first_and_the_order_can_be_chosen(page, tiny_page):
    videos = list_of(tiny_page)["videos"]
    rank = {name: sorted(videos, key=key) for name, key in ORDERS.items()}
    for name, expected in rank.items():
        page.js("$('order').value = arguments[0]; $('order').dispatchEvent(new Event('input'))", name)
        assert page.names() == [video["name"] for video in expected]
    page.driver.refresh()
    page.wait_for(lambda: page.js("return Boolean(state.video)"), "the first video")


ORDERS = {
    "worst": lambda v: (v["figure"], v["number"]),
    "best": lambda v: (-v["figure"], v["number"]),
    "errors": lambda v: (-sum(v["kinds"].values()), v["number"]),
    "name": lambda v: v["name"],
}


def test_filters_by_class_kind_and_name(page, tiny_page):
    videos = list_of(tiny_page)["videos"]
    for name in {c for v in videos for c in v["classes"]}:
        page.js("$('class').value = arguments[0]; $('class').dispatchEvent(new Event('input'))", name)
        assert set(page.names()) == {v["name"] for v in videos if name in v["classes"]}
    page.js("$('class').value = ''; $('class').dispatchEvent(new Event('input'))")
    kinds = {k for v in videos for k in v["kinds"]}
    assert kinds, "the results have errors"
    for kind in kinds:
        page.find(f".bar[data-kind={kind}]").click()
        assert set(page.names()) == {v["name"] for v in videos if kind in v["kinds"]}
        assert page.find("#kind").get_attribute("value") == kind
        page.find(f".bar[data-kind={kind}]").click()
        assert len(page.names()) == len(videos), "a second click takes the filter back"
    page.find("#find").send_keys(videos[1]["name"][-3:])
    assert page.names() == [v["name"] for v in videos if videos[1]["name"][-3:] in v["name"]]
    assert f"of {len(videos)} videos" in page.find("#count").text


def test_keys_step_and_choose_views(page):
    last = page.js("return state.names.length - 1")
    assert page.frame() == 0
    page.press(RIGHT, RIGHT, LEFT)
    assert page.frame() == 1
    page.press(END)
    assert page.frame() == last
    page.press(RIGHT)
    assert page.frame() == last, "there is no frame behind the last"
    page.press(HOME)
    assert page.frame() == 0
    for key, view in zip("1234", ("frame", "truth", "prediction", "errors"), strict=True):
        page.press(key)
        assert page.view() == view
        assert page.find(f"[data-view={view}]").get_attribute("aria-pressed") == "true"
        assert view in page.find("#canvas").get_attribute("aria-label")


def test_space_plays_and_stops_also_after_a_click(page):
    page.js("$('fps').value = '25'")
    page.find("[data-view=truth]").click()
    page.press(SPACE)
    page.wait_for(lambda: page.frame() >= 2, "the third frame")
    assert page.view() == "truth", "the space bar does not press the button again"
    assert page.find("#play").get_attribute("aria-label") == "stop"
    page.press(SPACE)
    assert page.find("#play").get_attribute("aria-label") == "play"
    stopped = page.frame()
    page.js("return new Promise((done) => setTimeout(done, 300))")
    assert page.frame() == stopped


def test_keys_go_through_the_videos_of_the_list(page):
    names = page.names()
    assert len(names) == 4
    seen = []
    for key in (DOWN, "n", DOWN, DOWN):
        page.press(key)
        page.wait_for(lambda: page.js("return Boolean(state.video)"), "the video")
        seen.append(page.find("#name").text)
    assert seen == [names[1], names[2], names[3], names[3]]
    page.press(UP, "p")
    assert page.find("#name").text == names[1]
    current = page.js("return document.querySelector('#list [aria-current=true] .title').textContent")
    assert current == names[1]
    page.find("#find").click()
    page.press("n", "1", "?")
    assert page.find("#find").get_attribute("value") == "n1?", "what is typed into a field is text"
    assert page.view() == "errors"


def test_help_opens_and_closes(page):
    assert not page.find("#help").is_displayed()
    page.press("?")
    assert page.find("#help").is_displayed()
    page.press("\ue00c")  # escape
    assert not page.find("#help").is_displayed()


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


@pytest.mark.parametrize("dark", [False, True])
def test_a_phone_shows_it_all_without_scrolling_sideways(dark, driver, tiny_page):
    page = Page(driver, tiny_page, PHONE, dark)
    width = PHONE[0]
    assert page.js("return document.documentElement.scrollWidth") <= width
    boxes = page.js(
        "return [...document.querySelectorAll('button, select, canvas, h1, input')].filter((e) => e.offsetParent)"
        ".map((e) => { const b = e.getBoundingClientRect(); return [e.id || e.textContent.trim(), b.left, b.right]; })"
    )
    assert len(boxes) > 20
    outside = [name for name, left, right in boxes if left < 0 or right > width]
    assert outside == []
    order = page.js("return ['player', 'list'].map((id) => $(id).getBoundingClientRect().top)")
    assert order[0] < order[1], "the player comes first"
    page.find("#play").click()
    page.wait_for(lambda: page.frame() >= 1, "the next frame")
    red, green, blue = page.js("return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")[:3]
    assert (red + green + blue < 200) == dark
    assert page.errors() == []


def test_everything_that_can_be_pressed_has_a_name_and_can_have_the_focus(page):
    nameless = page.js(
        "return [...document.querySelectorAll('button, select, input, canvas, img, svg[role]')].filter((e) =>"
        "!(e.textContent.trim() || e.ariaLabel || e.closest('label') || e.hasAttribute('alt'))).map((e) => e.outerHTML)"
    )
    assert nameless == []
    page.js("document.querySelector('#list button').focus()")
    page.press("\ue007")  # enter
    assert page.js("return document.activeElement.closest('#list') !== null")


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
