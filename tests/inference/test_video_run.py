"""From a source to files."""

import json
import threading

import cv2
import numpy as np
import pytest
from streamed import assert_same_tracks

from mmvis_ext.inference import VISInferencer
from mmvis_ext.inference.frame_result import Choice
from mmvis_ext.inference.many import Job, Summary, done_before, run_job, run_jobs, share
from mmvis_ext.inference.outputs import OUTPUTS
from mmvis_ext.inference.outputs.output import Output
from mmvis_ext.inference.video_run import VideoRun, write_video
from mmvis_ext.testing import tiny_checkpoint, tiny_config
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.interrupts import Stop
from mmvis_ext.videos import Frame, Selection, VideoSource, open_video


@pytest.fixture(scope="module")
def inferencer(tmp_path_factory):
    checkpoint = tiny_checkpoint(tmp_path_factory.mktemp("tiny") / "tiny.pth", tiny_config())
    return VISInferencer(tiny_config(), checkpoint, "cpu")


def picture(t, size=(48, 64)):
    return np.random.default_rng(t).integers(0, 255, (*size, 3), dtype=np.uint8)


class Fake(VideoSource):
    """Frames of given sizes; ``None`` stands for one that cannot be read."""

    name, fps = "fake", 10.0

    def __init__(self, sizes):
        self.sizes, self.length = sizes, len(sizes)
        self.taken = 0

    def frames(self):
        for t, size in enumerate(self.sizes):
            if size is None:
                raise InputError(f"fake: frame {t} is truncated; fetch it again.")
            self.taken += 1
            yield Frame(picture(t, size), t, t / 10, f"{t:05d}")


BIG, SMALL = (48, 64), (40, 64)


@pytest.fixture
def run(inferencer):
    return VideoRun(inferencer, ["json", "overlay", "masks"], Choice(0.1))


def tracks_of(folder):
    return json.loads((folder / "tracks.json").read_text())


def test_what_is_written_is_what_the_call_finds(run, inferencer, tmp_path):
    report = write_video(run, Fake([BIG] * 8), tmp_path / "v", {})
    expected = inferencer([picture(t) for t in range(8)])
    kept = {k.track_id: k for k in expected if k.scores.max() >= 0.1}
    assert kept
    file = tracks_of(tmp_path / "v")
    assert {entry["id"]: entry["segmentations"] for entry in file["tracks"]} == {
        number: one.segmentations for number, one in kept.items()
    }
    scores = [entry["score"] for entry in file["tracks"]]
    assert scores == sorted(scores, reverse=True)
    assert (report.frames, report.tracks, report.problem, report.interrupted) == (8, len(kept), None, False)
    assert [path.name for path in report.files] == ["tracks.json", "overlay.mp4", "masks"]
    assert all(path.exists() for path in report.files)
    record = json.loads((tmp_path / "v/run.json").read_text())
    assert record["finished"]
    assert (record["frames"], record["notes"]) == (8, [])


def test_best_tracks_of_some_classes(inferencer, tmp_path):
    every = inferencer([picture(t) for t in range(5)])
    label = int(max(every, key=lambda k: k.scores.max()).scores.argmax())
    for choice in (Choice(0, top_k=1), Choice(0, frozenset({label}))):
        write_video(VideoRun(inferencer, ["json"], choice), Fake([BIG] * 5), tmp_path / "v", {})
        found = tracks_of(tmp_path / "v")["tracks"]
        wanted = [k for k in every if choice.labels is None or int(k.scores.argmax()) == label]
        wanted = sorted(wanted, key=lambda k: -k.scores.max())[: choice.top_k]
        assert [entry["id"] for entry in found] == [k.track_id for k in wanted]


def test_another_size_begins_a_segment(run, inferencer, tmp_path):
    report = write_video(run, Fake([BIG] * 4 + [SMALL] * 5 + [BIG]), tmp_path / "v", {})
    assert report.frames == 10
    assert [note.split(":")[0] for note in report.notes] == [
        "from frame 4 on the pictures are 64x40",
        "from frame 9 on the pictures are 64x48",
    ]
    parts = [tracks_of(tmp_path / "v" / place) for place in (".", "segment_2", "segment_3")]
    assert [(part["height"], part["length"]) for part in parts] == [(48, 4), (40, 5), (48, 1)]
    assert parts[1]["frames"] == [4, 5, 6, 7, 8]
    alone = inferencer([picture(t, SMALL) for t in range(4, 9)])
    assert {entry["id"] for entry in parts[1]["tracks"]} == {k.track_id for k in alone if k.scores.max() >= 0.1}
    assert len(list(open_video(tmp_path / "v/segment_2/overlay.mp4"))) == 5


def test_a_frame_that_cannot_be_read_ends_the_video(run, tmp_path):
    report = write_video(run, Fake([BIG] * 4 + [None, BIG]), tmp_path / "v", {})
    assert report.problem == "fake: frame 4 is truncated; fetch it again."
    assert tracks_of(tmp_path / "v")["length"] == report.frames == 4
    assert not json.loads((tmp_path / "v/run.json").read_text())["finished"]


def test_without_any_frame_nothing_is_written(run, tmp_path):
    for sizes, said in (([None, BIG], "frame 0 is truncated"), ([], "fake: has no frames")):
        with pytest.raises(InputError, match=said):
            write_video(run, Fake(sizes), tmp_path / "v", {})
    assert not list(tmp_path.iterdir())


def test_stopped_after_a_window(run, tmp_path):
    stop, source = Stop(), Fake([BIG] * 500)

    def progress(_):
        stop.asked = True

    report = write_video(run, source, tmp_path / "v", {}, stop, progress)
    assert report.interrupted
    assert 3 <= report.frames < 30
    assert source.taken < 60, "no frames are read that nobody needs"
    assert tracks_of(tmp_path / "v")["length"] == report.frames
    assert len(list(open_video(tmp_path / "v/overlay.mp4"))) == report.frames


