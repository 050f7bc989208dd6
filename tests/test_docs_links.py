"""The links among the pages, as GitHub follows them and as the site does."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "data/README.md")]
PAGES += [*sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "configs").glob("*/README.md"))]
needs_mkdocs = pytest.mark.skipif(not importlib.util.find_spec("mkdocs"), reason="needs requirements/docs.txt")


def prose(text: str) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE)


def links(text: str) -> list[tuple[str, str]]:
    """Path and heading of each link that stays in the repository."""
    found = re.findall(r"\]\(([^)#\s]*)#?([^)\s]*)\)", prose(text))
    return [(path, heading) for path, heading in found if "://" not in path]


def headings(text: str) -> set[str]:
    """The headings of a page as GitHub makes anchors of them."""
    titles = re.findall(r"^#+ (.+)$", prose(text), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere_in_the_repository(page):
    for path, heading in links(page.read_text()):
        target = page.parent / path if path else page
        assert target.exists(), path
        assert not heading or heading in headings(target.read_text()), f"{path}#{heading}"


def test_the_test_sees_links_and_headings():
    text = "# One `two`: 3's\n[a](b.md#c-d), [e\nf](#g) and [h](https://i.org/j)\n```\n# no\n[k](l)\n```\n"
    assert links(text) == [("b.md", "c-d"), ("", "g")]
    assert headings(text) == {"one-two-3s"}


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The site, which is built without a warning."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


@needs_mkdocs
@pytest.mark.slow
def test_links_lead_to_the_same_pages_on_the_site(site):
    def shown(path: Path) -> Path:
        name = path.relative_to(ROOT).as_posix().removeprefix("docs/")
        if path.suffix == ".md":
            return site / re.sub(r"README\.md$", "index.md", name).replace(".md", ".html")
        return site / (f"{name}.html" if path.suffix in (".py", ".ipynb", "") else name)

    for page in PAGES:
        html = shown(page).read_text()
        for path, heading in links(page.read_text()):
            target = shown(Path(os.path.normpath(page.parent / path)) if path else page)
            assert target.exists(), f"{page}: {path}"
            link = os.path.relpath(target, shown(page).parent) if path else ""
            link += f"#{heading}" if heading else ""
            assert re.search(f'(href|src)="{re.escape(link)}"', html), f"{page}: {link}"
            assert not heading or f'id="{heading}"' in target.read_text()


@needs_mkdocs
@pytest.mark.slow
def test_the_reference_shows_public_names_and_nothing_comes_from_the_network(site):
    page = (site / "reference/mmvis_ext.inference.html").read_text()
    assert 'id="mmvis_ext.inference.inferencer.VISInferencer"' in page
    assert "resume_point" in (site / "reference/mmvis_ext.engine.html").read_text()
    assert not (site / "reference/mmvis_ext.commands.html").exists()
    for path in site.rglob("*.html"):
        assert not re.search(r'src="(https?:)?//|<link[^>]+href="(https?:)?//', path.read_text()), path
