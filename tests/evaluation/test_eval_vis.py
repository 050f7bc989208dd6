"""The command line: figures as a table or as JSON, and one sentence for bad input."""

import importlib.util
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from vis_problems import judged, random_problem

from mmvis_ext.evaluation import write_submission

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "tools" / "eval_vis.py"
REAL = ROOT.parent / "shared" / "real" / "youtube_vis_2019" / "train.json"


@pytest.fixture
def eval_vis(monkeypatch, capsys):
    """Runs the tool in this process and returns what it printed, as (stdout, stderr)."""
    spec = importlib.util.spec_from_file_location("eval_vis", TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)

    def run(*args, code=0):
        monkeypatch.setattr(sys, "argv", [str(TOOL), *map(str, args)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            tool.main()
        assert end.value.code == code
        return capsys.readouterr()

    return run


@pytest.fixture
def files(tmp_path):
    gt, results = random_problem(6)
    (tmp_path / "gt.json").write_text(json.dumps(gt))
    write_submission(results, tmp_path / "results.json")
    write_submission(results, tmp_path / "results.zip")
    return tmp_path, gt, results


@pytest.mark.parametrize("name", ["results.json", "results.zip"])
def test_json_is_all_that_stands_on_stdout(name, files, eval_vis):
    folder, gt, results = files
    figures = json.loads(eval_vis(folder / "gt.json", folder / name, "--json").out)
    assert figures == pytest.approx(judged(gt, results).summary(), abs=1e-9)
    assert {"AP", "AP50", "AP75", "AR1", "AR10"} <= figures.keys()


def test_it_runs_as_a_program(files):
    folder, gt, results = files
    command = [sys.executable, str(TOOL), str(folder / "gt.json"), str(folder / "results.zip"), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert json.loads(done.stdout)["AP"] == pytest.approx(judged(gt, results).summary()["AP"])


def test_the_cocovid_form(files, eval_vis):
    """The same ground truth with an annotation per frame and object."""
    folder, gt, results = files
    images, annotations = [], []
    for v in gt["videos"]:
        for t, name in enumerate(v["file_names"]):
            size = dict(height=v["height"], width=v["width"])
            images.append(dict(id=len(images) + 1, video_id=v["id"], frame_id=t, file_name=name, **size))
            for a in gt["annotations"]:
                if a["video_id"] == v["id"] and a["segmentations"][t]:
                    form = dict(id=len(annotations) + 1, image_id=len(images), instance_id=a["id"])
                    form |= dict(category_id=a["category_id"], segmentation=a["segmentations"][t], iscrowd=0)
                    annotations.append(form)
    (folder / "coco_vid.json").write_text(json.dumps(gt | dict(images=images, annotations=annotations)))
    seen = [a for a in gt["annotations"] if any(a["segmentations"])]
    figures = json.loads(eval_vis(folder / "coco_vid.json", folder / "results.json", "--json").out)
    assert figures == pytest.approx(judged(gt | dict(annotations=seen), results).summary())


def test_table_and_classes(files, eval_vis):
    folder, _, _ = files
    text = eval_vis(folder / "gt.json", folder / "results.json", "--classwise").out
    assert "AP50" in text
    assert "class_3" in text
    classes = json.loads(eval_vis(folder / "gt.json", folder / "results.json", "--classwise", "--json").out)["classes"]
    assert [c["name"] for c in classes] == ["class_1", "class_2", "class_3"]


def test_boxes(files, eval_vis):
    folder, gt, results = files
    figures = json.loads(eval_vis(folder / "gt.json", folder / "results.json", "--json", "--iou-type", "bbox").out)
    assert figures["AP"] == pytest.approx(judged(gt, results, "bbox").summary()["AP"])


def test_what_the_truth_does_not_know_is_left_out_and_counted(files, eval_vis):
    folder, _, results = files
    expected = eval_vis(folder / "gt.json", folder / "results.json", "--json").out
    strange = [results[0] | dict(category_id=99)] * 2 + [results[1] | dict(category_id=98, score=1.0)]
    (folder / "more.json").write_text(json.dumps(strange[:2] + results + strange[2:]))
    done = eval_vis(folder / "gt.json", folder / "more.json", "--json")
    assert done.out == expected
    assert done.err.endswith("gt.json lacks their category_id: 3.\n")
    elsewhere = [results[0] | dict(video_id=999, score=1.0)]
    (folder / "whole.json").write_text(json.dumps(results + elsewhere))
    assert "'video_id' 999" in eval_vis(folder / "gt.json", folder / "whole.json", "--json", code=1).err
    done = eval_vis(folder / "gt.json", folder / "whole.json", "--json", "--partial")
    assert done.out == expected
    assert "lacks their video_id: 1." in done.err


@pytest.mark.parametrize("content", [{}, [1], [dict(video_id=1)], [dict(category_id=True)], [dict(category_id="1")]])
def test_what_is_no_result_is_not_left_out(content, files, eval_vis):
    folder, _, _ = files
    (folder / "odd.json").write_text(json.dumps(content))
    assert eval_vis(folder / "gt.json", folder / "odd.json", "--partial", code=1).err.startswith("error: ")


@pytest.mark.parametrize(
    ("gt", "results", "expected"),
    [
        ("missing.json", "results.json", "missing.json: no such file"),
        ("gt.json", "missing.json", "missing.json: no such file"),
        ("gt.json", "missing.zip", "missing.zip: no such file"),
        ("file/below.json", "results.json", "below.json: cannot be read"),
        (".", "results.json", "cannot be read"),
        ("gt.json", "cut.json", "cut.json: not valid JSON"),
        ("cut.json", "results.json", "cut.json: not valid JSON"),
        ("coco.json", "results.json", "coco.json: not a video instance segmentation file"),
        ("results.json", "results.json", "not a video instance segmentation file"),
        ("gt.json", "gt.json", "gt.json: results are a list"),
        ("twice.json", "results.json", "twice.json: annotation id 1 occurs twice"),
        ("hidden.json", "results.json", "no AP can be computed"),
        ("gt.json", "unknown.json", "unknown.json: entry 0: 'video_id' 999"),
        ("gt.json", "results.txt", ".zip"),
        ("gt.json", "no.zip", "no.zip"),
    ],
)
def test_bad_input_ends_with_one_sentence(gt, results, expected, files, eval_vis):
    folder, truth, entries = files
    content = {
        "cut.json": json.dumps(entries)[:-20],
        "coco.json": json.dumps(dict(images=[], categories=[], annotations=[])),
        "twice.json": json.dumps(truth | dict(annotations=truth["annotations"] + truth["annotations"][:1])),
        "hidden.json": json.dumps(truth | dict(annotations=None)),
        "unknown.json": json.dumps([entries[0] | dict(video_id=999)]),
        "no.zip": "no zip",
        "file": "",
    }
    for name, text in content.items():
        (folder / name).write_text(text)
    done = eval_vis(folder / gt, folder / results, "--json", code=1)
    assert done.out == ""
    assert expected in done.err
    assert done.err.startswith("error: ")
    assert len(done.err.strip().splitlines()) == 1


@pytest.mark.skipif(not REAL.exists(), reason="the real sequence in ../shared/real is not there")
def test_a_real_official_file_with_its_own_masks_reaches_100(tmp_path, eval_vis):
    annotations = json.loads(REAL.read_text())["annotations"]
    with zipfile.ZipFile(tmp_path / "results.zip", "w") as archive:
        archive.writestr("results.json", json.dumps([a | dict(score=1.0) for a in annotations]))
    for iou_type in ("segm", "bbox"):
        done = eval_vis(REAL, tmp_path / "results.zip", "--json", "--iou-type", iou_type)
        assert json.loads(done.out)["AP"] == pytest.approx(100)


def test_short_and_long_videos_of_2022(files, eval_vis):
    folder, gt, results = files
    aps = []
    for name, is_long in (("short", False), ("long", True)):
        ids = {v["id"] for v in gt["videos"] if (v["length"] > 3) == is_long}
        part = gt | {
            "videos": [v for v in gt["videos"] if v["id"] in ids],
            "annotations": [a for a in gt["annotations"] if a["video_id"] in ids],
        }
        (folder / f"{name}.json").write_text(json.dumps(part))
        aps.append(judged(part, [r for r in results if r["video_id"] in ids]).summary()["AP"])
    asked = (folder / "short.json", folder / "results.json", "--long", folder / "long.json")
    figures = json.loads(eval_vis(*asked, "--json", "--classwise").out)
    assert [figures[name] for name in ("short_AP", "long_AP")] == pytest.approx(aps)
    assert figures["AP"] == pytest.approx(sum(aps) / 2)
    assert len(figures["short_classes"]) == len(figures["long_classes"]) == 3
    text = eval_vis(*asked, "--classwise").out
    assert "long_AP50" in text
    assert "short classes" in text
    (folder / "more.json").write_text(json.dumps([*results, results[0] | dict(video_id=999)]))
    asked = (folder / "short.json", folder / "more.json", "--long", folder / "long.json", "--json")
    assert "'video_id' 999" in eval_vis(*asked, code=1).err
    done = eval_vis(*asked, "--partial")
    assert json.loads(done.out)["AP"] == pytest.approx(figures["AP"])
    assert "lacks their video_id: 1." in done.err


def test_levels_of_occlusion(files, eval_vis):
    folder, gt, _ = files
    for annotation in gt["annotations"]:
        annotation["occlusion"] = ["slight_occlusion"] * len(annotation["segmentations"])
    (folder / "ovis.json").write_text(json.dumps(gt))
    figures = json.loads(eval_vis(folder / "ovis.json", folder / "results.json", "--json").out)
    assert figures["AP_SO"] == figures["AP_MO"] == pytest.approx(figures["AP"])
    assert figures["AP_HO"] == -1
    assert "AP_SO" in eval_vis(folder / "ovis.json", folder / "results.json").out
