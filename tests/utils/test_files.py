"""Files that are whole or not there."""

import json
import os
import re
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from mmengine import fileio

from mmvis_ext.engine import AtomicBackend  # noqa: F401  (registers the backend)
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import (
    atomic_folder,
    is_special,
    read_file,
    require_writable_file,
    take_place,
    write_atomically,
)

ATOMIC = dict(backend="atomic")


def test_content_is_written_and_replaced(tmp_path):
    path = tmp_path / "new" / "folder" / "file.bin"
    write_atomically(path, b"one")
    write_atomically(str(path), b"two")
    assert path.read_bytes() == b"two"
    assert os.listdir(path.parent) == ["file.bin"]


@pytest.mark.parametrize("function", ["write", "fsync", "replace"])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, function):
    path = tmp_path / "file.bin"
    write_atomically(path, b"old")

    def fail(*args, **kwargs):
        raise OSError(28, "No space left on device")

    if function == "write":
        opened = os.fdopen

        class Full:
            def __init__(self, *args):
                self.file = opened(*args)

            def __enter__(self):
                return self

            def __exit__(self, *args):
                self.file.close()

            write = fail

        monkeypatch.setattr(os, "fdopen", Full)
    else:
        monkeypatch.setattr(os, function, fail)
    with pytest.raises(InputError, match="No space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file.bin"]


def test_an_interrupt_leaves_nothing_behind(tmp_path, monkeypatch):
    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "file.bin", b"new")
    assert os.listdir(tmp_path) == []


