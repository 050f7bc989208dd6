"""The results file: what it holds, that it is the same every time, and that it appears whole or not at all."""

import contextlib
import io
import json
import os
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from vis_problems import judged, random_problem

from mmvis_ext.evaluation import read_results, write_submission
from mmvis_ext.utils.errors import InputError


@pytest.fixture
def results():
    return random_problem(2)[1]


@pytest.mark.parametrize("name", ["results.json", "results.zip"])
def test_round_trip(name, results, tmp_path):
    path = tmp_path / "new" / "folder" / name
    write_submission(results, path)
    expected = sorted(results, key=lambda r: (r["video_id"], -r["score"], r["category_id"]))
    assert read_results(path) == expected
    assert os.listdir(path.parent) == [name]


def test_the_zip_holds_results_json_alone(results, tmp_path):
    write_submission(results, tmp_path / "a.zip")
    write_submission(results, tmp_path / "a.json")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.namelist() == ["results.json"]
        assert archive.read("results.json") == (tmp_path / "a.json").read_bytes()
    entry = json.loads((tmp_path / "a.json").read_bytes())[0]
    assert list(entry) == ["video_id", "score", "category_id", "segmentations"]


@pytest.mark.parametrize("name", ["a.json", "a.zip"])
def test_the_same_results_give_the_same_bytes(name, tmp_path):
    gt, results = random_problem(2)
    results = [r | dict(score=r["score"] + i / 3000) for i, r in enumerate(results)]  # no ties: any order will do
    write_submission(results, tmp_path / name)
    first = (tmp_path / name).read_bytes()
    write_submission(results[::-1], tmp_path / name)
    assert (tmp_path / name).read_bytes() == first
    assert judged(gt, read_results(tmp_path / name)).summary() == judged(gt, results).summary()


def test_scores_keep_every_digit_and_numpy_is_written_as_plain_numbers(results, tmp_path):
    entry = results[0] | dict(score=np.float64(0.1) + np.float64(0.2), video_id=np.int64(results[0]["video_id"]))
    segmentations = [s and dict(s, counts=s["counts"].encode()) for s in entry["segmentations"]]
    write_submission([entry | dict(segmentations=segmentations)], tmp_path / "a.json")
    (back,) = read_results(tmp_path / "a.json")
    assert back == results[0] | dict(score=0.30000000000000004)


def test_no_results_make_a_valid_file(tmp_path):
    for name in ("a.json", "a.zip"):
        write_submission([], tmp_path / name)
        assert read_results(tmp_path / name) == []


@pytest.mark.parametrize("name", ["results", "results.txt", "results.json.gz"])
def test_other_endings_are_refused(name, tmp_path):
    with pytest.raises(InputError, match=r"\.zip .* or \.json"):
        write_submission([], tmp_path / name)
    with pytest.raises(InputError, match=r"\.zip .* or \.json"):
        read_results(tmp_path / name)


@pytest.mark.parametrize("name", ["a.json", "a.zip"])
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_failing_disk_leaves_the_old_file_and_nothing_else(name, call, results, tmp_path, monkeypatch):
    path = tmp_path / name
    write_submission(results[:1], path)
    before = path.read_bytes()

    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(InputError, match="No space left"):
        write_submission(results, path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("score", [float("nan"), object()])
def test_what_json_cannot_hold_is_refused_and_leaves_nothing(score, results, tmp_path):
    entry = results[0] | dict(note=score)
    with pytest.raises(InputError, match="Entry 0"):
        write_submission([entry], tmp_path / "a.json")
    assert os.listdir(tmp_path) == []


def test_an_interrupt_leaves_nothing(results, tmp_path, monkeypatch):
    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_submission(results, tmp_path / "a.zip")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "content", [b"", b'[{"video_id": 1', b"\xff\xfe\xff", b'{"annotations": []}', b'[{"image_id": 1}]', b"[" * 100000]
)
def test_other_json_is_refused(content, tmp_path):
    (tmp_path / "a.json").write_bytes(content)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("results.json", content)
    for name in ("a.json", "a.zip"):
        with pytest.raises(InputError, match=name):
            read_results(tmp_path / name)


def test_broken_zips_are_refused(results, tmp_path):
    path = tmp_path / "a.zip"
    write_submission(results, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="not a readable zip"):
        read_results(path)
    path.write_bytes(whole[:60] + bytes(40) + whole[100:])
    with pytest.raises(InputError, match="not a readable zip"):
        read_results(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("folder/results.json", "[]")
    with pytest.raises(InputError, match=r"no results\.json"):
        read_results(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_that_unpacks_to_far_more_than_itself_is_never_unpacked(method, tmp_path, monkeypatch):
    path, size = tmp_path / "a.zip", 2**26 + 1
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("results.json", b" " * size)
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda *args: pytest.fail("it is unpacked"))
    with pytest.raises(InputError, match=rf"would unpack to {size} bytes.*give the \.json\.$"):
        read_results(path)


def test_a_small_file_may_be_as_dense_as_it_likes(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("results.json", b"[" + b" " * 10**6 + b"]")
    assert (tmp_path / "a.zip").stat().st_size < 10**4
    assert read_results(tmp_path / "a.zip") == []


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_zip_with_other_bytes_is_read_or_refused(method, tmp_path, changes):
    path, content = tmp_path / "a.zip", io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        archive.writestr("results.json", json.dumps([dict(video_id=1, category_id=1, score=0.5)] * 20))
    spoiled = bytearray(content.getvalue())
    for place, byte in changes:
        spoiled[int(place * (len(spoiled) - 1))] = byte
    path.write_bytes(spoiled)
    with contextlib.suppress(InputError):
        assert len(read_results(path)) == 20
