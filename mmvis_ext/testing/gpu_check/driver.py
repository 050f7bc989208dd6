"""Running the parts of the GPU check, each in a process of its own."""

import json
import math
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import torch

from .cases import Options
from .outcome import LATE, run_checks, summary

__all__ = ["GRACE", "run_here", "run_in_process"]

GRACE = 15.0  # seconds from when a part begins no more checks until it is ended
LONG = 60.0  # seconds after which a check that has not ended is taken for one that hangs


def run_here(part: Any, options: Options, seconds: float, lines: Path) -> None:
    """Make the checks of a part in this process, and add a line of JSON to a file whenever one begins or ends.

    Args:
        part: one of ``PARTS``.
        options: how the checks run.
        seconds: no check is begun later than this.
        lines: the file, which keeps what is done if the process dies.
    """
    if not options.on_gpu:
        # with several threads, torch 2.13 writes past the end of a buffer in the backward pass of a convolution from 8
        # channels in channels-last layout, which only tiny models have
        torch.set_num_threads(1)
    with lines.open("a") as file:
        for outcome in run_checks(part(options), seconds):
            print(json.dumps(_writable(outcome)), file=file, flush=True)


def run_in_process(command: list[str], seconds: float, lines: Path) -> dict[str, Any]:
    """Run a part in a process of its own, so that neither a crash nor a hang ends the check.

    Args:
        command: calls :func:`run_here` with the same ``seconds`` and ``lines``.
        seconds: the process is ended ``GRACE`` seconds later than this.
        lines: file that the process writes its outcomes to.

    Returns:
        ``status``, ``seconds`` and ``checks``, the outcomes by :func:`run_checks`. A check in which the process died or
        hung is among them as failed, and one that only began too late to end in time as skipped. If the process died
        outside of a check, the ``reason``.
    """
    start = time.monotonic()
    process = subprocess.Popen(command, start_new_session=True)
    try:
        code: int | None = process.wait(seconds + GRACE)
    except subprocess.TimeoutExpired:
        code = None
    finally:
        _end(process)
    outcomes = [json.loads(line) for line in lines.read_text().splitlines()] if lines.exists() else []
    checks = list({outcome["name"]: outcome for outcome in outcomes}.values())  # the last word on each
    died = f"its process ended with exit code {code}" if code is not None else "its process took too long"
    cut_off = [outcome for outcome in checks if outcome["status"] == "running"]
    for outcome in cut_off:
        outcome["seconds"] = round(time.time() - outcome.pop("began"), 3)
        late = code is None and outcome["seconds"] < LONG
        outcome.update(dict(status="skipped", reason=LATE) if late else dict(status="failed", reason=died))
    status, report = summary(checks), {}
    if code != 0 and not cut_off:
        status, report = "failed", dict(reason=died)
    return dict(status=status, **report, seconds=round(time.monotonic() - start, 1), checks=checks)


def _end(process: subprocess.Popen) -> None:
    """End a process and those that it started, if they are still there."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()


def _writable(value: Any) -> Any:
    """Numbers that JSON does not have, as text."""
    if isinstance(value, dict):
        return {key: _writable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_writable(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
