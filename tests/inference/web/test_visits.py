"""Files of visitors come and go."""

import pytest

from mmvis_ext.inference.web.visits import Visits
from mmvis_ext.utils.errors import InputError


def upload(root, name):
    path = root / name / "video.mp4"
    path.parent.mkdir(exist_ok=True)
    path.write_text(name)
    return path


@pytest.fixture
def visits(tmp_path):
    return Visits(tmp_path)


def run(visits, visitor):
    with visits.run(visitor) as (folder, _):
        (folder / "tracks.json").write_text("{}")
    return folder


def files(root):
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_a_new_upload_removes_the_earlier_one(visits, tmp_path):
    visits.uploaded("ann", upload(tmp_path, "a"))
    visits.uploaded("ann", upload(tmp_path, "b"))
    assert files(tmp_path) == ["b/video.mp4"]
    visits.uploaded("ann", None)
    assert files(tmp_path) == []


def test_a_file_that_two_have_sent_stays_for_the_second(visits, tmp_path):
    path = upload(tmp_path, "a")
    visits.uploaded("ann", path)
    visits.uploaded("bob", path)
    visits.uploaded("ann", path)
    visits.leave("ann")
    assert files(tmp_path) == ["a/video.mp4"]
    visits.leave("bob")
    assert files(tmp_path) == []


def test_a_run_removes_the_results_of_the_earlier_one(visits, tmp_path):
    first, other, second = run(visits, "ann"), run(visits, "bob"), run(visits, "ann")
    assert [folder.exists() for folder in (first, other, second)] == [False, True, True]
    visits.leave("ann")
    visits.leave("bob")
    assert files(tmp_path) == []


def test_a_run_that_fails_leaves_nothing(visits, tmp_path):
    def fail():
        with visits.run("ann") as (folder, _):
            (folder / "half").write_text("half")
            raise InputError("a disk is full.")

    with pytest.raises(InputError):
        fail()
    assert files(tmp_path) == []


def test_who_leaves_during_a_run_ends_it_and_leaves_nothing(visits, tmp_path):
    visits.uploaded("ann", upload(tmp_path, "a"))
    with visits.run("ann") as (folder, stop):
        assert not stop.asked
        visits.leave("ann")
        assert stop.asked
        (folder / "tracks.json").write_text("{}")  # what the run still writes
    assert files(tmp_path) == []


def test_stop_is_for_the_own_run_alone(visits):
    with visits.run("ann") as (_, ann), visits.run("bob") as (_, bob):
        visits.stop("ann")
        visits.stop("nobody")
        assert (ann.asked, bob.asked) == (True, False)


def test_nothing_outside_the_folder_is_removed(tmp_path):
    visits = Visits(tmp_path / "ours")
    outside = upload(tmp_path, "outside")
    for path in (outside, tmp_path / "ours/../outside/video.mp4", tmp_path / "ours"):
        visits.uploaded("ann", path)
        visits.uploaded("ann", None)
    assert outside.exists()
