"""The metric: tracks in, the figures of the tool and a folder of PNGs out, in one process or in several."""

import json

import numpy as np
import pytest
import torch.distributed as dist
from davis_oracle import VOID, blobs
from forked import two_processes
from mmengine.evaluator import Evaluator
from mmengine.structures import BaseDataElement
from PIL import Image

from mmvis_ext.annotations.index_png import davis_palette, index_png
from mmvis_ext.evaluation import DAVISMetric
from mmvis_ext.evaluation.davis_folders import evaluate_folders
from mmvis_ext.evaluation.davis_jf import FIGURES, summarize
from mmvis_ext.evaluation.davis_submission import best_proposals, index_maps
from mmvis_ext.evaluation.video_shares import read_shares
from mmvis_ext.registry import METRICS
from mmvis_ext.structures import Track, VideoTracks, boxes_of, encode
from mmvis_ext.utils.errors import InputError

TRUTHS = {"car": blobs(1), "dog": blobs(2, number=2), "ant": blobs(7, 6, number=1)}
FOUND = {"car": blobs(1, shift=5, void=False), "dog": blobs(2, number=4, void=False), "ant": blobs(7, 6, number=3)}


def track(number, masks, scores):
    rles = [encode(m[None])[0] if m.any() else None for m in masks]
    return Track(number, np.array(scores), rles, boxes_of(rles))


def tracks_of(number, name) -> VideoTracks:
    """A track per index; the higher the index, the higher the score."""
    maps = FOUND[name]
    indices = [i for i in np.unique(maps) if i not in (0, VOID)]
    tracks = [track(int(i), maps == i, [0.1, i / 100, 0.0]) for i in indices]
    return VideoTracks(number, *maps.shape[1:], len(maps), tracks)


@pytest.fixture
def samples(tmp_path):
    """One data sample per sequence; the truth is on disk."""
    return make_samples(tmp_path)


