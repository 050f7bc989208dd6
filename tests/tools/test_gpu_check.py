"""The GPU check on a CPU: what it writes, and that a part that fails stops nothing."""

import json
import os
import re
import subprocess
from types import SimpleNamespace

import pytest
from forked import Forked
from running import TOOLS, call, environment

from mmvis_ext.testing import gpu_check
from mmvis_ext.testing.gpu_check import driver

TOOL = "analysis_tools/gpu_check.py"


@pytest.fixture
def forked(monkeypatch):
    """Parts run in copies of this process."""

    def start(command, start_new_session):
        assert start_new_session
        return Forked(call, TOOL, *command[2:])

    monkeypatch.setattr(driver, "subprocess", SimpleNamespace(**vars(subprocess) | dict(Popen=start)))


def read(path) -> dict:
    return json.loads(path.read_text(), parse_constant=pytest.fail)


@pytest.mark.slow
@pytest.mark.usefixtures("forked")
def test_all_parts_on_tiny_shapes(tmp_path, monkeypatch):
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    out = tmp_path / "report.json"
    assert call(TOOL, "--device", "cpu", "--systems", "EfficientVIS", "--seconds", 120, "--out", out) == 0
    report = read(out)
    assert (report["device"], report["tiny"], report["roi"], report["passed"]) == ("cpu", True, "mmcv", True)
    assert list(report["parts"]) == ["tests", *gpu_check.PARTS]
    statuses = dict.fromkeys(gpu_check.PARTS, "passed") | dict(tests="skipped", synchronisation="skipped")
    assert {name: part["status"] for name, part in report["parts"].items()} == statuses
    checks = {part: {check["name"]: check for check in report["parts"][part]["checks"]} for part in gpu_check.PARTS}
    for check in (check for part in checks.values() for check in part.values()):
        assert check["seconds"] >= 0
        assert check["status"] == "passed" or (check["status"] == "skipped" and check["reason"])
    assert set(checks["agreement"]) == {"EfficientVIS, step", "EfficientVIS, losses"}
    assert checks["agreement"]["EfficientVIS, losses"]["deviation"] <= 1e-3
    speed = checks["streaming"]["EfficientVIS, fp32"]
    assert speed["ratio"]["step"] == pytest.approx(speed["fps"]["step"] / speed["fps"]["backbone_neck"])
    assert checks["processes"]["EfficientVIS"]["backend"] == "gloo"
    assert checks["processes"]["EfficientVIS"]["deviation"] <= 1e-3
    trained = checks["training"]["EfficientVIS, fp32"]
    assert trained["peak_memory_mib"].keys() == {"after_1", "after_11"}
    assert len(trained["losses"]) == 11
    assert checks["training"]["EfficientVIS, fp16"]["reason"] == "training in fp16 has no meaning on a CPU"
    assert checks["compiling"]["EfficientVIS, CUDA graph"]["status"] == "skipped"
    assert checks["compiling"]["EfficientVIS, torch.compile"]["deviation"] <= 1e-3


@pytest.mark.usefixtures("forked")
def test_a_part_that_fails_is_reported_and_the_next_one_runs(tmp_path, monkeypatch, capsys):
    def streaming(options):
        os._exit(3)

    monkeypatch.setitem(gpu_check.PARTS, "streaming", streaming)
    out = tmp_path / "report.json"
    assert call(TOOL, "--device", "cpu", "--parts", "streaming", "synchronisation", "--out", out) == 1
    report = read(out)
    assert not report["passed"]
    assert report["parts"]["streaming"]["status"] == "failed"
    assert report["parts"]["streaming"]["reason"] == "its process ended with exit code 3"
    assert report["parts"]["synchronisation"]["status"] == "skipped"
    assert len(report["parts"]["synchronisation"]["checks"]) == 7
    assert "something failed" in capsys.readouterr().out


@pytest.mark.usefixtures("forked")
def test_failed_tests_fail_the_check(tmp_path):
    out = tmp_path / "report.json"
    assert call(TOOL, "--device", "cpu", "--parts", "synchronisation", "--tests", 1, "--out", out) == 1
    assert read(out)["parts"]["tests"] == dict(status="failed", reason="pytest ended with exit code 1")


@pytest.mark.slow
def test_the_script_runs_the_tests_first_from_anywhere(tmp_path):
    command = ["bash", TOOLS / "gpu_check.sh", "--device", "cpu", "--parts", "synchronisation", "--out", "report.json"]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^\d+ skipped in", done.stdout, re.MULTILINE), "the tests marked gpu, and nothing else"
    assert read(tmp_path / "report.json")["parts"]["tests"] == dict(status="skipped", reason="they need a GPU")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--device", "cuda"], "no CUDA device"),
        (["--device", "gpu"], "--device gpu is not known"),
        (["--device", "cpu", "--seconds", 0], "--seconds 0 is too short"),
        (["--device", "cpu", "--out", "."], "is a folder"),
    ],
)
def test_bad_input(arguments, said, capsys, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert call(TOOL, *arguments) == 1
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert said in err
