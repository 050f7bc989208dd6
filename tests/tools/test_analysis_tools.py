"""The benchmark and the counter of operations, on the tiny model."""

import json

import pytest
from running import call, environment

BENCHMARK, FLOPS = "analysis_tools/benchmark.py", "analysis_tools/get_flops.py"
SMALL = ("--size", "60x40", "--repeat", 1, "--warmup", 0)


def test_benchmark_as_json(write_config, tmp_path, capsys):
    config = write_config(tmp_path)
    assert call(BENCHMARK, config, *SMALL, "--json", "-", "--cfg-options", "model.clip_len=2") == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["frames"] == 2
    assert figures["visible_share"]["step_all_visible"] == 1
    assert 0 < figures["ratio"]["step_all_visible"] < 1
    assert figures["parameters"]["total"] > figures["parameters"]["backbone"] > 0
    assert call(BENCHMARK, config, *SMALL, "--frames", 1, "--amp", "--json", tmp_path / "out" / "b.json") == 0
    assert "fps.step_all_visible" in capsys.readouterr().out
    saved = json.loads((tmp_path / "out" / "b.json").read_text())
    assert (saved["frames"], saved["amp"]) == (1, True)


def test_streams_run_in_processes_of_their_own(write_config, tmp_path, capsys, monkeypatch):
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    options = ("--size", "60x40", "--long", "9", "--json", "-", "--cfg-options", "model.visible_thr=0")
    assert call(BENCHMARK, write_config(tmp_path), *options) == 0
    figures = json.loads(capsys.readouterr().out)
    assert [figures[k]["frames"] for k in ("short", "long")] == [3, 9]
    assert figures["long"]["masks"] > figures["short"]["masks"] > 0
    peaks = [figures[k]["peak_memory_mib"] for k in ("long", "short")]
    assert figures["memory_ratio"] == pytest.approx(peaks[0] / peaks[1])
    assert 0.8 < figures["memory_ratio"] < 1.2


def test_get_flops(write_config, tmp_path, capsys):
    assert call(FLOPS, write_config(tmp_path), "--size", "60x40", "--frames", 2) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = {
        cells[0]: [float(c) for c in cells[1:]]
        for line in lines[3:-2]
        if len(cells := line.replace("|", " ").split()) == 4
    }
    assert list(rows) == ["backbone", "neck", "head", "mask", "total"]
    assert lines[-1] == "60x40, 2 frames per step"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--size", "60"], "WIDTHxHEIGHT"),
        (["--repeat", 0], "--repeat 0 is too small"),
        (["--frames", 0], "--frames 0 is too small"),
        (["--held", 0], "--held 0 is too small"),
        (["--device", "cuda"], "no CUDA device"),
        (["--device", "gpu"], "--device gpu is not known"),
        (["--checkpoint", "no.pth"], "no.pth: no such checkpoint"),
    ],
)
def test_bad_input(arguments, said, write_config, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert call(BENCHMARK, write_config(tmp_path), *arguments) == 1
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert said in err
