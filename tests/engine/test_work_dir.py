"""Two trainings do not write into one work dir, and a training that is stopped says what there is."""

import os
import signal

import pytest
from forked import holder_of

from mmvis_ext.engine.work_dir import claimed
from mmvis_ext.utils.errors import InputError


@pytest.fixture
def holder(tmp_path):
    """Another process that has claimed the folder."""
    with holder_of(tmp_path) as process:
        yield process


def test_a_work_dir_of_another_training_is_refused(holder, tmp_path):
    half = tmp_path / ".epoch_2.pth.abcd_123"
    half.touch()
    said = rf"another training writes here \(process {holder.pid} on \S+\), .* or add --force\.$"
    with pytest.raises(InputError, match=said), claimed(tmp_path):
        pass
    with claimed(tmp_path, force=True):
        assert half.exists(), "the other one may be writing it"


def test_the_work_dir_of_a_killed_training_is_free_again(holder, tmp_path):
    holder.kill()
    holder.wait()
    with claimed(tmp_path):
        assert (tmp_path / "training.lock").read_text().startswith(f"process {os.getpid()} on ")
    with claimed(tmp_path):  # and after a normal end
        pass


def test_what_a_killed_training_left_half_written_is_swept(tmp_path):
    for name in (".epoch_2.pth.abcd_123", ".best_AP_epoch_1.pth.zzzzzzzz"):
        (tmp_path / name).touch()
    kept = {"epoch_1.pth", ".notes.pth.txt", ".hidden", "x.pth.abcd_123", "training.lock"}
    for name in kept:
        (tmp_path / name).touch()
    with claimed(tmp_path):
        assert set(os.listdir(tmp_path)) == kept


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_training_that_is_stopped_says_what_is_kept(how, holder, tmp_path):
    (tmp_path / "epoch_3.pth").touch()
    os.kill(holder.pid, how)
    assert holder.wait(60) == (130 if how == signal.SIGINT else -how)
    said = tmp_path.with_suffix(".stderr").read_text()
    assert f"stopped: {tmp_path}/epoch_3.pth is kept, and the same command with --resume" in said


def test_without_a_checkpoint_it_says_so(holder, tmp_path):
    os.kill(holder.pid, signal.SIGTERM)
    assert holder.wait(60) == -signal.SIGTERM
    assert tmp_path.with_suffix(".stderr").read_text() == f"stopped: there is no checkpoint in {tmp_path} yet.\n"


def test_a_file_system_without_locks_stops_nobody(tmp_path, monkeypatch):
    def refuse(*args):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr("mmvis_ext.engine.work_dir.fcntl.lockf", refuse)
    with claimed(tmp_path):
        pass


def test_other_ranks_claim_nothing(holder, tmp_path, monkeypatch):
    monkeypatch.setattr("mmvis_ext.engine.work_dir.get_rank", lambda: 1)
    with claimed(tmp_path):
        pass
