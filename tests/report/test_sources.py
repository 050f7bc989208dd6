"""What each form of truth and results puts on a page, and what is said of one that is broken."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest
from page_data import data_of, list_of

from mmvis_ext.annotations.youtube_vis import read_annotation_file
from mmvis_ext.evaluation import read_results, write_submission
from mmvis_ext.evaluation.davis_folders import evaluate_folders
from mmvis_ext.report import write_page
from mmvis_ext.report.sources import Source, content_of
from mmvis_ext.utils.errors import InputError


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


def test_results_of_unknown_classes_are_left_out_and_counted(tiny_source, tmp_path):
    results = read_results(tiny_source.results)
    write_submission([*results, results[0] | dict(category_id=99)], tmp_path / "more.json")
    content, more = (content_of(tiny_source._replace(results=r)) for r in (tiny_source.results, tmp_path / "more.json"))
    assert more.figures == content.figures
    assert more.notes[-1] == "Left out are results whose category_id the truth lacks: 1."
