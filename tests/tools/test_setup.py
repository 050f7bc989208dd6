"""Which stack ``tools/setup.sh`` installs, with a python that only writes down what it is asked."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON = """#!/usr/bin/env bash
case "$*" in
  *importlib.metadata*) cat "$(dirname "$0")/stack" 2>/dev/null; exit 0 ;;
  *"-m pip"*) echo "$*" >> "$(dirname "$0")/installed" ;;
esac
[ "$*" != "-m pip --disable-pip-version-check install -q --no-deps --no-build-isolation ${FAILS:-none}" ]
"""
FIRST = {"onedl": "onedl-mmengine", "upstream": "mmengine=="}


class Checkout:
    def __init__(self, root: Path) -> None:
        self.root, self.bin = root, root / ".venv" / "bin"
        for name in ("requirements", "tools/setup.sh", "setup.py", "mmvis_ext/version.py"):
            target = root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, target)
        self.bin.mkdir(parents=True)
        (self.bin / "python").write_text(PYTHON)
        (self.bin / "python").chmod(0o755)

    def setup(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess:
        (self.bin / "installed").unlink(missing_ok=True)
        kept = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "STACK")}
        command = ["bash", str(self.root / "tools/setup.sh"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=kept | variables)

    def installed(self) -> str:
        path = self.bin / "installed"
        return path.read_text() if path.exists() else ""

    def touch(self) -> None:
        """Make the stamp stale, as a pull does."""
        (self.root / "requirements/tests.txt").write_text("pytest\n")


@pytest.fixture
def checkout(tmp_path):
    return Checkout(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "variables", "stack"),
    [((), {}, "onedl"), (("upstream",), {}, "upstream"), ((), {"STACK": "upstream"}, "upstream")],
)
def test_without_an_argument_the_stack_stays(checkout, arguments, variables, stack):
    assert checkout.setup(*arguments, **variables).returncode == 0
    assert f" {FIRST[stack]}" in checkout.installed()
    assert "Already set up" in checkout.setup().stdout
    assert not checkout.installed()
    checkout.touch()
    assert checkout.setup().returncode == 0
    assert f" {FIRST[stack]}" in checkout.installed()


def test_another_stack_is_refused_before_anything_is_installed(checkout):
    assert checkout.setup("upstream").returncode == 0
    done = checkout.setup("onedl")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "has the upstream stack" in done.stderr
    assert "remove" in done.stderr
    assert not checkout.installed()


def test_a_set_up_that_broke_off_keeps_its_stack(checkout):
    assert checkout.setup("upstream", FAILS="mmcv==2.1.0").returncode != 0
    assert checkout.setup("onedl").returncode == 1
    assert checkout.setup().returncode == 0
    assert "mmdet==3.3.0" in checkout.installed()


def test_an_environment_made_by_hand_keeps_its_stack(checkout):
    (checkout.bin / "stack").write_text("upstream\n")
    assert checkout.setup().returncode == 0
    assert " mmengine==" in checkout.installed()


def test_an_unknown_stack(checkout):
    done = checkout.setup("downstream")
    assert done.returncode == 1
    assert "'downstream'" in done.stderr
