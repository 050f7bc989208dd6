"""A headless Chromium that opens pages from the disk."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

WIDE, PHONE = (1400, 900), (390, 844)


def start() -> Any:
    """A browser, or a skipped test where there is none; with the environment variable CI a failed one."""
    programs = [shutil.which(name) for name in ("chromium", "chromedriver")]
    if None in programs:
        if os.environ.get("CI"):
            pytest.fail("CI needs a browser: apt-get install chromium chromium-driver")
        pytest.skip("Chromium is not installed: apt-get install chromium chromium-driver")
    webdriver = pytest.importorskip("selenium.webdriver") if not os.environ.get("CI") else _webdriver()
    options = webdriver.ChromeOptions()
    options.binary_location = programs[0]
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(programs[1]))


def _webdriver() -> Any:
    from selenium import webdriver

    return webdriver


class Page:
    """A page of ``mmvis report`` in a browser window of a given size."""

    def __init__(self, driver: Any, folder: Path, size: tuple[int, int] = WIDE, dark: bool = False) -> None:
        self.driver = driver
        width, height = size
        metrics = dict(width=width, height=height, deviceScaleFactor=1, mobile=size == PHONE)
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        scheme = dict(name="prefers-color-scheme", value="dark" if dark else "light")
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", dict(features=[scheme]))
        driver.get_log("browser")
        driver.get("about:blank")
        driver.get(f"file://{folder}/index.html")
        self.wait_for(lambda: self.js("return Boolean(state.video && $('canvas').dataset.frame)"), "the first video")

    def js(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def wait_for(self, holds: Callable[[], Any], what: str, seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, f"{what} did not come within {seconds} s"
            time.sleep(0.05)

    def press(self, *keys: str) -> None:
        """Keys as a user presses them, whatever has the focus."""
        from selenium.webdriver import ActionChains

        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    def find(self, selector: str) -> Any:
        return self.driver.find_element("css selector", selector)

    def names(self) -> list[str]:
        """The videos of the list, from top to bottom."""
        return self.js("return [...document.querySelectorAll('#list .title')].map((e) => e.textContent)")

    def frame(self) -> int:
        return int(self.js("return $('canvas').dataset.frame"))

    def view(self) -> str:
        return self.js("return $('canvas').dataset.view")

    def pixels(self, size: tuple[int, int]) -> np.ndarray:
        """The canvas as it is seen, made as small as ``size``, width and height: (height, width, 3) int RGB."""
        self.wait_for(lambda: self.js("return imageOf(state.t).complete && imageOf(state.t).naturalWidth"), "the frame")
        self.js(
            "draw(); $('canvas').scrollIntoView({block: 'center'});"
            "return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        # a page from the disk may not read its canvas
        shot = cv2.imdecode(np.frombuffer(self.find("#canvas").screenshot_as_png, np.uint8), cv2.IMREAD_COLOR)
        return cv2.resize(shot, size, interpolation=cv2.INTER_AREA)[..., ::-1].astype(int)

    def errors(self) -> list[str]:
        """What the browser complains about."""
        return [entry["message"] for entry in self.driver.get_log("browser")]
