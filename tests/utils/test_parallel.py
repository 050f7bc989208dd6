import os
import subprocess
import sys

import pytest

from mmvis_ext.utils import parallel
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.parallel import map_in_processes


def inverse(x: int) -> float:
    if x == 0:
        raise InputError("0 has no inverse; leave it out.")
    return 1 / x


@pytest.mark.parametrize("workers", [1, 2, None])
def test_results_keep_the_order(workers):
    assert map_in_processes(inverse, range(1, 9), workers=workers) == [1 / x for x in range(1, 9)]
    assert map_in_processes(inverse, [], workers=workers) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_errors_come_through(workers):
    with pytest.raises(InputError, match="0 has no inverse"):
        map_in_processes(inverse, range(3), workers=workers)


def test_progress_goes_to_stderr(capsys):
    map_in_processes(inverse, [1, 2], workers=1, progress=True, unit="file")
    out, err = capsys.readouterr()
    assert out == ""
    assert "2/2" in err


def test_no_workers():
    with pytest.raises(InputError, match="0 workers"):
        map_in_processes(inverse, [1], workers=0)


FAMILY = """
import os, sys, time
from mmvis_ext.utils import parallel
sys.platform = sys.argv[1]
parent = os.getpid()
if os.fork() == 0:  # a worker, which holds the pipe on stdout open
    parallel.end_with(parent)
    print("begun", flush=True)
    time.sleep(300)
time.sleep(300)
"""


@pytest.mark.parametrize("platform", ["linux", "any other"])
def test_a_worker_ends_with_its_parent(platform):
    arguments = [sys.executable, "-c", FAMILY, platform]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "begun\n"
        process.kill()
        assert process.stdout.read() == ""  # comes to an end when nobody holds the pipe any more


@pytest.mark.parametrize("gone", ["parent", "starter"])
def test_a_worker_whose_parent_was_gone_before_it_looked_ends(gone, monkeypatch):
    def end(code):
        raise SystemExit(code)

    monkeypatch.setattr(parallel.os, "_exit", end)
    monkeypatch.setattr(parallel.time, "sleep", lambda seconds: pytest.fail("it goes on"))
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    with pytest.raises(SystemExit):
        parallel._watch(*((done.pid, os.getppid()) if gone == "parent" else (os.getpid(), done.pid)))
