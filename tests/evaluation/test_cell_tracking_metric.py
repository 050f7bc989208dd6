"""The metric: tracks in, the figures of the tool and a folder of results out, in one process or in several."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch.distributed as dist
from cell_oracle import random_cells
from forked import two_processes
from mmengine.evaluator import Evaluator
from mmengine.registry import DefaultScope
from mmengine.structures import BaseDataElement
from small_cells import HEIGHT, LENGTH, WIDTH, SmallCells

from mmvis_ext.annotations.cell_tracking_files import truth_files
from mmvis_ext.annotations.tif import read_labels
from mmvis_ext.datasets import CellTrackingDataset
from mmvis_ext.evaluation import CellTrackingMetric
from mmvis_ext.evaluation.cell_tracking_folders import evaluate_cell_folder
from mmvis_ext.registry import DATASETS, METRICS
from mmvis_ext.structures import Track, VideoTracks, boxes_of
from mmvis_ext.utils.errors import InputError

pytest.importorskip("ctc_metrics", reason="py-ctcmetrics is not installed")
REAL = Path(__file__).parents[3] / "shared/real_bench/ctc/Fluo-N2DH-GOWT1"


@pytest.fixture(autouse=True)
def scope():
    with DefaultScope.overwrite_default_scope("mmvis_ext"):
        yield


def video_of(data: CellTrackingDataset, index: int = 0) -> dict:
    return data[index]["video"][-1]


def truth_as_results(video: dict) -> dict:
    """A data sample; the track ids are not the labels, and the scores differ."""
    truth = video["truth"]
    ids = {track.id: 3 * i for i, track in enumerate(truth.tracks)}
    tracks = [
        Track(ids[t.id], np.array([0.9 - 0.01 * i]), t.segmentations, t.boxes, ids.get(t.parent))
        for i, t in enumerate(truth.tracks)
    ]
    return dict(pred_tracks=VideoTracks(video["id"], truth.height, truth.width, video["length"], tracks), video=video)


def random_results(cells, seed: int = 0, **options) -> dict:
    """A data sample whose figures are neither 0 nor 1."""
    video = video_of(DATASETS.build(cells.config(test_mode=True, **options)))
    maps = np.stack([read_labels(path) for path in truth_files(cells.root / "01_GT").silver])
    masks = [[m[n] for n in video["truth_files"].numbers] for m in random_cells(maps, seed).masks]
    tracks = [Track(i, np.array([1 / (i + 2)]), rles, boxes_of(rles)) for i, rles in enumerate(masks)]
    return dict(pred_tracks=VideoTracks(1, HEIGHT, WIDTH, video["length"], tracks), video=video)


def run(metric, *samples):
    for sample in samples:
        metric.process({}, [sample])
    return metric.evaluate(len(samples))


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("masks", ["gold", "silver", "marker"])
@pytest.mark.parametrize("frames", [None, (1, 4), (2, 5)])
def test_the_truth_as_results_is_perfect(cells, masks, frames):
    order = [masks, *(m for m in ("gold", "silver", "marker") if m != masks)]
    data = DATASETS.build(cells.config(test_mode=True, masks=order, frames=frames))
    figures = run(CellTrackingMetric(workers=1), truth_as_results(video_of(data)))
    assert figures["ctc/DET"] == figures["ctc/TRA"] == 1
    assert (figures["ctc/SEG"] == 1) == (masks == "gold")
    assert (figures["ctc/SEG_ST"] == 1) == (masks == "silver")


@pytest.mark.parametrize("frames", [None, (1, 5)])
@pytest.mark.parametrize("seed", [0, 1])
def test_figures_are_those_of_the_folder_it_writes(cells, tmp_path, seed, frames):
    out = tmp_path / "new" / "out"
    sample = random_results(cells, seed, frames=frames)
    figures = run(CellTrackingMetric(out_dir=str(out), workers=1), sample)
    expected = evaluate_cell_folder(out / "01_RES", cells.root / "01_GT", frames)
    assert figures == pytest.approx({f"ctc/{name}": value for name, value in expected.items()})
    assert 0 < figures["ctc/DET"] < 1
    assert 0 < figures["ctc/TRA"] < 1
    assert 0 < figures["ctc/SEG_ST"] < 1
    assert run(CellTrackingMetric(workers=1), sample) == figures
    length = sample["video"]["length"]
    assert set(contents(out)) == {f"01_RES/mask{t:03d}.tif" for t in range(length)} | {"01_RES/res_track.txt"}
    assert tifffile.imread(out / "01_RES/mask000.tif").dtype == np.uint16


def test_a_lower_frame_rate_is_judged_at_that_rate(cells):
    video = video_of(DATASETS.build(cells.config(test_mode=True, fps=3)))
    assert video["length"] == 3
    figures = run(CellTrackingMetric(workers=1), truth_as_results(video))
    assert figures["ctc/DET"] == figures["ctc/SEG"] == figures["ctc/TRA"] == 1


def test_it_is_built_by_name_and_fed_by_the_evaluator(cells):
    evaluator = Evaluator(METRICS.build(dict(type="CellTrackingMetric", prefix="val", workers=1)))
    sample = random_results(cells)
    for _ in range(2):
        evaluator.process([BaseDataElement(**sample)], {})
    assert evaluator.evaluate(2)["val/DET"] == run(CellTrackingMetric(workers=1), sample)["ctc/DET"]


def test_weak_tracks_are_left_out(cells, tmp_path):
    sample = random_results(cells)
    run(CellTrackingMetric(min_score=0.3, out_dir=str(tmp_path / "out"), format_only=True, workers=1), sample)
    found = {label for path in (tmp_path / "out").rglob("*.tif") for label in np.unique(read_labels(path)) if label}
    lives = (tmp_path / "out/01_RES/res_track.txt").read_text().splitlines()
    assert found == {int(line.split()[0]) for line in lives}
    assert sum(line.endswith(" 0") for line in lives) == 2, "two tracks score more; what continues them has a parent"
    assert run(CellTrackingMetric(min_score=0.9, workers=1), sample)["ctc/DET"] == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_sequences_without_truth_are_written_and_not_judged(cells, tmp_path, log, workers):
    data = DATASETS.build(cells.config(test_mode=True, sequences=["01", "02"]))
    samples = [truth_as_results(video_of(data))]
    samples.append(samples[0] | dict(video=video_of(data, 1)))
    out = tmp_path / "out"
    assert run(CellTrackingMetric(out_dir=str(out), workers=workers), *samples) == {}
    assert "DET, SEG and TRA cannot be computed: 1 of 2 sequences have no truth" in log.text
    assert sorted(p.name for p in out.iterdir()) == ["01_RES", "02_RES"]
    assert contents(out / "01_RES") == contents(out / "02_RES")
    assert len(contents(out)) == 2 * (LENGTH + 1)


def test_without_sequences(log):
    assert run(CellTrackingMetric()) == {}
    assert "there are no sequences" in log.text


def test_a_table_is_logged(cells, log):
    run(CellTrackingMetric(workers=1), random_results(cells, frames=(2, 4)))
    assert "SEG_ST" in log.text
    (line,) = (line for line in log.text.splitlines() if line.startswith("| 01 "))
    assert line.split("|")[3].strip() == "-", "no gold masks in these frames"


def test_older_results_are_replaced(cells, tmp_path):
    out = tmp_path / "out"
    (out / "05_RES").mkdir(parents=True)
    (out / "05_RES/mask000.tif").write_bytes(b"")
    run(CellTrackingMetric(out_dir=str(out), format_only=True, workers=1), random_results(cells))
    assert [p.name for p in out.iterdir()] == ["01_RES"]


@pytest.mark.parametrize("folder", [".", "01_GT", "01_GT/TRA", "01_ST", "01"])
def test_the_data_is_not_overwritten(cells, folder):
    before = contents(cells.root)
    with pytest.raises(InputError, match="which is no result of the Cell Tracking Challenge and would be lost"):
        CellTrackingMetric(out_dir=str(cells.root / folder))
    assert contents(cells.root) == before


def test_a_failure_leaves_nothing_half_written(cells, tmp_path, monkeypatch):
    def fail(*args):
        raise OSError(28, "No space left on device")

    metric = CellTrackingMetric(out_dir=str(tmp_path / "out"), workers=1)
    monkeypatch.setattr("mmvis_ext.evaluation.cell_tracking_metric.write_cells", fail)
    with pytest.raises(InputError, match="out: cannot be written"):
        run(metric, random_results(cells))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cells"]


def test_what_cannot_be_judged_is_refused(cells):
    with pytest.raises(InputError, match="video 3: does not say which sequence it is"):
        run(CellTrackingMetric(), dict(video=dict(id=3), pred_tracks=VideoTracks(1, 9, 9, 1)))
    with pytest.raises(InputError, match="format_only=True writes a folder"):
        CellTrackingMetric(format_only=True)
    sample = random_results(cells)
    sample["video"]["height"] -= 1
    sample["pred_tracks"] = VideoTracks(1, HEIGHT - 1, WIDTH, LENGTH)
    with pytest.raises(InputError, match=r"the result of .*man_track000.tif: has 32x23 pixels"):
        run(CellTrackingMetric(workers=1), sample)


def _one_process(rank, world_size, folder):
    """The same sequence in both."""
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=world_size)
    with DefaultScope.overwrite_default_scope("mmvis_ext"):
        sample = random_results(SmallCells(folder / f"copy_{rank}"))
        figures = run(CellTrackingMetric(out_dir=f"{folder}/several", workers=1), sample)
    (folder / f"figures_{rank}.txt").write_text(repr(figures))
    dist.destroy_process_group()


@pytest.mark.slow
def test_two_processes_give_the_figures_and_the_bytes_of_one(cells, tmp_path):
    expected = run(CellTrackingMetric(out_dir=str(tmp_path / "one"), workers=1), random_results(cells))
    two_processes(_one_process, tmp_path)
    assert contents(tmp_path / "several") == contents(tmp_path / "one")
    assert {(tmp_path / f"figures_{rank}.txt").read_text() for rank in range(2)} == {repr(expected)}


@pytest.mark.slow
@pytest.mark.skipif(not REAL.exists(), reason="the sequence in ../shared/real_bench/ctc is not there")
@pytest.mark.parametrize(("frames", "gold"), [((44, 50), 1), ((60, 64), -1)])
def test_a_real_round_trip(tmp_path, frames, gold):
    """Read, written, read again and judged; the tracks divide in frame 47."""
    config = dict(type="CellTrackingDataset", data_root=str(REAL), frames=frames, test_mode=True, workers=1)
    sample = truth_as_results(video_of(DATASETS.build(config)))
    figures = run(CellTrackingMetric(out_dir=str(tmp_path / "out"), workers=1), sample)
    assert figures["ctc/DET"] == figures["ctc/TRA"] == 1
    assert figures["ctc/SEG"] == gold
    assert figures["ctc/SEG_ST"] > 0.98
    written = evaluate_cell_folder(tmp_path / "out/01_RES", REAL / "01_GT", frames)
    assert {f"ctc/{name}": value for name, value in written.items()} == figures
