"""The files of a page, and what each form of truth and results puts there."""

import json
import os
import shutil
import sys
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from page_data import data_of, list_of

from mmvis_ext.annotations.youtube_vis import read_annotation_file
from mmvis_ext.evaluation import evaluate_ytvis, read_results, write_submission
from mmvis_ext.evaluation.davis_folders import evaluate_folders
from mmvis_ext.report import write_page
from mmvis_ext.report.page import check_page_folder
from mmvis_ext.report.sources import Source, content_of
from mmvis_ext.utils.errors import InputError


def test_the_page_has_the_figures_of_the_evaluation(tiny_source, tiny_page):
    html = (tiny_page / "index.html").read_text()
    figures = evaluate_ytvis(read_annotation_file(tiny_source.truth), read_results(tiny_source.results)).summary()
    for name in ("AP", "AP50", "AP75", "AR1", "AR10"):
        assert f'<span class="name">{name}</span>\n    <span class="value">{figures[name]:.1f}</span>' in html
    assert "Classes, the worst first" in html


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


def test_without_annotations_there_are_predictions_alone(tiny_source, tmp_path):
    data = json.loads(tiny_source.truth.read_text())
    del data["annotations"]
    (tmp_path / "test.json").write_text(json.dumps(data))
    content = content_of(tiny_source._replace(truth=tmp_path / "test.json"))
    write_page(content, tmp_path / "page", workers=1)
    assert list_of(tmp_path / "page")["truth"] is False
    html = (tmp_path / "page/index.html").read_text()
    assert 'data-view="truth"' not in html
    assert 'data-view="prediction"' in html
    assert not content.figures
    found = [data_of(tmp_path / "page", i) for i in range(4)]
    assert all(video["truth"] is None for video in found)
    kept = sum(r["score"] >= 0.3 for r in read_results(tiny_source.results))
    assert sum(len(video["found"]) for video in found) == kept


def test_tracks_of_one_video_alone(tiny_source, tmp_path):
    truth = read_annotation_file(tiny_source.truth)
    video = truth.videos[0]
    track = dict(id=0, category="disc", score=0.7, segmentations=video.tracks[0].segmentations)
    tracks = dict(width=64, height=48, length=len(video.file_names), categories=[], tracks=[track])
    path, frames = tmp_path / "tracks.json", (tiny_source.frames / video.file_names[0]).parent
    path.write_text(json.dumps(tracks))
    write_page(content_of(Source(None, path, frames)), tmp_path / "page", workers=1)
    (found,) = data_of(tmp_path / "page", 0)["found"]
    assert (found["name"], found["score"]) == ("disc", 0.7)
    path.write_text(json.dumps(tracks | dict(length=99)))
    with pytest.raises(InputError, match=r"but .* has tracks of 99"):
        content_of(Source(None, path, frames))
    path.write_text(json.dumps(tracks | dict(tracks=[dict(track, segmentations=[])])))
    with pytest.raises(InputError, match=r"tracks\[0\]: a track has a category"):
        content_of(Source(None, path, frames))
    path.write_text(json.dumps(tracks | dict(tracks=[dict(track, score="high")])))
    with pytest.raises(InputError, match=r"tracks\[0\]: a track has a category"):
        content_of(Source(None, path, frames))
    path.write_text(json.dumps(tracks | dict(tracks=3)))
    with pytest.raises(InputError, match="must be the tracks that mmvis infer writes"):
        content_of(Source(None, path, frames))
    path.write_text(json.dumps(tracks | dict(width="64")))
    with pytest.raises(InputError, match="must be the tracks that mmvis infer writes"):
        content_of(Source(None, path, frames))


