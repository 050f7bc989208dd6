"""The page in a real browser: it plays, filters, obeys its keys, and fits a phone."""

import browser
import pytest
from browser import PHONE, Page
from page_data import list_of

LEFT, UP, RIGHT, DOWN, HOME, END = "\ue012", "\ue013", "\ue014", "\ue015", "\ue011", "\ue010"
SPACE = "\ue00d"


def test_a_missing_browser_fails_where_one_is_expected(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setenv("MMVIS_BROWSER", "1")
    with pytest.raises(pytest.fail.Exception, match="there is no browser"):
        browser.start()
    monkeypatch.delenv("MMVIS_BROWSER")
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
