"""Write the tables of configs/*/README.md from the metafile.yml beside each.

A table stands between two comments. The first says which models are its rows, by patterns of their names, and where the
metafile has what its columns hold; ``Results.AP`` is the AP among a model's results:

    <!-- zoo
    models: "*_shapesvis-mini"
    columns: {config: Name, differs in: differs_in, AP: Results.AP, parameters: Metadata.Parameters}
    -->
    <!-- end of zoo -->

Rows come in the metafile's order. With --check nothing is written, and a README that is not up to date is an error.
"""

import argparse
import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from mmvis_ext.utils.errors import InputError, command_line
from mmvis_ext.utils.files import write_atomically

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
OPENING, CLOSING = "<!-- zoo", "<!-- end of zoo -->"
TABLE = re.compile(rf"({OPENING}\n(.*?)\n-->\n).*?({CLOSING}\n)", re.DOTALL)
# how the values of a place are written; others are written as they are
FORMS: dict[str, Callable[[Any], str]] = {
    "Metadata.Parameters": lambda number: f"{number / 1e6:.1f} M",
    "Metadata.FLOPs": lambda number: f"{number / 1e9:.1f}",
    "paper_figures.params_M": lambda number: f"{number} M",
}


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, help="folders with README and metafile (default: configs/*)")
    parser.add_argument("--check", action="store_true", help="write nothing; say what is not up to date")
    return parser.parse_args()


def up_to_date(folder: Path) -> str:
    """The text that a folder's README should have.

    Args:
        folder: has ``README.md`` and ``metafile.yml``.

    Raises:
        InputError: a file is missing, the start or end of a table is, or a table is asked for what the metafile lacks.
    """
    readme, metafile = folder / "README.md", folder / "metafile.yml"
    for path in (readme, metafile):
        if not path.is_file():
            raise InputError(f"{path}: no such file; a folder of configs has a README.md and a metafile.yml.")
    text, models = readme.read_text(), yaml.safe_load(metafile.read_text())["Models"]
    if not len(TABLE.findall(text)) == text.count(OPENING) == text.count(CLOSING):
        raise InputError(f"{readme}: a table has no start or no end; write {OPENING}, its settings, --> and {CLOSING}.")
    return TABLE.sub(lambda found: found[1] + table(found[2], models, readme) + found[3], text)


def table(settings: str, models: list[dict], readme: Path) -> str:
    """A table in Markdown, an empty line before and after it.

    Args:
        settings: YAML with ``models``, a pattern of names or several, and ``columns``, places by titles.
        models: the metafile's models.
        readme: for error messages.

    Raises:
        InputError: the settings are broken, a pattern fits no model, or a column is empty.
    """
    try:
        asked = yaml.safe_load(settings)
        patterns, columns = asked["models"], dict(asked["columns"])
    except (yaml.YAMLError, KeyError, TypeError, ValueError):
        raise InputError(f"{readme}: the settings of a table are not understood; give models and columns.") from None
    patterns = [patterns] if isinstance(patterns, str) else patterns
    for pattern in patterns:
        if not any(fnmatchcase(model["Name"], pattern) for model in models):
            raise InputError(f"{readme}: no model of the metafile is named {pattern}; correct the table's models.")
    chosen = [model for model in models if any(fnmatchcase(model["Name"], pattern) for pattern in patterns)]
    rows = [[cell(model, place) for place in columns.values()] for model in chosen]
    for title, cells in zip(columns, zip(*rows, strict=True), strict=True):
        if not any(cells):
            raise InputError(f"{readme}: column {title!r} of a table is empty; correct its place, {columns[title]}.")
    lines = ["|" + "".join(f" {text} |" if text else " |" for text in row) for row in [list(columns), *rows]]
    return "\n".join(["", lines[0], "|" + "---|" * len(columns), *lines[1:], "\n"])


def cell(model: dict, place: str) -> str:
    """What a model has at keys joined by a dot, as text; empty where it has nothing."""
    if place == "Name":
        return f"[{model['Name']}]({Path(model['Config']).name})"
    metrics = {name: value for result in model["Results"] for name, value in result["Metrics"].items()}
    value: Any = dict(model, Results=metrics)
    for key in place.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return "" if value is None else FORMS.get(place, str)(value)


@command_line
def main() -> None:
    args = parse_args()
    folders = args.folders or sorted(path.parent for path in CONFIGS.glob("*/metafile.yml"))
    for folder in folders:
        readme, text = folder / "README.md", up_to_date(folder)
        if readme.read_text() == text:
            continue
        if args.check:
            raise InputError(
                f"{readme}: a table is not what the metafile says; run tools/analysis_tools/zoo_tables.py."
            )
        write_atomically(readme, text.encode())
        print(f"{readme}: written")


if __name__ == "__main__":
    main()
