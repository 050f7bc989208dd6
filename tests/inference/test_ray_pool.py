"""Many videos on a Ray of two workers on this machine."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
import ray

import mmvis_ext
from mmvis_ext.inference.frame_result import Choice
from mmvis_ext.inference.many import Job, Summary, done_before, run_job, run_jobs
from mmvis_ext.inference.ray_cluster import cluster, pool_size
from mmvis_ext.inference.ray_pool import TRIES, Recipe, _open_desk, _Worker, run_jobs_on_ray
from mmvis_ext.testing import tiny_checkpoint, tiny_config
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.interrupts import Stop
from mmvis_ext.videos import Selection


@pytest.fixture(scope="module")
def here():
    """A Ray on this machine; its address."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(mmvis_ext.__file__).parents[1]))
        with cluster("local"):
            yield ray.get_runtime_context().gcs_address
    assert not ray.is_initialized()


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    checkpoint = tiny_checkpoint(tmp_path_factory.mktemp("tiny") / "tiny.pth", tiny_config())
    return Recipe(tiny_config(), checkpoint, ["json", "masks", "overlay"], Choice(0.1), "cpu")


def make_jobs(root, **lengths):
    """A job for each name, with so many frames."""
    for name, length in lengths.items():
        folder = root / "in" / name
        folder.mkdir(parents=True)
        for t in range(length):
            noise = np.random.default_rng(t).integers(0, 255, (48, 64, 3), dtype=np.uint8)
            cv2.imwrite(str(folder / f"{t:03d}.png"), noise)
    return [Job(name, str(root / "in" / name), root / "out" / name, Selection(), dict(thr=0.1)) for name in lengths]


