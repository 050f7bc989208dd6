"""The measure of one foreground, against one that compares pixel by pixel; as a metric and on the command line."""

import json
from pathlib import Path

import numpy as np
import pytest
from davis_oracle import blobs, boundary_f, jaccard
from PIL import Image
from running import printed

from mmvis_ext.annotations.index_png import foreground_png, index_png, read_foreground
from mmvis_ext.evaluation import DAVIS2016Metric
from mmvis_ext.evaluation.davis_2016 import evaluate_foreground
from mmvis_ext.evaluation.davis_folders import evaluate_folders
from mmvis_ext.evaluation.davis_jf import FIGURES, summarize
from mmvis_ext.evaluation.davis_protocols import FOREGROUND
from mmvis_ext.structures import Track, VideoTracks, boxes_of, encode
from mmvis_ext.utils.errors import InputError

LENGTH = 11
TRUTHS = {"car": blobs(1, LENGTH, void=False), "dog": blobs(2, LENGTH, number=1, void=False)}
TRUTHS["dog"][4:6] = 0  # frames without the object are legal
RESULTS = {"car": blobs(1, LENGTH, shift=5, void=False), "dog": blobs(5, LENGTH, number=2, void=False)}
RESULTS["dog"][5] = 0


def quarters(values: list[float]) -> tuple[list[float], list[float]]:
    """The first and the last of four parts that share their ends; halves of an index are rounded to the even one."""
    ends = [round(1 + (len(values) - 1) * i / 4 + 1e-10) - 1 for i in range(5)]
    return values[ends[0] : ends[1] + 1], values[ends[3] : ends[4] + 1]


def mean(values):
    return sum(values) / len(values)


def slowly(names) -> dict[str, float]:
    """Per sequence the mean, recall and decay of each measure without the first and last frame; then their means."""
    rows = []
    for name in names:
        row = []
        for measure in (jaccard, boundary_f):
            nothing = np.zeros(TRUTHS[name].shape[1:], bool)
            values = [measure(t > 0, r > 0, nothing) for t, r in zip(TRUTHS[name], RESULTS[name], strict=True)][1:-1]
            first, last = quarters(values)
            row += [mean(values), mean([value > 0.5 for value in values]), mean(first) - mean(last)]
        rows.append([(row[0] + row[3]) / 2, *row])
    return {name: 100 * mean(column) for name, column in zip(FIGURES, zip(*rows, strict=True), strict=True)}


def pairs(name):
    return zip(TRUTHS[name] > 0, RESULTS[name] > 0, strict=True)


def as_numbers(frames):
    return ((truth.astype(np.uint8), result.astype(np.uint8)) for truth, result in frames)


@pytest.mark.parametrize("names", [["car"], ["dog"], ["car", "dog"]])
def test_figures_are_those_of_the_definition(names):
    figures = summarize([evaluate_foreground(name, as_numbers(pairs(name))) for name in names])
    assert figures == pytest.approx(slowly(names))


def test_the_first_and_the_last_frame_do_not_count():
    frames = list(as_numbers(pairs("car")))
    nothing = np.zeros_like(frames[0][0])
    spoiled = [(frames[0][0], nothing), *frames[1:-1], (nothing, frames[-1][1])]
    assert evaluate_foreground("car", spoiled).summary() == evaluate_foreground("car", frames).summary()


def test_the_truth_itself_is_perfect():
    figures = evaluate_foreground("dog", as_numbers((t > 0, t > 0) for t in TRUTHS["dog"])).summary()
    assert (figures["J-mean"], figures["F-mean"], figures["J-decay"]) == (100, 100, 0)


@pytest.mark.parametrize("length", [0, 1, 2])
def test_three_frames_at_least(length):
    frames = list(as_numbers(pairs("car")))[:length]
    with pytest.raises(InputError, match=f"car: has {length} frames; .* so give three"):
        evaluate_foreground("car", frames)


def write(folder: Path, maps, png) -> list[Path]:
    folder.mkdir(parents=True)
    paths = [folder / f"{t:05d}.png" for t in range(len(maps))]
    for path, index_map in zip(paths, maps, strict=True):
        path.write_bytes(png(index_map))
    return paths


@pytest.fixture
def folders(tmp_path):
    """Truth in the official layout, and results; grey here, with a palette there: both forms are known."""
    for name in TRUTHS:
        write(tmp_path / "davis/Annotations/480p" / name, TRUTHS[name], foreground_png)
        write(tmp_path / "results" / name, RESULTS[name], index_png if name == "car" else foreground_png)
    return tmp_path / "davis", tmp_path / "results"


