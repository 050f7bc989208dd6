"""The command as a whole: on this installation, on an empty one, and where a check itself breaks."""

import argparse
import os
import re
import subprocess
import venv
from pathlib import Path

import pytest

from mmvis_ext.commands import doctor
from mmvis_ext.commands.doctor import machine
from mmvis_ext.commands.doctor.finding import Finding, findings_of

ROOT = Path(__file__).resolve().parents[3]
LINE = re.compile(r"(ok|warning|problem) +\S.*| +-> \S.*")


@pytest.mark.slow
def test_this_installation(mmvis, monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "NO_DISK", 0)
    code, out, err = mmvis("doctor", "--work-dir", tmp_path / "w")
    assert (code, err) == (0, ""), out
    *lines, last = out.splitlines()
    assert all(LINE.fullmatch(line) for line in lines)
    assert last.startswith("no problems, ")
    for part in ("Python 3.", "torch 2.", "mmcv's compiled operators", "mmdet.models", "numpy ", "OpenCV 4.", "core"):
        assert f"ok       {part}" in out or f" {part}" in out
    assert not (tmp_path / "w").exists(), "nothing is made"


@pytest.mark.slow
def test_an_environment_without_any_package(tmp_path):
    venv.create(tmp_path / "empty", with_pip=False, symlinks=True)
    variables = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    python = tmp_path / "empty/bin/python"
    command = [python, "-m", "mmvis_ext", "doctor"]
    done = subprocess.run(command, capture_output=True, text=True, env=variables, timeout=120, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, ""), done.stdout
    *lines, last = done.stdout.splitlines()
    assert all(LINE.fullmatch(line) for line in lines)
    for part in ("torch cannot be imported", "mmcv is not installed", "mmengine is not", "OpenCV cannot be imported"):
        assert f"problem  {part}" in done.stdout
    assert int(last.split()[0]) > 6
    command = [python, "-m", "mmvis_ext", "train", "a.py"]
    done = subprocess.run(command, capture_output=True, text=True, env=variables, timeout=120, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1


def test_a_check_that_breaks_is_a_problem():
    def check(args):
        yield Finding("ok", "the first part")
        raise RuntimeError("two\nlines")

    first, second = findings_of("cores", check, argparse.Namespace())
    assert first.text == "the first part"
    assert (second.level, second.text) == ("problem", "cores: cannot be checked (RuntimeError: two)")
    assert "setup.sh" in second.remedy


@pytest.mark.parametrize(
    ("levels", "code", "said"),
    [
        (["ok"], 0, "no problems, no warnings"),
        (["ok", "warning"], 0, "no problems, 1 warning"),
        (["warning", "problem", "problem"], 1, "2 problems, 1 warning"),
    ],
)
def test_only_problems_count(levels, code, said, mmvis, monkeypatch):
    checks = {str(i): lambda args, level=level: [Finding(level, "text", "do")] for i, level in enumerate(levels)}
    monkeypatch.setattr(doctor, "CHECKS", checks)
    lines = [line for level in levels for line in (f"{level:8} text", f"{'':8} -> do")]
    assert mmvis("doctor") == (code, "\n".join([*lines, said, ""]), "")
