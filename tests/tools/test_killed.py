"""No process outlives a training, however the training is ended."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from running import TOOLS, command, environment

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, where Linux lists the processes")


def belonging(folder: Path) -> set[int]:
    """Ids of the running processes whose command line names a folder; zombies have none."""
    found = set()
    for process in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if process.name.isdigit() and str(folder).encode() in (process / "cmdline").read_bytes():
                found.add(int(process.name))
    return found


def wait_until(condition, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)
    return condition()


def killed_while_training(arguments: list, work_dir: Path, processes: int, how: signal.Signals) -> None:
    """Start a training, kill its first process alone once it has saved a checkpoint, and see that all are gone."""
    process = subprocess.Popen(
        [*map(str, arguments)], env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        assert wait_until(lambda: (work_dir / "epoch_1.pth").exists(), 240), "the training did not begin"
        assert len(belonging(work_dir)) >= processes
        os.kill(process.pid, how)
        process.wait(30)
        assert wait_until(lambda: not belonging(work_dir), 10), "a process outlives the training"
    finally:
        for left in belonging(work_dir):
            os.kill(left, signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("tool", ["train.py", "dist_train.sh"])
def test_workers_end_with_a_training_that_is_killed(tool, how, data, write_config, tmp_path):
    config = write_config(
        data,
        train_cfg__max_epochs=1000,
        train_cfg__val_interval=1000,
        train_dataloader__num_workers=2,
        train_dataloader__persistent_workers=True,
        train_dataloader__prefetch_factor=8,  # so that they wait to hand over samples
    )
    work_dir, options = tmp_path / "work", ("--work-dir", tmp_path / "work")
    if tool == "train.py":
        killed_while_training(command(tool, config, *options), work_dir, 3, how)
    else:  # the launcher, two processes, and two workers of each
        killed_while_training(["bash", TOOLS / tool, config, 2, *options], work_dir, 7, how)
