"""Cores, memory, folders and the disk."""

import os
from argparse import Namespace
from pathlib import Path
from types import SimpleNamespace

import pytest

from mmvis_ext.commands.doctor import machine

ARGS = Namespace(work_dir="work_dirs")


def only(check):
    (finding,) = check(ARGS)
    return finding


@pytest.mark.parametrize(
    ("threads", "level"),
    [(None, "ok"), ("1", "ok"), ("4", "ok"), ("5", "warning"), ("0", "warning"), ("-1", "warning"), ("x", "warning")],
)
def test_threads(threads, level, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(4)), raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if threads is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
    found = only(machine.cores)
    assert found.level == level
    assert found.text.startswith("4 cores; OMP_NUM_THREADS")
    assert bool(found.remedy) == (level != "ok")


def with_free(monkeypatch, number):
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda path: SimpleNamespace(free=number))


def test_shared_memory(monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "SHARED", tmp_path)
    with_free(monkeypatch, 64 * 2**20)
    found = only(machine.shared_memory)
    assert (found.level, found.text) == ("warning", "0.1 GiB of shared memory are little for data workers")
    assert "--shm-size" in found.remedy
    with_free(monkeypatch, 2**31)
    assert only(machine.shared_memory).level == "ok"
    monkeypatch.setattr(machine, "SHARED", tmp_path / "none")
    assert not list(machine.shared_memory(ARGS))


@pytest.mark.parametrize(("free", "level"), [(2**40, "ok"), (2**30, "warning"), (2**20, "problem")])
def test_the_disk(free, level, monkeypatch, tmp_path):
    with_free(monkeypatch, free)
    found = machine.folder("work dir", tmp_path / "new" / "one", "take another")
    assert found.level == level
    assert str(tmp_path / "new" / "one") in found.text
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").write_text("")
    found = machine.folder("work dir", tmp_path / "file" / "w", "take another")
    assert (found.level, "cannot be written to" in found.text) == ("problem", True)
    assert found.remedy.endswith("or take another")
    assert os.listdir(tmp_path) == ["file"]


def test_where_the_folders_are(monkeypatch, tmp_path):
    with_free(monkeypatch, 2**40)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(machine.tempfile, "gettempdir", lambda: str(tmp_path))
    texts = [finding.text for finding in machine.folders(ARGS)]
    assert [text.split(" has ")[0] for text in texts] == [
        "work dir: work_dirs", f"torch's cache: {tmp_path / 'torch'}", f"temporary folder: {tmp_path}",
    ]  # fmt: skip
    monkeypatch.delenv("TORCH_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", "~/own")
    assert str(Path.home() / "own/torch") in [finding.text for finding in machine.folders(ARGS)][1]


def test_no_temporary_folder(monkeypatch):
    def none():
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(machine.tempfile, "gettempdir", none)
    *_, last = machine.folders(ARGS)
    assert (last.level, last.text) == ("problem", "no temporary folder can be written to")