def make_samples(folder):
    out = []
    for number, (name, maps) in enumerate(TRUTHS.items(), 1):
        paths = [folder / "truth" / name / f"{t:05d}.png" for t in range(len(maps))]
        for path, index_map in zip(paths, maps, strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(index_png(index_map))
        size = dict(height=maps.shape[1], width=maps.shape[2], length=len(maps))
        names = [f"{name}/{path.stem}.jpg" for path in paths]
        video = dict(id=number, file_names=names, truth_files=[str(p) for p in paths], **size)
        out.append(dict(pred_tracks=tracks_of(number, name), video=video))
    return out


def run(metric, samples):
    for sample in samples:
        metric.process({}, [sample])
    return metric.evaluate(len(samples))


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.png")}


def test_specks_of_one_frame_do_not_displace_an_object_that_stays(tmp_path):
    """Twenty specks, each in one frame only, score a little more than the object, which 60 frames show."""
    length, size = 60, (24, 32)
    maps = np.zeros((length, *size), np.uint8)
    maps[:, 4:16, 6:20] = 1
    paths = [tmp_path / "truth" / "cow" / f"{t:05d}.png" for t in range(length)]
    for path, index_map in zip(paths, maps, strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(index_png(index_map))
    tracks = [track(0, maps == 1, [0.90])]
    for i in range(20):
        speck = np.zeros_like(maps, dtype=bool)
        speck[i, 20, i] = True
        tracks.append(track(i + 1, speck, [0.91]))
    video = dict(
        id=1, file_names=[f"cow/{p.stem}.jpg" for p in paths], truth_files=[str(p) for p in paths],
        height=size[0], width=size[1], length=length,
    )  # fmt: skip
    figures = run(DAVISMetric(workers=1), [dict(pred_tracks=VideoTracks(1, *size, length, tracks), video=video)])
    assert figures["davis/J&F"] == pytest.approx(100)


@pytest.mark.parametrize("workers", [1, 2])
def test_figures_are_those_of_the_folder_it_writes(samples, tmp_path, workers):
    out = tmp_path / "new" / "out"
    figures = run(DAVISMetric(out_dir=str(out), workers=workers), samples)
    expected = summarize(evaluate_folders(tmp_path / "truth", out, workers=1))
    assert figures == pytest.approx({f"davis/{name}": value for name, value in expected.items()})
    assert tuple(figures) == tuple(f"davis/{name}" for name in FIGURES)
    assert 0 < figures["davis/J&F"] < 100
    assert run(DAVISMetric(workers=1), samples) == figures
    assert set(contents(out)) == {f"{n}/{t:05d}.png" for n, maps in TRUTHS.items() for t in range(len(maps))}
    with Image.open(out / "car/00000.png") as image:
        assert (image.mode, image.getpalette()) == ("P", davis_palette())


def test_the_shares_of_all_sequences_are_the_figure(samples, tmp_path):
    path = tmp_path / "shares.json"
    figures = run(DAVISMetric(workers=1, shares_file=str(path)), samples)
    content = json.loads(path.read_text())
    assert {f"davis/{name}": value for name, value in content["figures"].items()} == figures
    shares = read_shares(content["shares"])
    assert shares.videos == [1, 2, 3]
    assert shares.score(np.ones(3, int)) == pytest.approx(figures["davis/J&F"])
    with pytest.raises(InputError, match="is a folder; give the name of the file to write"):
        DAVISMetric(shares_file=str(tmp_path))


def test_it_is_built_by_name_and_fed_by_the_evaluator(samples):
    evaluator = Evaluator(METRICS.build(dict(type="DAVISMetric", prefix="val", workers=1)))
    for sample in samples + samples[:1]:
        evaluator.process([BaseDataElement(**sample)], {})
    figures = evaluator.evaluate(4)
    assert figures["val/J&F"] == run(DAVISMetric(workers=1), samples)["davis/J&F"]


def test_the_better_track_has_the_pixel_and_at_most_so_many_are_kept():
    masks = np.zeros((4, 2, 9, 11), bool)
    for k in range(3):
        masks[k, 0, k : k + 5, 2 * k : 2 * k + 5] = True
    masks[1, 1] = True
    scores = [[0.2, 0.5], [0.9, 0.1], [0.3, 0.5], [0.99, 0.99]]
    tracks = VideoTracks(1, 9, 11, 2, [track(k, masks[k], scores[k]) for k in range(4)])
    order = [1, 0, 2]  # equal scores keep their order, and the last track has no mask
    proposals = best_proposals(tracks, 20)
    assert proposals == [tracks.tracks[k].segmentations for k in order]
    expected = np.zeros((2, 9, 11), np.uint8)
    for index, k in reversed(list(enumerate(order, 1))):
        expected[masks[k]] = index
    np.testing.assert_array_equal(list(index_maps(proposals, (9, 11), 2)), expected)
    assert best_proposals(tracks, 2) == proposals[:2]
    assert best_proposals(tracks, 20, 0.6) == proposals[:1]
    assert not np.any(list(index_maps([], (9, 11), 2)))


def test_more_than_twenty_tracks_are_no_error(samples):
    tracks = samples[0]["pred_tracks"].tracks
    tracks += [track(100 + i, FOUND["car"] == 1, [0.001]) for i in range(30)]
    assert len(best_proposals(samples[0]["pred_tracks"], 20)) == 20
    assert run(DAVISMetric(workers=1), samples)["davis/J&F"] > 0


def test_a_table_is_logged(samples, log):
    run(DAVISMetric(workers=1), samples)
    assert "J-recall" in log.text
    assert "ant" in log.text


def test_without_annotations_it_says_why_and_still_writes_the_folder(samples, log, tmp_path):
    samples[1]["video"]["truth_files"] = None
    assert run(DAVISMetric(out_dir=str(tmp_path / "out"), workers=1), samples) == {}
    assert "J&F cannot be computed: 1 of 3 sequences have no annotations" in log.text
    assert len(contents(tmp_path / "out")) == 14


def test_without_sequences(log):
    assert run(DAVISMetric(), []) == {}
    assert "there are no sequences" in log.text


def test_format_only(samples, log, tmp_path):
    assert run(DAVISMetric(out_dir=str(tmp_path / "out"), format_only=True, workers=1), samples) == {}
    assert "cannot" not in log.text
    assert len(contents(tmp_path / "out")) == 14


def test_older_results_are_replaced_and_anything_else_is_kept(samples, tmp_path):
    out = tmp_path / "out"
    (out / "old").mkdir(parents=True)
    (out / "old/00000.png").write_bytes(b"")
    run(DAVISMetric(out_dir=str(out), format_only=True, workers=1), samples)
    assert sorted(p.name for p in out.iterdir()) == ["ant", "car", "dog"]
    for name in ("notes.txt", "dog/notes.txt"):
        (out / name).write_text("mine")
        with pytest.raises(InputError, match=rf"out: holds '{name}', which is no result of DAVIS"):
            DAVISMetric(out_dir=str(out))
        assert (out / name).read_text() == "mine"
        (out / name).unlink()
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file: is a file"):
        DAVISMetric(out_dir=str(tmp_path / "file"))


def test_a_failure_leaves_nothing_half_written(samples, tmp_path, monkeypatch):
    def fail(*args):
        raise OSError(28, "No space left on device")

    metric = DAVISMetric(out_dir=str(tmp_path / "out"), workers=1)
    monkeypatch.setattr("mmvis_ext.evaluation.davis_metric.write_sequence", fail)
    with pytest.raises(InputError, match="out: cannot be written"):
        run(metric, samples)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["truth"]


@pytest.mark.parametrize("out", ["truth", "link", "."])
def test_the_truth_is_not_overwritten(samples, tmp_path, out):
    (tmp_path / "link").symlink_to(tmp_path / "truth")
    metric = DAVISMetric(out_dir=str(tmp_path / "truth"), workers=1)
    metric.out_dir = tmp_path / out
    before = contents(tmp_path / "truth")
    with pytest.raises(InputError, match="holds the annotations, which would be lost"):
        run(metric, samples)
    assert contents(tmp_path / "truth") == before


def test_what_cannot_be_judged_is_refused(samples):
    boxes = samples[0] | dict(pred_tracks=VideoTracks(1, 9, 9, 1, [Track(0, np.ones(1), None, np.ones((1, 4)))]))
    with pytest.raises(InputError, match="the model gives boxes alone"):
        run(DAVISMetric(), [boxes])
    with pytest.raises(InputError, match="video 3: does not say what its files are called"):
        run(DAVISMetric(), [samples[0] | dict(video=dict(id=3))])
    samples[0]["video"].update(height=55)
    with pytest.raises(InputError, match=r"car/00000\.jpg: has 83x"):
        run(DAVISMetric(workers=1), [samples[0] | dict(pred_tracks=VideoTracks(1, 55, 83, 4, []))])


@pytest.mark.parametrize("arguments", [dict(max_proposals=0), dict(max_proposals=21), dict(format_only=True)])
def test_arguments_that_make_no_sense_are_refused_at_once(arguments):
    with pytest.raises(InputError):
        DAVISMetric(**arguments)


def _one_process(rank, world_size, folder):
    """Unequal shares, and one sequence twice."""
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=world_size)
    mine = make_samples(folder / f"copy_{rank}")
    figures = run(DAVISMetric(out_dir=f"{folder}/several", workers=1), mine[:1] if rank else mine)
    (folder / f"figures_{rank}.txt").write_text(repr(figures))
    dist.destroy_process_group()


@pytest.mark.slow
def test_two_processes_give_the_figures_and_the_bytes_of_one(samples, tmp_path):
    expected = run(DAVISMetric(out_dir=str(tmp_path / "one"), workers=1), samples)
    two_processes(_one_process, tmp_path)
    assert contents(tmp_path / "several") == contents(tmp_path / "one")
    assert {(tmp_path / f"figures_{rank}.txt").read_text() for rank in range(2)} == {repr(expected)}