def test_davis_has_jf_and_pairs(davis_page_inputs, tmp_path):
    root, results = davis_page_inputs
    names = tmp_path / "all.txt"
    names.write_text("dogs\nboat\n")
    content = content_of(Source(root, results, names=names))
    write_page(content, tmp_path / "page", workers=1)
    by_name = {s.name: s for s in evaluate_folders(root, results, names)}
    for row in list_of(tmp_path / "page")["videos"]:
        sequence, data = by_name[row["name"]], data_of(tmp_path / "page", row["number"])
        assert row["figure"] == pytest.approx(sequence.summary()["J&F"], abs=0.05)
        assert len(data["truth"]) == len(sequence.ids)
        assert data["curve"] == pytest.approx(sequence.J.mean(axis=0).tolist(), abs=1e-3)
        assert [track["pair"] for track in data["found"]] == [0]
    assert "Where AP is lost" not in (tmp_path / "page/index.html").read_text()
    assert [f.name for f in content.figures] == ["J&F", "J-mean", "J-recall", "F-mean", "F-recall"]


def test_davis_results_in_a_zip_and_alone(davis_page_inputs, tmp_path):
    root, results = davis_page_inputs
    with zipfile.ZipFile(tmp_path / "results.zip", "w") as archive:
        for path in results.rglob("*.png"):
            archive.write(path, f"submission/{path.relative_to(results)}")
        archive.writestr("readme.txt", "no result")
    zipped, plain = (content_of(Source(root, path)) for path in (tmp_path / "results.zip", results))
    assert zipped.figures == plain.figures
    assert [v.found for v in zipped.videos] == [v.found for v in plain.videos]
    alone = content_of(Source(None, tmp_path / "results.zip", root / "JPEGImages/480p"))
    assert [v.name for v in alone.videos] == ["boat", "dogs"]
    assert all(v.truth is None and v.figure is None for v in alone.videos)


def test_davis_2016_leaves_out_the_ends_in_its_curve(davis, tmp_path):
    davis.write_2016()
    (davis.root / "ImageSets/480p/val.txt").unlink()
    for name in ("boat", "dogs"):
        for folder in ("Annotations/480p", "JPEGImages/480p"):
            kind = "png" if folder.startswith("A") else "jpg"
            shutil.copy(davis.root / folder / name / f"00000.{kind}", davis.root / folder / name / f"00002.{kind}")
    results = tmp_path / "results"
    shutil.copytree(davis.root / "Annotations/480p", results)
    content = content_of(Source(davis.root, results, year=2016))
    assert [video.curve for video in content.videos] == [[None, 1.0, None]] * 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (dict(frames=None), "give their folder with --frames DIR"),
        (dict(frames=Path("nowhere")), "nowhere: no such folder of frames"),
        (dict(truth=Path("none.json")), "none.json: no such file"),
        (dict(truth=None), "no such folder|cannot be unpacked|holds no folders of PNGs"),
    ],
)
def test_bad_input_is_one_sentence(change, said, tiny_source):
    with pytest.raises(InputError, match=said) as error:
        content_of(tiny_source._replace(**change))
    assert "\n" not in str(error.value)


def test_bad_folders_and_zips_are_one_sentence(davis_page_inputs, tiny_source, tmp_path):
    root, results = davis_page_inputs
    (tmp_path / "r.json").write_text("[]")
    with pytest.raises(InputError, match=r"the truth .* is a folder of PNGs"):
        content_of(Source(root, tmp_path / "r.json"))
    with pytest.raises(InputError, match="no such folder of results"):
        content_of(Source(root, tmp_path / "none"))
    (tmp_path / "broken.zip").write_bytes(b"PK no zip")
    with pytest.raises(InputError, match=r"broken\.zip: cannot be unpacked"):
        content_of(Source(root, tmp_path / "broken.zip"))
    with zipfile.ZipFile(tmp_path / "out.zip", "w") as archive:
        archive.writestr("../00000.png", "x")
    with pytest.raises(InputError, match="leads out of its folder"):
        content_of(Source(root, tmp_path / "out.zip"))
    (root / "JPEGImages/480p/dogs/00001.jpg").unlink()
    with pytest.raises(InputError, match=r"00001\.jpg: the frame is missing"):
        content_of(Source(root, results))


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
