"""Every command line of ``mmvis`` in the docs is one that it takes."""

import importlib.util
import re
import shlex
from pathlib import Path

import pytest

from mmvis_ext.commands.program import program_parser
from mmvis_ext.commands.table import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGES += [ROOT / "docs/study/README.md", *sorted((ROOT / "configs").glob("*/README.md"))]


def command_lines(text: str) -> list[list[str]]:
    """The words of each command line that begins with mmvis, in blocks of code and between backticks."""
    blocks = re.findall(r"^```(?:bash|console)\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    inline = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    lines += [" ".join(code.split()) for code in re.findall(r"`(mmvis [^`]+)`", inline)]
    found = []
    for line in lines:
        words = shlex.split(line, comments=True)
        while words and re.fullmatch(r"\w+=\S*|\$", words[0]):  # variables before the command, or a prompt
            words = words[1:]
        if words[:1] == ["mmvis"]:
            found.append([word for word in words[1:] if word not in {">", "2>&1"}])
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_command_lines_parse(page, capsys):
    for words in command_lines(page.read_text()):
        if "COMMAND" in words:
            continue
        if "--print-completion" in words:
            words = words[: words.index("--print-completion") + 2] if importlib.util.find_spec("shtab") else ["--help"]
        named = len(words) < 3 and all(re.fullmatch(r"[a-z-]+", word) for word in words)  # as in: use `mmvis train`
        try:
            program_parser().parse_args([*words, "--help"] if named else words)
        except SystemExit as end:
            if end.code:
                pytest.fail(f"mmvis {' '.join(words)}: {capsys.readouterr().err}")


def test_the_page_of_the_command_line_shows_each_command():
    shown = [words[0] for words in command_lines((ROOT / "docs/command_line.md").read_text()) if words]
    assert set(COMMANDS) <= set(shown)


def test_the_test_sees_command_lines():
    block = "```bash\n# no\nA=1 mmvis train C \\\n  --amp  # yes\n```\n"
    text = f"Use `mmvis infer\na b --out c`.\n{block}```\nmmvis no\n```\n"
    assert command_lines(text) == [["train", "C", "--amp"], ["infer", "a", "b", "--out", "c"]]
