"""The files of a page, and the command that writes it."""

import json
import os
import shutil
import sys
from collections import Counter

import cv2
import numpy as np
import pytest
from page_data import data_of, list_of

from mmvis_ext.annotations.youtube_vis import read_annotation_file
from mmvis_ext.evaluation import evaluate_ytvis, read_results, write_submission
from mmvis_ext.evaluation.errors import track_errors
from mmvis_ext.report import write_page
from mmvis_ext.report.page import check_page_folder
from mmvis_ext.report.sources import content_of
from mmvis_ext.utils.errors import InputError


def test_the_page_has_the_figures_of_the_evaluation(tiny_source, tiny_page):
    html = (tiny_page / "index.html").read_text()
    figures = evaluate_ytvis(read_annotation_file(tiny_source.truth), read_results(tiny_source.results)).summary()
    for name in ("AP", "AP50", "AP75", "AR1", "AR10"):
        assert f'<span class="name">{name}</span>\n    <span class="value">{figures[name]:.1f}</span>' in html
    assert "Classes, the worst first" in html


def test_the_bars_count_the_errors_of_the_results_that_are_shown(tiny_source):
    truth, results = read_annotation_file(tiny_source.truth), read_results(tiny_source.results)
    for least in (None, 0.8):
        content = content_of(tiny_source._replace(min_score=least))
        errors = track_errors(truth, results)
        assert {bar[0]: bar[3] for bar in content.errors} == errors.counts(min_score=least or errors.working_score)
        shown = sum((Counter(video.kinds) for video in content.videos), Counter())
        assert shown == Counter({kind: n for kind, _, _, n in content.errors if n})
        assert [bar[1] for bar in content.errors] == sorted((g["AP"] for g in errors.gains.values()), reverse=True)


def test_each_video_has_its_frames_truth_and_results(tiny_source, tiny_page):
    truth = read_annotation_file(tiny_source.truth)
    listed = list_of(tiny_page)
    assert listed["figure"] == "AP"
    assert listed["truth"] is True
    assert len(listed["videos"]) == len(truth.videos)
    for row, video in zip(listed["videos"], truth.videos, strict=True):
        data = data_of(tiny_page, row["number"])
        assert data["frames"] == row["length"] == len(video.file_names)
        assert (data["height"], data["width"]) == (480, 640)
        assert [bool(m) for t in data["truth"] for m in t["masks"]] == [
            s is not None for t in video.tracks for s in t.segmentations
        ]
        for t in range(data["frames"]):
            image = cv2.imread(str(tiny_page / f"frames/{row['number']}/{t:05d}.jpg"))
            assert image.shape == (48, 64, 3), "a frame is not enlarged"
        assert (tiny_page / row["picture"]).is_file()
        wrong = sum("kind" in track for track in data["found"])
        assert wrong == sum(n for kind, n in row["kinds"].items() if kind != "missed")


def test_large_frames_are_made_smaller(tiny_source, tmp_path):
    write_page(content_of(tiny_source), tmp_path / "page", max_size=64, workers=1)
    write_page(content_of(tiny_source._replace(min_score=2.0)), tmp_path / "none", max_size=64, workers=1)
    assert cv2.imread(str(tmp_path / "page/frames/0/00000.jpg")).shape[:2] == (48, 64)
    assert not any(data_of(tmp_path / "none", i)["found"] for i in range(4))
    big = tmp_path / "big"
    for path in tiny_source.frames.rglob("*.jpg"):
        target = big / path.relative_to(tiny_source.frames)
        target.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(target), cv2.resize(cv2.imread(str(path)), (320, 240)))
    write_page(content_of(tiny_source._replace(frames=big)), tmp_path / "page", max_size=160, workers=1)
    assert cv2.imread(str(tmp_path / "page/frames/0/00000.jpg")).shape[:2] == (120, 160)