class Failing(Output):
    """Fails at its third frame."""

    seen = 0
    abandoned = 0

    def add(self, result):
        self.seen += 1
        if self.seen == 3:
            raise InputError("no room; make some.")

    def finish(self, video):
        return self.folder

    def abandon(self):
        Failing.abandoned += 1


def test_an_output_that_fails_leaves_nothing_and_ends_all_threads(inferencer, tmp_path, monkeypatch):
    monkeypatch.setitem(OUTPUTS, "failing", Failing)
    before = threading.active_count()
    run = VideoRun(inferencer, ["overlay", "failing"], Choice(0.1))
    with pytest.raises(InputError, match="no room"):
        write_video(run, Fake([BIG] * 60), tmp_path / "v", {})
    assert not list(tmp_path.iterdir())
    assert Failing.abandoned == 1
    assert threading.active_count() == before


def test_other_folders_are_not_replaced(run, tmp_path):
    (tmp_path / "v").mkdir()
    write_video(run, Fake([BIG]), tmp_path / "v", {})
    write_video(run, Fake([BIG, BIG]), tmp_path / "v", {})
    assert tracks_of(tmp_path / "v")["length"] == 2
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/photo.jpg").write_text("")
    with pytest.raises(InputError, match="mine: is there already and holds no results"):
        write_video(run, Fake([BIG]), tmp_path / "mine", {})
    assert (tmp_path / "mine/photo.jpg").exists()


@pytest.fixture
def jobs(tmp_path):
    for name in ("a", "b", "c"):
        (tmp_path / "in" / name).mkdir(parents=True)
        for t in range(4):
            cv2.imwrite(str(tmp_path / "in" / name / f"{t}.png"), picture(t))
    return [
        Job(name, str(tmp_path / "in" / name), tmp_path / "out" / name, Selection(), dict(thr=0.1))
        for name in ("a", "b", "c")
    ]


def worker(run, stop=None):
    return lambda job: run_job(run, job, stop)


def test_done_ones_are_skipped_and_half_done_ones_redone(run, jobs, tmp_path):
    told = []
    first = run_jobs(jobs[:2], worker(run), Stop(), tell=lambda job, what: told.append((job.name, what)))
    assert first == Summary(["a", "b"])
    assert [name for name, report in told if report.frames == 4] == ["a", "b"]
    (tmp_path / "out/.c.half").mkdir()  # of a process that was killed
    record = json.loads((tmp_path / "out/b/run.json").read_text())
    (tmp_path / "out/b/run.json").write_text(json.dumps(record | dict(finished=False)))
    before = (tmp_path / "out/a/tracks.json").stat().st_mtime_ns
    again = run_jobs(jobs, worker(run), Stop())
    assert again == Summary(["b", "c"], ["a"])
    assert (tmp_path / "out/a/tracks.json").stat().st_mtime_ns == before
    assert run_jobs(jobs, worker(run), Stop(), redo=True) == Summary(["a", "b", "c"])


def test_other_settings_or_another_video_are_not_done(run, jobs, tmp_path):
    run_jobs(jobs, worker(run), Stop())
    assert all(map(done_before, jobs))
    other = Job("a", jobs[0].source, jobs[0].folder, Selection(), dict(thr=0.2))
    assert not done_before(other)
    assert not done_before(Job("a", jobs[1].source, jobs[0].folder, Selection(), dict(thr=0.1)))
    (tmp_path / "out/a/run.json").write_text("[broken")
    assert not done_before(jobs[0])


def test_one_that_fails_does_not_stop_the_others(run, jobs):
    jobs[0] = Job("a", jobs[0].source + "/none.mp4", jobs[0].folder, Selection(), {})

    def work(job):
        if job.name == "b":
            raise RuntimeError("out of memory\nwith much more to say")
        return run_job(run, job)

    summary = run_jobs(jobs, work, Stop())
    assert summary.done == ["c"]
    assert summary.failed["a"].endswith("none.mp4: no such video; check the path.")
    assert "RuntimeError: out of memory" in summary.failed["b"]
    assert summary.exit_code == 1


def test_nothing_begins_after_a_stop(run, jobs):
    stop = Stop()

    def work(job):
        stop.asked = True
        return run_job(run, job, stop)

    summary = run_jobs(jobs, work, stop)
    assert summary == Summary(interrupted=True)
    assert summary.exit_code == 130
    assert not done_before(jobs[0])


@pytest.mark.parametrize(
    ("names", "first"),
    [
        (("RANK", "WORLD_SIZE"), 0),
        (("SLURM_PROCID", "SLURM_NTASKS"), 0),
        (("SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT"), 5),
    ],
)
def test_processes_share(names, first):
    jobs, taken = list(range(11)), []
    for place in range(4):
        environment = {names[0]: str(place + first), names[1]: "4", "SLURM_ARRAY_TASK_MIN": str(first)}
        taken += share(jobs, environment)
    assert sorted(taken) == jobs
    assert share(jobs, {}) == jobs


def test_a_share_that_is_no_number():
    with pytest.raises(InputError, match="RANK=one, WORLD_SIZE=2: no numbers"):
        share([], dict(RANK="one", WORLD_SIZE="2"))


def test_tracks_and_streams_agree_after_a_run(run, inferencer, tmp_path):
    """A run leaves nothing behind in the model that the next one would see."""
    before = inferencer([picture(t) for t in range(5)])
    write_video(run, Fake([BIG] * 7), tmp_path / "v", {})
    assert_same_tracks(inferencer([picture(t) for t in range(5)]), before)