def test_folders(folders):
    assert summarize(evaluate_folders(*folders, protocol=FOREGROUND, workers=1)) == pytest.approx(
        slowly(["car", "dog"])
    )


def test_only_the_frames_of_the_list_are_compared(folders, tmp_path):
    davis, results = folders
    rows = [f"/JPEGImages/480p/car/{t:05d}.jpg /Annotations/480p/car/{t:05d}.png" for t in range(2, 9)]
    (tmp_path / "list.txt").write_text("\n".join(rows) + "\n")
    (only,) = evaluate_folders(davis, results, tmp_path / "list.txt", FOREGROUND, workers=1)
    assert only.J.shape == (1, 5)
    whole = evaluate_foreground("car", as_numbers(pairs("car")))
    assert only.J[0].tolist() == whole.J[0, 2:7].tolist()


def test_the_tool_knows_the_year(folders, capsys):
    davis, results = folders
    (davis / "ImageSets/480p").mkdir(parents=True)
    rows = [f"/JPEGImages/480p/dog/{t:05d}.jpg /Annotations/480p/dog/{t:05d}.png" for t in range(LENGTH)]
    (davis / "ImageSets/480p/val.txt").write_text("\n".join(rows))
    figures = json.loads(printed(capsys, "eval_davis.py", davis, results, "--year", 2016, "--json").out)
    assert list(figures.pop("sequences")) == ["dog"], "val of the official folder is what counts"
    assert figures == pytest.approx(slowly(["dog"]))


def tracks_of(number: int, name: str) -> VideoTracks:
    """A track per index; the higher the index, the lower the score."""
    maps, tracks = RESULTS[name], []
    for i in np.unique(maps[maps > 0]).tolist():
        rles = [encode((m == i)[None])[0] if (m == i).any() else None for m in maps]
        tracks.append(Track(i, np.array([0.9 / i]), rles, boxes_of(rles)))
    return VideoTracks(number, *maps.shape[1:], len(maps), tracks)


@pytest.fixture
def samples(tmp_path):
    out = []
    for number, (name, maps) in enumerate(TRUTHS.items(), 1):
        paths = write(tmp_path / "truth" / name, maps, foreground_png)
        video = dict(
            id=number, height=maps.shape[1], width=maps.shape[2], length=len(maps),
            file_names=[f"{name}/{path.stem}.jpg" for path in paths], truth_files=list(map(str, paths)),
        )  # fmt: skip
        out.append(dict(pred_tracks=tracks_of(number, name), video=video))
    return out


def judged(metric, samples):
    for sample in samples:
        metric.process({}, [sample])
    return metric.evaluate(len(samples))


@pytest.mark.parametrize("workers", [1, 2])
def test_the_metric_takes_tracks_together(workers, samples, tmp_path):
    metric = DAVIS2016Metric(max_proposals=20, out_dir=str(tmp_path / "out"), workers=workers)
    expected = {f"davis2016/{name}": value for name, value in slowly(["car", "dog"]).items()}
    assert judged(metric, samples) == pytest.approx(expected)
    for name, maps in RESULTS.items():
        for t, index_map in enumerate(maps):
            path = tmp_path / "out" / name / f"{t:05d}.png"
            assert Image.open(path).mode == "L"
            assert np.array_equal(np.array(Image.open(path)), 255 * (index_map > 0))
            assert np.array_equal(read_foreground(path), index_map > 0)


def test_the_metric_can_take_the_best_track_alone(samples):
    best = {
        sample["video"]["id"]: max(sample["pred_tracks"], key=lambda t: t.scores[0] * t.visible.sum())
        for sample in samples
    }
    for sample in samples:
        sample["pred_tracks"] = VideoTracks(
            sample["video"]["id"], sample["video"]["height"], sample["video"]["width"], LENGTH,
            [best[sample["video"]["id"]]],
        )  # fmt: skip
    alone = judged(DAVIS2016Metric(max_proposals=20, workers=1), samples)
    for sample in samples:
        sample["pred_tracks"] = tracks_of(sample["video"]["id"], "car" if sample["video"]["id"] == 1 else "dog")
    assert judged(DAVIS2016Metric(workers=1), samples) == alone


def test_arguments_are_checked():
    with pytest.raises(InputError, match="DAVIS2016Metric: max_proposals is 1 to 20, not 0"):
        DAVIS2016Metric(max_proposals=0)


def test_colours_are_refused(tmp_path):
    Image.new("RGB", (8, 6)).save(tmp_path / "a.png")
    with pytest.raises(InputError, match=r"a.png: has colours \(its mode is RGB\); save it as a grey PNG"):
        read_foreground(tmp_path / "a.png")
