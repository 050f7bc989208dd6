"""Completion by the Tab key."""

import importlib.util
import shutil
import subprocess

import pytest

from mmvis_ext.commands.completion import SHELLS
from mmvis_ext.commands.table import COMMANDS, Group


@pytest.fixture
def script(mmvis):
    pytest.importorskip("shtab", reason="the optional package shtab is not installed")

    def of(shell: str) -> str:
        code, out, err = mmvis("--print-completion", shell)
        assert (code, err) == (0, "")
        return out

    return of


@pytest.mark.parametrize("shell", SHELLS)
def test_it_names_all_commands_and_their_options(shell, script):
    text = script(shell)
    assert all(name in text for name in COMMANDS)
    assert all(inner in text for c in COMMANDS.values() if isinstance(c, Group) for inner in c.commands)
    assert all(option in text for option in ("deterministic", "classwise", "out-train", "study-blur"))


def completed(text: str, *words: str, folder=None) -> set[str]:
    """What bash offers for the last of the words in a folder."""
    listed = " ".join(f"'{word}'" for word in words)
    asks = f"COMP_WORDS=({listed}); COMP_CWORD={len(words) - 1}; _shtab_mmvis; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    done = subprocess.run(["bash", "-c", f"{text}\n{asks}"], capture_output=True, text=True, check=True, cwd=folder)
    return set(done.stdout.split())


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes_commands_options_and_choices(script):
    text = script("bash")
    assert completed(text, "mmvis", "s") == {"shapes", "start-weights", "study", "sweep"}
    assert completed(text, "mmvis", "eval", "") >= {"youtube-vis", "davis", "ctc"}
    assert completed(text, "mmvis", "train", "--acc") == {"--accumulate"}
    assert completed(text, "mmvis", "shapes", "--preset", "study-l") == {"study-lookalike", "study-long"}


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes_paths(script, tmp_path):
    (tmp_path / "mine.py").write_text("")
    (tmp_path / "mine").mkdir()
    text = script("bash")
    assert completed(text, "mmvis", "train", "mi", folder=tmp_path) >= {"mine.py"}
    assert completed(text, "mmvis", "train", "--work-dir", "mi", folder=tmp_path) == {"mine"}
    assert completed(text, "mmvis", "infer", "c.py", "mi", folder=tmp_path) >= {"mine.py"}
    assert completed(text, "mmvis", "start-weights", "--out", "mi", folder=tmp_path) >= {"mine.py"}
    assert not completed(text, "mmvis", "train", "--seed", "mi", folder=tmp_path)


def test_without_the_package_one_sentence(mmvis, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "shtab" else find(name))
    code, out, err = mmvis("--print-completion", "zsh")
    assert (code, out) == (1, "")
    assert err == "error: --print-completion: needs the package shtab, which is not installed; run pip install shtab.\n"


def test_an_unknown_shell(mmvis):
    code, _, err = mmvis("--print-completion", "csh")
    assert code == 2
    assert "invalid choice: 'csh'" in err
