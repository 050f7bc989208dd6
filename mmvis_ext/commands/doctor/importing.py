"""Imports in processes of their own, which may fail in any way."""

import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

__all__ = ["Outcome", "try_code", "try_import"]


@dataclass(frozen=True)
class Outcome:
    """How some code ended.

    Attributes:
        value: the value of its last line; ``None`` if it failed.
        failure: why it failed; empty if it did not.
    """

    value: Any = None
    failure: str = ""


def try_code(code: str, value: str, seconds: float) -> Outcome:
    """Run code in a new process.

    Args:
        code: statements, such as ``import torch``.
        value: an expression that JSON can hold.
        seconds: the time that it may take.
    """
    script = f"{code}\nimport json\nprint('\\n' + json.dumps({value}))"
    try:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", script],
            capture_output=True, text=True, errors="replace", timeout=seconds, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Outcome(failure=f"it takes longer than {seconds:g} s")
    if done.returncode < 0:
        return Outcome(failure=f"it crashes with {signal.Signals(-done.returncode).name}")
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"it ends Python with exit code {done.returncode}"]
        return Outcome(failure=lines[-1])
    try:
        return Outcome(value=json.loads(done.stdout.splitlines()[-1]))
    except (IndexError, ValueError):
        return Outcome(failure="it ends Python")


def try_import(module: str, seconds: float) -> str:
    """Why a module cannot be imported; empty if it can."""
    return try_code(f"import {module}", "True", seconds).failure