def results(folder):
    """Content of the tracks and masks, by their paths."""
    files = [*folder.rglob("tracks.json"), *folder.rglob("*.png")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def wait_for(found, seconds=90):
    """What a function returns as soon as it is anything."""
    begin = time.monotonic()
    while not (value := found()):
        assert time.monotonic() - begin < seconds
        time.sleep(0.05)
    return value


def worker_of(out, name):
    """The process that has the video in hand: it writes a film into a folder that nobody else sees yet."""
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if os.readlink(link).startswith(f"{out}/.{name}."):
                return int(link.parts[2])
        except OSError:
            continue
    return None


@pytest.mark.slow
def test_a_worker_is_killed_and_the_results_are_those_without_ray(here, recipe, tmp_path):
    jobs = make_jobs(tmp_path, long=80, before=4, broken=4, short=5)
    (tmp_path / "in/broken/002.png").write_bytes(b"no picture")
    alone = recipe.make()
    run_job(alone, jobs[1])
    told, killed = {}, []

    def kill():
        killed.append(wait_for(lambda: worker_of(tmp_path / "out", "long")))
        os.kill(killed[0], signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    found = run_jobs_on_ray(jobs, recipe, Stop(), 2, tell=lambda job, what: told.update({job.name: what}))
    killer.join()
    assert killed[0] != os.getpid()
    assert list((tmp_path / "out").glob(".long.*")), "it was killed before it was done"
    assert (sorted(found.done), found.before, list(found.failed)) == (["long", "short"], ["before"], ["broken"])
    assert "002.png" in found.failed["broken"]
    assert found.exit_code == 1
    assert told["before"] is None
    assert (told["long"].frames, told["short"].frames) == (80, 5)
    assert run_jobs_on_ray([jobs[0], jobs[3]], recipe, Stop(), 2) == Summary(before=["long", "short"])
    for job in (jobs[0], jobs[3]):
        with_ray = results(job.folder)
        assert len(with_ray) > 4
        run_jobs([job], lambda job: run_job(alone, job), Stop(), redo=True)
        assert results(job.folder) == with_ray


@pytest.mark.slow
def test_a_worker_that_cannot_begin(here, recipe, tmp_path):
    lost = Recipe(recipe.config, tmp_path / "lost.pth", ["json"], recipe.choice, "cpu")
    with pytest.raises(InputError, match=r"^a worker could not begin: \S*lost.pth: "):
        run_jobs_on_ray(make_jobs(tmp_path, a=1), lost, Stop(), 1)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_ctrl_c_closes_the_videos_in_hand(here, recipe, tmp_path):
    jobs = make_jobs(tmp_path, a=300, b=3, c=3)
    recipe.config.dump(tmp_path / "tiny.py")
    words = ["infer", tmp_path / "tiny.py", recipe.checkpoint, tmp_path / "in", "--out", tmp_path / "out"]
    words += ["--device", "cpu", "--ray", here, "--ray-workers", 1]
    environment = os.environ | dict(PYTHONPATH=str(Path(mmvis_ext.__file__).parents[1]), OMP_NUM_THREADS="1")
    command = [sys.executable, "-m", "mmvis_ext", *map(str, words)]
    pipes = dict(stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process = subprocess.Popen(command, env=environment, start_new_session=True, **pipes)
    wait_for(lambda: worker_of(tmp_path / "out", "a") or process.poll() is not None)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    printed, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "the workers close what was written so far" in said
    assert "0 videos done, 0 done before, 0 failed" in printed
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a"]
    record = json.loads((tmp_path / "out/a/run.json").read_text())
    assert not record["finished"]
    assert 0 < record["frames"] < 300
    assert json.loads((tmp_path / "out/a/tracks.json").read_text())["length"] == record["frames"]
    assert not any(map(done_before, jobs))


class Untouched:
    """A recipe whose result must not be used."""

    def make(self):
        return None


def test_a_video_that_takes_its_worker_down_each_time_is_given_up(here, tmp_path):
    (job,) = make_jobs(tmp_path, a=1)
    desk = _open_desk()
    worker = _Worker(Untouched(), desk, str(tmp_path / "not here"))
    for number in range(1, TRIES + 1):
        assert ray.get(desk.begun.remote("a")) == number
    assert "a: took its worker down 3 times; see whether its machine has enough memory" in worker.outcome(job)
    ray.get(desk.ask_to_stop.remote())
    assert _Worker(Untouched(), desk, "").outcome(job) is None, "nothing begins after a stop"


def test_nothing_to_do_asks_nothing_of_ray(recipe, tmp_path):
    stop = Stop()
    assert run_jobs_on_ray([], recipe, stop) == Summary()
    stop.asked = True
    assert run_jobs_on_ray(make_jobs(tmp_path, a=1), recipe, stop) == Summary(interrupted=True)


@pytest.mark.parametrize(
    ("machines", "workers", "on_cpus", "expected"),
    [
        ([dict(CPU=2)], None, False, (1, 2, 0)),
        ([dict(CPU=2)], 2, False, (2, 1, 0)),
        ([dict(CPU=2)], 4, False, (4, 0.5, 0)),
        ([dict(CPU=16), dict(CPU=9), dict()], None, False, (6, 4, 0)),
        ([dict(CPU=16), dict(CPU=3)], None, False, (5, 3, 0)),
        ([dict(CPU=32, GPU=8), dict(CPU=64)], None, False, (8, 4, 1)),
        ([dict(CPU=16, GPU=8), dict(CPU=8, GPU=1)], None, False, (9, 2, 1)),
        ([dict(CPU=8, GPU=2)], 4, False, (4, 2, 0.5)),
        ([dict(CPU=8, GPU=2)], 1, False, (1, 4, 1)),
        ([dict(CPU=8, GPU=2)], None, True, (2, 4, 0)),
    ],
)
def test_workers_fit_into_the_cluster(machines, workers, on_cpus, expected, monkeypatch):
    gone = dict(Alive=False, Resources=dict(CPU=1, GPU=1))
    monkeypatch.setattr(ray, "nodes", lambda: [gone, *(dict(Alive=True, Resources=each) for each in machines)])
    assert pool_size(workers, on_cpus) == expected


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (
            "video.mp4",
            "--ray video.mp4: is no address of a Ray cluster; give HOST:PORT, auto or local, or put --ray last",
        ),
        ("ray://head:10001", "is no address"),
        ("127.0.0.1:1", r"--ray 127.0.0.1:1: no Ray cluster answers \(.*refused\); check the address"),
        ("127.0.0.1:99999", "no Ray cluster answers"),
    ],
)
def test_addresses_without_a_cluster(address, said, monkeypatch):
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setenv("RAY_ADDRESS", address)
    for given in (address, None, ""):
        with pytest.raises(InputError, match=said), cluster(given):
            pass


def test_ray_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with (
        pytest.raises(InputError, match=r"^--ray needs the package ray, .*: pip install mmvis_ext\[ray\]\.$"),
        cluster(),
    ):
        pass
