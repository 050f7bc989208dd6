"""What the site has beside docs/: the repository's other pages, the configs, and a reference made of the docstrings.

Links are written as GitHub follows them, from file to file of the repository; here they are turned towards the site's
pages. mkdocs calls these functions.
"""

import json
import os
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
PAGES = [*map(ROOT.joinpath, ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "data/README.md"))]
PAGES += sorted(ROOT.glob("configs/*/README.md"))
LISTINGS = [
    ROOT / "LICENSE",
    ROOT / "docs/pages.py",
    *sorted(ROOT.glob("configs/**/*.py")),
    *sorted(ROOT.glob("examples/*.py")),
]  # files that are shown as they are
NOTEBOOKS = sorted(ROOT.glob("notebooks/*.ipynb"))
PACKAGES = [path.parent for path in sorted(ROOT.glob("mmvis_ext/**/__init__.py"))]
NO_API = ("commands", "gpu_check", "version")  # there for the command line or the installation alone
CODE = re.compile(r"(^ *```.*?^ *```)", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(?<=\]\()([^)#:\s]+)")
ROLE = re.compile(r":(?:class|func|meth|mod):(?=<)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add the reference to the navigation."""
    config.nav.append(
        {"Python": [{name_of(folder).removeprefix("mmvis_ext."): reference_of(folder)} for folder in documented()]}
    )
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie outside docs/."""
    for path in PAGES:
        files.append(File.generated(config, site_path(path), abs_src_path=str(path)))
    for path in LISTINGS:
        language = "python" if path.suffix == ".py" else "text"
        listing = f"---\nsearch: {{exclude: true}}\n---\n\n# {path.name}\n\n```{language}\n{path.read_text()}\n```\n"
        files.append(File.generated(config, site_path(path), content=listing))
    for path in NOTEBOOKS:
        files.append(File.generated(config, site_path(path), content=cells(path)))
    for folder in documented():
        files.append(File.generated(config, reference_of(folder), content=reference(folder)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn the links of a page towards the site's pages."""
    added = {site_path(path): path for path in (*PAGES, *LISTINGS, *NOTEBOOKS)}
    written = added.get(page.file.src_uri, ROOT / "docs" / page.file.src_uri)
    parts = CODE.split(markdown)  # every second one is code
    parts[::2] = [LINK.sub(lambda link: turned(link[1], written), text) for text in parts[::2]]
    return "".join(parts)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Take away the roles of names in docstrings, such as the first word of ``:class:`Track```."""
    return ROLE.sub("", html)


def turned(link: str, written: Path) -> str:
    """The link to the page of the site that shows what a link of a file of the repository leads to."""
    target = Path(os.path.normpath(written.parent / link))
    return os.path.relpath(site_path(target), os.path.dirname(site_path(written)))


def site_path(path: Path) -> str:
    """The source path that mkdocs knows a file of the repository by."""
    shown = path.relative_to(ROOT).as_posix().removeprefix("docs/")
    return f"{shown}.md" if path in LISTINGS or path in NOTEBOOKS else shown


def cells(notebook: Path) -> str:
    """The cells of a notebook as a page."""
    found = [(cell["cell_type"], "".join(cell["source"])) for cell in json.loads(notebook.read_text())["cells"]]
    return "\n\n".join(text if kind == "markdown" else f"```python\n{text}\n```" for kind, text in found)


def documented() -> list[Path]:
    """The folders of the packages of the reference, the front door first."""
    return [folder for folder in PACKAGES if not set(NO_API) & set(folder.relative_to(ROOT).parts)]


def name_of(folder: Path) -> str:
    return ".".join(folder.relative_to(ROOT).parts)


def reference_of(folder: Path) -> str:
    return f"reference/{name_of(folder)}.md"


def reference(folder: Path) -> str:
    """The page of a package: its docstring, and what mkdocstrings makes of its modules."""
    stems = [path.stem for path in sorted(folder.glob("*.py"))]
    modules = [stem for stem in stems if not stem.startswith("_") and stem not in NO_API]
    options = "    options: {show_root_heading: false, show_root_toc_entry: false}"
    parts = [f"## {module}\n\n::: {name_of(folder)}.{module}\n{options}" for module in modules]
    own = f"::: {name_of(folder)}\n{options.replace('}', ', members: false}')}"
    return "\n\n".join([f"# {name_of(folder)}", own, *parts]) + "\n"
