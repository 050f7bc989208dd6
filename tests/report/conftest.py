"""A page on disturbed results of ShapesVIS tiny, and results for DAVIS as small as it can be."""

import shutil
from pathlib import Path

import browser
import pytest
from browser import Page
from disturbed import disturbed
from small_davis import SEQUENCES, index_map

from mmvis_ext.annotations.index_png import VOID, index_png
from mmvis_ext.evaluation import write_submission
from mmvis_ext.report import write_page
from mmvis_ext.report.sources import Source, content_of


@pytest.fixture
def davis_page_inputs(davis, tmp_path) -> tuple[Path, Path]:
    """DAVIS' root, and results: the truth with the second object of "dogs" left out."""
    results = tmp_path / "davis_results"
    shutil.copytree(davis.root / "Annotations_unsupervised/480p", results)
    for name, frames in SEQUENCES.items():
        for t, objects in enumerate(frames):
            kept = index_map([o for o in objects if o[0] == 1])
            kept[kept == VOID] = 0
            (results / name / f"{t:05d}.png").write_bytes(index_png(kept))
    return davis.root, results


@pytest.fixture(scope="session")
def tiny_source(tiny, tmp_path_factory) -> Source:
    """Truth, results and frames of the training part, which has four videos."""
    ann_file, folder = tiny / "youtube_vis/train.json", tmp_path_factory.mktemp("report")
    write_submission(disturbed(ann_file, seed=3), folder / "results.zip")
    return Source(ann_file, folder / "results.zip", tiny / "youtube_vis/train/JPEGImages")


@pytest.fixture(scope="session")
def tiny_page(tiny_source) -> Path:
    """The folder of its page."""
    out = tiny_source.results.parent / "page"
    write_page(content_of(tiny_source), out, workers=1)
    return out


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
