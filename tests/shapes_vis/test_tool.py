"""The command-line tool, run in this process."""

import runpy
from pathlib import Path

import pytest

from mmvis_ext.shapes_vis import PRESETS, SceneConfig

TOOL = Path(__file__).parents[2] / "tools/dataset_converters/shapes_vis.py"


@pytest.fixture
def tool(monkeypatch, capsys):
    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", [str(TOOL), *arguments])
        with pytest.raises(SystemExit) as end:
            runpy.run_path(str(TOOL), run_name="__main__")
        return end.value.code, *capsys.readouterr()

    return run


def test_it_writes_shows_progress_and_says_where(tool, tmp_path):
    arguments = ("--preset", "tiny", "--out", f"{tmp_path}/t", "--layouts", "davis", "coco", "--workers", "1")
    code, out, err = tool(*arguments, "--set", "blur=1", "length=6", "--set", "objects=2,3")
    assert code == 0
    assert f"{tmp_path}/t" in out
    assert "6/6" in err
    assert len(list((tmp_path / "t/davis/JPEGImages/480p/shapes_val_0000").iterdir())) == 6
    assert (tmp_path / "t/coco/val.json").is_file()


def test_default_folder(tool, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert tool("--preset", "tiny", "--workers", "1")[0] == 0
    assert (tmp_path / "data/shapes_vis/tiny/youtube_vis/train.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--set", "blurr=1"], "'blurr=1' sets no knob"),
        (["--set", "blur=7"], "'blur' must be between 0 and 1"),
        (["--seed", "-1"], "seed -1 is out of range"),
        (["--workers", "0"], "0 workers"),
    ],
)
def test_bad_input_is_one_sentence(tool, tmp_path, arguments, said):
    code, _, err = tool("--preset", "tiny", "--out", str(tmp_path / "t"), *arguments)
    assert code == 1
    assert err.startswith("error: ")
    assert said in err
    assert len(err.splitlines()) == 1


def test_help_lists_presets_and_choices_are_checked(tool):
    code, out, _ = tool("--help")
    assert code == 0
    assert all(name in out for name in PRESETS)
    assert SceneConfig.__name__ in out
    assert tool("--preset", "huge")[0] == 2