def test_linked_frames_are_found_from_the_page(tiny_source, tmp_path):
    frames = tmp_path / "frames with # and %"
    shutil.copytree(tiny_source.frames, frames)
    out = tmp_path / "a" / "page"
    write_page(content_of(tiny_source._replace(frames=frames)), out, link_frames=True, workers=1)
    assert not (out / "frames").exists()
    from urllib.parse import unquote

    for name in data_of(out, 0)["frames"]:
        assert "#" not in name
        assert (out / unquote(name)).is_file()


def test_names_from_files_are_text_and_no_html(tiny_source, tmp_path):
    data = json.loads(tiny_source.truth.read_text())
    data["categories"][0]["name"] = "<script>alert(1)</script>"
    ann = tmp_path / "gt.json"
    ann.write_text(json.dumps(data))
    write_page(content_of(tiny_source._replace(truth=ann)), tmp_path / "page", workers=1)
    html = (tmp_path / "page/index.html").read_text()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_a_frame_that_is_missing_ends_it_and_leaves_nothing(tiny_source, tmp_path):
    frames = tmp_path / "frames"
    shutil.copytree(tiny_source.frames, frames)
    sorted(frames.rglob("*.jpg"))[3].unlink()
    with pytest.raises(InputError, match="the frame is missing"):
        write_page(content_of(tiny_source._replace(frames=frames)), tmp_path / "out" / "page", workers=1)
    assert os.listdir(tmp_path / "out") == []


def test_where_a_page_may_be_written(tmp_path, monkeypatch, tiny_source):
    with pytest.raises(InputError, match="--max-size 9"):
        check_page_folder(tmp_path / "page", 9)
    (tmp_path / "mine.txt").write_text("")
    with pytest.raises(InputError, match="holds other things than a report"):
        check_page_folder(tmp_path)
    write_page(content_of(tiny_source), tmp_path / "page", workers=1)
    check_page_folder(tmp_path / "page")
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(InputError, match="needs the package jinja2"):
        check_page_folder(tmp_path / "page")


def test_a_page_is_small(tiny_source, tmp_path):
    """Sixty videos like those of a benchmark: 36 frames of 1280x720, three objects each, all found."""
    from mmvis_ext.report import Content, PageTrack, PageVideo
    from mmvis_ext.report.video_files import VideoTask, write_video
    from mmvis_ext.structures import encode

    mask = np.zeros((720, 1280), np.uint8)
    points = np.random.default_rng(0).normal(0, 25, (40, 2)) + [
        (640 + 200 * np.cos(a), 360 + 150 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 40, endpoint=False)
    ]
    cv2.fillPoly(mask, [np.rint(points).astype(np.int32)], 1)
    (rle,) = encode(mask[None])
    tracks = [PageTrack("dog", [rle] * 36, i) for i in range(3)]
    paths = [tmp_path / "00000.jpg"] * 36
    video = PageVideo("v", 720, 1280, paths, tracks, tracks)
    (tmp_path / "data").mkdir()
    write_video(VideoTask(0, video, tmp_path, tmp_path, 640, True))
    assert Content("", "AP", [video]).videos == [video]
    assert 60 * (tmp_path / "data/0.js").stat().st_size < 3e6


def test_the_command(tiny_source, tmp_path, monkeypatch, capsys):
    from mmvis_ext.commands import main

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["mmvis", "report", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code, *capsys.readouterr()

    out = tmp_path / "page"
    code, said, err = run(
        tiny_source.truth, tiny_source.results, "--frames", tiny_source.frames, "--out", out, "--workers", 1
    )
    assert code == 0, err
    assert f"{out}/index.html: 4 videos" in said
    assert said.startswith("AP ")
    code, said, err = run(tiny_source.truth, tmp_path / "none.zip", "--frames", tiny_source.frames, "--out", out)
    assert (code, said) == (1, "")
    assert err.startswith("error: ")
    assert "none.zip: no such file" in err
    assert len(err.splitlines()) == 1
    write_submission([], tmp_path / "empty.json")
    code, said, err = run(
        tiny_source.truth, tmp_path / "empty.json", "--frames", tiny_source.frames, "--out", out, "--workers", 1
    )
    assert code == 0, err
    assert "AP       0.0" in said
