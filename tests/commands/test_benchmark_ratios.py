"""``mmvis benchmark --check``, with measurements that are made up."""

import json
from pathlib import Path

import pytest

from mmvis_ext.commands import measurement
from mmvis_ext.commands.benchmark_ratios import read_entries

ROOT = Path(__file__).resolve().parents[2]
RIVAL = "configs/baselines/masktrack-rcnn_r50_10-per-frame_ytvis2019.py"
INSPRO = dict(config="configs/inspro/inspro_r50_ytvis2019.py", against=RIVAL, repeat=7, ratio=0.6, speedup=1.5)
SRNET = dict(config="configs/srnet/srnet_r50_davis2019.py", size="320x180", ratio=0.7)


@pytest.fixture
def checked(mmvis, monkeypatch, tmp_path):
    """Checks a file with this content, where each run gives the next of these figures.

    Returns the exit code, what was printed on stdout and stderr, the file's content afterwards, and the arguments that
    were measured with.
    """
    monkeypatch.chdir(ROOT)
    path, seen = tmp_path / "ratios.json", []

    def check(content, *runs, more=()):
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        left = iter(runs)
        monkeypatch.setattr(measurement, "speed", lambda args: seen.append(args) or next(left))
        code, out, err = mmvis("benchmark", "--check", path, *more)
        return code, out, err, path.read_text(), seen

    return check


def figures(ratio, speedup=None):
    """What a run says, also of steps that are not compared."""
    steps = dict(step=9.0, step_some_visible=ratio, step_all_visible=0.01)
    return dict(ratio=steps) | (dict(speedup=dict(steps, step_some_visible=speedup)) if speedup else {})


def test_ratios_that_hold_end_well(checked):
    code, out, _, _, seen = checked([INSPRO, SRNET], figures(0.55, 1.36), figures(0.7))
    assert code == 0
    assert "inspro_r50_ytvis2019.py: ratio 0.60 -> 0.55 (-8%), speedup 1.50 -> 1.36 (-9%)\n" in out
    assert "0 of 2 fell by more than 10%." in out
    assert [(a.config, a.against, a.repeat, a.size, a.device) for a in seen] == [
        (INSPRO["config"], RIVAL, 7, "640x360", "cpu"),
        (SRNET["config"], None, 5, "320x180", "cpu"),
    ]


@pytest.mark.parametrize("run", [figures(0.53, 1.5), figures(0.6, 1.34)], ids=["ratio", "speedup"])
def test_a_ratio_that_fell_is_named_and_fails(checked, run):
    code, out, _, after, _ = checked([INSPRO, SRNET], run, figures(0.7))
    assert code == 1
    assert [line.split(":")[0] for line in out.splitlines() if "fell)" in line] == [INSPRO["config"]]
    assert "1 of 2 fell by more than 10%." in out
    assert json.loads(after) == [INSPRO, SRNET]


def test_a_ratio_that_rose_is_named_and_ends_well(checked):
    code, out, *_ = checked([SRNET], figures(0.8))
    assert code == 0
    assert "ratio 0.70 -> 0.80 (+14%, rose)" in out


def test_a_model_that_cannot_be_made_to_show_objects_is_judged_by_its_plain_step(checked):
    code, out, *_ = checked([SRNET], dict(ratio=dict(step=0.2)))
    assert (code, "0.70 -> 0.20" in out) == (1, True)


def test_update_writes_what_was_measured_and_nothing_else(checked):
    new = {name: value for name, value in SRNET.items() if name != "ratio"}
    code, out, _, after, _ = checked([INSPRO, new], figures(0.12345, 1.6), figures(0.7), more=["--update"])
    assert code == 0
    assert json.loads(after) == [INSPRO | dict(ratio=0.123, speedup=1.6), SRNET]
    assert "fell)" in out
    assert "ratio 0.70 (new)" in out
    assert "has the measured ratios now" in out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not valid JSON"),
        ({}, "must be a list of entries"),
        ([], "one at least"),
        ([SRNET, 3], "entry 2 must be an object with a config"),
        ([{"ratio": 1}], "entry 1 must be an object with a config"),
        ([SRNET | dict(config="configs/none.py")], "entry 1: config configs/none.py is no file"),
        ([INSPRO | dict(against="configs")], "entry 1: against configs is no file"),
        ([SRNET | dict(size=[1, 2])], "entry 1: size [1, 2] must be of type str"),
        ([SRNET | dict(repeat=True)], "entry 1: repeat True must be of type int"),
        ([SRNET | dict(repeat=0)], "entry 1: --repeat 0 is too small"),
        ([SRNET | dict(size="big")], "entry 1: A frame size of 'big' is not understood"),
        ([SRNET | dict(sise="1x1")], "entry 1: sise is not known here"),
        ([SRNET | dict(speedup=2.0)], "entry 1: speedup is not known here"),
        ([SRNET | dict(ratio="0.7")], "entry 1: ratio '0.7' must be a number above 0"),
        ([SRNET | dict(ratio=0)], "entry 1: ratio 0 must be a number above 0"),
        ([dict(config=SRNET["config"])], "entry 1 has no ratio to compare with"),
    ],
)
def test_a_bad_file_ends_in_one_sentence_before_anything_is_measured(checked, content, said):
    code, _, err, _, seen = checked(content)
    assert code == 1
    assert said in err
    assert err.count("\n") == 1
    assert not seen


def test_arguments_that_contradict_each_other_are_refused(checked, mmvis, tmp_path):
    for more, said in (([SRNET["config"]], SRNET["config"]), (["--size", "64x32"], "--size"), (["--amp"], "--amp")):
        code, _, err, _, seen = checked([SRNET], more=more)
        assert (code, bool(seen)) == (1, False)
        assert f"{said}: has no meaning with --check" in err
    assert "give one, or a file of ratios" in mmvis("benchmark")[2]
    assert "--update: writes the file of --check" in mmvis("benchmark", SRNET["config"], "--update")[2]
    assert "no such file of ratios" in mmvis("benchmark", "--check", tmp_path / "none.json")[2]


def test_the_docs_state_the_ratios_that_are_committed(monkeypatch):
    monkeypatch.chdir(ROOT)
    rows = (ROOT / "docs/benchmark.md").read_text().splitlines()
    for entry in read_entries("docs/benchmark.json"):
        (row,) = (row for row in rows if row.startswith(f"| `{Path(entry.settings['config']).name}`"))
        cells = [cell.strip() for cell in row.strip("|").split("|")[1:]]
        assert cells == [f"{entry.ratios[name]:.2f}" if name in entry.ratios else "" for name in ("ratio", "speedup")]
