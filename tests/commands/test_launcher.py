"""How a command is started in several processes."""

import pytest

from mmvis_ext.commands import launcher
from mmvis_ext.utils.errors import InputError

CONFIG = "configs/srnet/srnet_r50_davis2019.py"


@pytest.fixture
def started(monkeypatch):
    """The arguments that torch's launcher gets, which is not run."""
    given = []
    monkeypatch.setattr(launcher, "launch", lambda arguments: given.append(arguments) or 7)
    for name in ("NNODES", "NODE_RANK", "MASTER_ADDR", "PORT"):
        monkeypatch.delenv(name, raising=False)
    return given


@pytest.mark.parametrize("command", [("train", CONFIG, "--amp"), ("test", CONFIG, "a.pth", "--cfg-options", "a=1")])
def test_a_command_is_run_again_in_each_process(command, started, mmvis):
    code, *_ = mmvis(*command[:2], "--gpus", 3, *command[2:])
    assert code == 7
    again = [command[0], CONFIG, "--gpus", "3", *command[2:], "--launcher", "pytorch"]
    assert started == [["--standalone", "--nproc-per-node", "3", "--module", "mmvis_ext", *again]]


def test_the_processes_show_tracebacks_if_asked(started, mmvis):
    assert mmvis("--traceback", "train", CONFIG, "--gpus", 2)[0] == 7
    assert started[0][4:] == ["mmvis_ext", "--traceback", "train", CONFIG, "--gpus", "2", "--launcher", "pytorch"]


def test_several_machines(started, monkeypatch):
    monkeypatch.setenv("NNODES", "2")
    monkeypatch.setenv("MASTER_ADDR", "10.0.0.1")
    with pytest.raises(InputError, match="NNODES=2: several machines also need NODE_RANK; set it on each of them"):
        launcher.in_processes(["train", CONFIG], 8)
    monkeypatch.setenv("NODE_RANK", "1")
    launcher.in_processes(["train", CONFIG], 8)
    meeting = ["--nnodes", "2", "--node-rank", "1", "--master-addr", "10.0.0.1", "--master-port", "29500"]
    assert started[0][: len(meeting)] == meeting
    monkeypatch.setenv("PORT", "29511")
    launcher.in_processes(["train", CONFIG], 8)
    assert started[1][7] == "29511"


@pytest.mark.parametrize("number", [0, -1])
def test_too_few(number, started, mmvis):
    code, _, err = mmvis("train", CONFIG, "--gpus", number)
    assert code == 1
    assert err == f"error: --gpus {number}: no process would run; give 1 or more.\n"
    assert not started