def test_the_target_is_never_seen_half_written(tmp_path, monkeypatch):
    path, seen = tmp_path / "file.bin", []
    write_atomically(path, b"old")
    replace = os.replace

    def watch(source, target):
        seen.append((path.read_bytes(), Path(source).read_bytes()))
        replace(source, target)

    monkeypatch.setattr(os, "replace", watch)
    write_atomically(path, b"new")
    assert seen == [(b"old", b"new")]


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600)])
def test_permissions_are_those_of_an_ordinary_file(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        write_atomically(tmp_path / "file.bin", b"x")
        assert os.umask(umask) == umask, "the mask is put back"
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file.bin").stat().st_mode) == mode


def test_mmengine_writes_through_it(tmp_path, monkeypatch):
    fileio.put(b"bytes", tmp_path / "a.bin", backend_args=ATOMIC)
    fileio.put_text("grün", tmp_path / "b.txt", backend_args=ATOMIC)
    assert (tmp_path / "a.bin").read_bytes() == b"bytes"
    assert (tmp_path / "b.txt").read_text(encoding="utf-8") == "grün"
    assert fileio.get(tmp_path / "a.bin", backend_args=ATOMIC) == b"bytes"

    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    for put, content in ((fileio.put, b"new"), (fileio.put_text, "new")):
        with pytest.raises(InputError, match="No space left"):
            put(content, tmp_path / "a.bin", backend_args=ATOMIC)
    assert (tmp_path / "a.bin").read_bytes() == b"bytes"


def write_folder(path, text, error=None):
    with atomic_folder(path) as folder:
        (folder / "inner").mkdir()
        (folder / "inner" / "a.txt").write_text(text)
        assert not path.exists() or (path / "inner/a.txt").read_text() != text
        if error is not None:
            raise error


def test_a_folder_takes_the_place_of_another(tmp_path):
    path = tmp_path / "new" / "out"
    for text in ("one", "two"):
        write_folder(path, text)
    assert (path / "inner/a.txt").read_text() == "two"
    assert os.listdir(path.parent) == ["out"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o777 & ~umask()


def umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize("failing", ["body", "rename"])
def test_a_failure_leaves_the_old_folder_and_nothing_else(tmp_path, monkeypatch, failing):
    path = tmp_path / "out"
    write_folder(path, "old")
    rename = os.rename

    def fail(source, target):
        if Path(target) == path and not source.name.endswith(".old"):
            raise OSError(28, "No space left on device")
        rename(source, target)

    if failing == "rename":
        monkeypatch.setattr(os, "rename", fail)
    error = OSError(28, "No space left on device") if failing == "body" else None
    with pytest.raises(InputError, match="No space left"):
        write_folder(path, "new", error)
    assert (path / "inner/a.txt").read_text() == "old"
    assert os.listdir(tmp_path) == ["out"]


def test_an_error_of_the_work_passes_through_and_leaves_nothing(tmp_path):
    with pytest.raises(KeyError):
        write_folder(tmp_path / "out", "new", KeyError())
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", [".", "..", "/", "folder"])
def test_a_folder_is_no_file_to_write(name, tmp_path, monkeypatch):
    (tmp_path / "here/folder").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    for write in (require_writable_file, lambda path: write_atomically(path, b"x")):
        with pytest.raises(
            InputError, match=rf"^{re.escape(name)}: is a folder; give the name of the file to write\.$"
        ):
            write(name)
    assert [p.name for p in (tmp_path / "here").iterdir()] == ["folder"]


def test_a_link_stays_and_its_target_is_replaced(tmp_path):
    (tmp_path / "far").mkdir()
    target, link = tmp_path / "far/file.bin", tmp_path / "link.bin"
    link.symlink_to(target)
    for content in (b"one", b"two"):  # the target is not there at first
        require_writable_file(link)
        write_atomically(link, content)
        assert link.is_symlink()
        assert target.read_bytes() == content
    assert os.listdir(target.parent) == ["file.bin"]


def test_a_link_in_a_circle_is_replaced(tmp_path):
    link = tmp_path / "link"
    link.symlink_to(link)
    assert not is_special(link)
    write_atomically(link, b"x")
    assert link.read_bytes() == b"x"


@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize("put", ["write", "take_place"])
def test_a_pipe_is_written_to_and_stays(linked, put, tmp_path):
    pipe, path, read = tmp_path / "pipe", tmp_path / "link" if linked else tmp_path / "pipe", []
    os.mkfifo(pipe)
    if linked:
        path.symlink_to(pipe)
    (tmp_path / "new").write_bytes(b"content")
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    require_writable_file(path)
    write_atomically(path, b"content") if put == "write" else take_place(tmp_path / "new", path)
    reader.join(10)
    assert read == [b"content"]
    assert stat.S_ISFIFO(path.stat().st_mode)


def test_devices_are_written_to_and_stay():
    require_writable_file("/dev/null")
    write_atomically("/dev/null", b"x")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    with pytest.raises(InputError, match=r"^/dev/full: cannot be written \(No space left"):
        write_atomically("/dev/full", b"x")


WRITING = "import sys; from mmvis_ext.utils.files import *; require_writable_file(sys.argv[1]); "
WRITING += "write_atomically(sys.argv[1], b'[1]')"


@pytest.mark.parametrize("path", ["/dev/stdout", "/proc/self/fd/1", "link"])
@pytest.mark.parametrize("into", ["pipe", "file"])
def test_what_a_process_has_open_is_written_to(path, into, tmp_path):
    (tmp_path / "link").symlink_to("/proc/self/fd/1")
    arguments = [sys.executable, "-c", WRITING, path]
    if into == "pipe":
        done = subprocess.run(arguments, cwd=tmp_path, stdout=subprocess.PIPE, check=True, timeout=60)
        said = done.stdout
    else:
        with (tmp_path / "out").open("w+b") as file:
            inode = os.fstat(file.fileno()).st_ino
            subprocess.run(arguments, cwd=tmp_path, stdout=file, check=True, timeout=60)
            said = (tmp_path / "out").read_bytes()
        assert (tmp_path / "out").stat().st_ino == inode
    assert json.loads(said) == [1]
    assert (tmp_path / "link").is_symlink()


def test_files_alone_are_read(tmp_path):
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    os.mkfifo(tmp_path / "pipe")
    assert read_file(tmp_path / "file") == read_file(str(tmp_path / "link")) == b"content"
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "none")
    for path, said in {
        tmp_path / "circle": "[Ll]evels of symbolic links",
        tmp_path / "pipe": "it is a pipe or a device, and no file",
        "/dev/zero": "it is a pipe or a device, and no file",
        tmp_path: "it is a folder",
        "a\0b": "no file can have such a name",
        "a\ud800b": "no file can have such a name",
    }.items():
        with pytest.raises(OSError, match=said):
            read_file(path)


@pytest.mark.parametrize("what", ["file", "pipe", "device"])
def test_a_folder_takes_the_place_of_folders_alone(what, tmp_path):
    path = Path("/dev/null") if what == "device" else tmp_path / "out"
    if what != "device":
        path.write_text("x") if what == "file" else os.mkfifo(path)
    before = path.stat()
    with pytest.raises(InputError, match=r"is there already and is no folder"), atomic_folder(path):
        pytest.fail("it begins")
    assert (path.stat().st_ino, path.stat().st_mode) == (before.st_ino, before.st_mode)
