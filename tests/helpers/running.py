"""Running the command-line tools as a user does."""

import os
import runpy
import subprocess
import sys
from pathlib import Path
from unittest import mock

from mmengine.logging import MessageHub, MMLogger
from mmengine.registry import DefaultScope
from mmengine.visualization import Visualizer

TOOLS = Path(__file__).resolve().parents[2] / "tools"


def environment() -> dict[str, str]:
    return dict(os.environ, OMP_NUM_THREADS="1", CUDA_VISIBLE_DEVICES="", PYTHON=sys.executable)


def command(tool: str, *arguments: object) -> list[str]:
    return [sys.executable, str(TOOLS / tool), *map(str, arguments)]


def run(tool: str, *arguments: object) -> subprocess.CompletedProcess:
    """In a process of its own."""
    return subprocess.run(command(tool, *arguments), capture_output=True, text=True, env=environment(), timeout=300)


def call(tool: str, *arguments: object) -> int:
    """In this process, which saves the imports; returns the exit code."""
    for manager in (MMLogger, MessageHub, DefaultScope, Visualizer):
        manager._instance_dict.clear()  # a run's loggers hold on to the streams of its test
    with mock.patch.object(sys, "argv", [tool, *map(str, arguments)]), mock.patch.dict(os.environ):
        try:
            runpy.run_path(str(TOOLS / tool), run_name="__main__")
        except SystemExit as exit_:
            return exit_.code or 0
    return 0


def printed(capsys, tool: str, *arguments: object, code: int = 0):
    """Call a tool, which must end with this code; returns what it printed, as (stdout, stderr)."""
    capsys.readouterr()
    assert call(tool, *arguments) == code
    return capsys.readouterr()


def assert_one_sentence(capsys, *parts: str) -> None:
    """One line on stderr is an error, which has these parts, and no traceback stands there."""
    err = capsys.readouterr().err
    lines = [line for line in err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, err[-2000:]
    assert "Traceback" not in err
    for part in parts:
        assert part in lines[0], lines[0]
