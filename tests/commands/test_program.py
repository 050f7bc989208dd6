"""The program ``mmvis``: its commands, their help, and what it says of commands that are not there."""

import importlib
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from running import assert_one_sentence

from mmvis_ext.annotations.formats import FORMATS
from mmvis_ext.commands.program import program_parser
from mmvis_ext.commands.table import COMMANDS, Group
from mmvis_ext.version import __version__

ROOT = Path(__file__).resolve().parents[2]
EVERY = {
    tuple(words): module
    for name, command in COMMANDS.items()
    for words, module in (
        [((name, inner), module) for inner, module in command.commands.items()]
        if isinstance(command, Group)
        else [((name,), command)]
    )
}
HEAVY = {"torch", "mmengine", "mmdet", "mmcv", "cv2", "numpy", "scipy", "PIL", "pycocotools", "tqdm"}
EACH = pytest.mark.parametrize("words", EVERY, ids=" ".join)


def module_of(words):
    return importlib.import_module(f"mmvis_ext.commands.{EVERY[words]}")


def loaded_by_help(*commands):
    """Top-level modules that the help of each command has loaded when it is printed, in a process for all of them."""
    script = f"""
import contextlib, io, json, sys
from mmvis_ext.commands import main
for words in {commands!r}:
    sys.argv = ["mmvis", *words, "--help"]
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()) as said:
        main()
    print(json.dumps([said.getvalue(), sorted({{name.partition(".")[0] for name in sys.modules}})]))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(said.startswith("usage: mmvis") for said, _ in answers)
    return [set(modules) for _, modules in answers]


def test_help_waits_for_nothing():
    light = [(), *({words[:1] for words in EVERY} | EVERY.keys()) - {("shapes",), ("convert", "labels")}]
    for words, modules in zip(light, loaded_by_help(*light), strict=True):
        assert not HEAVY & modules, f"mmvis {' '.join(words)} --help"


def test_the_help_of_shapes_lists_presets_and_waits_for_no_torch():
    (modules,) = loaded_by_help(("shapes",))
    assert not {"torch", "mmdet", "mmcv", "cv2"} & modules


def test_the_help_of_labels_lists_formats_and_waits_for_no_torch(mmvis):
    (modules,) = loaded_by_help(("convert", "labels"))
    assert not {"torch", "mmdet", "mmcv"} & modules
    _, out, _ = mmvis("convert", "labels", "--help")
    assert all(f"  {name:13} {form.about}" in out for name, form in FORMATS.items())


def test_what_needs_no_model_waits_for_none(tmp_path):
    """Each command line names a file that is not there, which is said after all that it needs has been loaded."""
    without_torch = [
        "check none.json --frames .",
        "convert coco-vid none.json --out o.json",
        "convert labels coco youtube_vis none.json --out o.json",
        "convert split none.json --out-train a.json --out-val b.json",
        "eval ctc none none",
        "eval davis none none",
        "eval youtube-vis none.json none.json",
        "infer none.mp4",
        "infer none.mp4 --out o.mp4",
        "infer none.mp4 --web",
        "report none.json none.json --out o",
    ]
    script = f"""
import contextlib, sys
from mmvis_ext.commands import main
for line in {[*without_torch, "publish none.pth o.pth"]!r}:
    sys.argv = ["mmvis", *line.split()]
    with contextlib.suppress(SystemExit):
        main()
    print(*sorted({{"torch", "mmcv", "mmdet"}} & sys.modules.keys()), flush=True)
"""
    variables = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=variables, cwd=tmp_path, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("error: ") == done.stderr.count("none") == len(without_torch) + 1, done.stderr
    assert done.stdout.split("\n") == [*[""] * len(without_torch), "torch", ""]


@EACH
def test_help_says_what_and_gives_an_example(words, mmvis):
    code, out, _ = mmvis(*words, "--help")
    assert code == 0
    module = module_of(words)
    assert module.__doc__.partition("\n")[0] in out
    assert f"example:\n  {module.EXAMPLE}" in out


@EACH
def test_the_example_is_a_command_line_that_works(words):
    example = shlex.split(module_of(words).EXAMPLE)
    assert example[: len(words) + 1] == ["mmvis", *words]
    assert program_parser().parse_args(example[1:]).run is module_of(words).run
    configs = [word for word in example if word.startswith("configs/")]
    assert all((ROOT / config).is_file() for config in configs)


def test_the_help_lists_all_commands(mmvis):
    code, out, _ = mmvis("--help")
    assert code == 0
    assert all(f"\n    {name} " in out for name in COMMANDS)
    assert mmvis() == (2, out, "")
    assert mmvis("--version") == (0, f"mmvis_ext {__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["trian"], "mmvis trian: there is no such command; did you mean train?"),
        (["evla", "--json"], "did you mean eval?"),
        (["eval", "youtube", "a", "b"], "mmvis eval youtube: there is no such command; did you mean youtube-vis?"),
        (["xxxxxxxx"], f"there are {', '.join(COMMANDS)}."),
        (["--traceback", "convert", "coco", "x"], "did you mean coco-vid?"),
    ],
)
def test_a_command_that_is_not_there(arguments, said, mmvis):
    if "--traceback" in arguments:
        arguments.remove("--traceback")
    code, out, err = mmvis(*arguments)
    assert (code, out) == (1, "")
    assert err.startswith("error: ")
    assert err.rstrip().endswith(said)
    assert len(err.splitlines()) == 1


def test_a_command_is_needed_where_there_are_several(mmvis):
    code, _, err = mmvis("eval")
    assert code == 2
    assert "mmvis eval: error: the following arguments are required: WHAT" in err


def test_a_package_that_is_missing_is_one_sentence(mmvis, monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "mmvis_ext.annotations.converters", None)
    code, _, err = mmvis("convert", "coco-vid", "a.json", "--out", tmp_path / "b.json")
    assert code == 1
    assert "stopped by an error that is not known here" in err, "a module of this package is no package to install"
    monkeypatch.setitem(sys.modules, "mmvis_ext.commands.launcher", None)
    monkeypatch.setitem(sys.modules, "terminaltables", None)
    code, _, err = mmvis("flops", "no.py")
    assert code == 1
    assert "terminaltables" in err
    assert err.rstrip().endswith("which is needed here; 'mmvis doctor' says what to install.")
    assert len(err.splitlines()) == 1


def test_it_runs_as_a_module_and_is_quick_to_say_no(tmp_path):
    variables = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "mmvis_ext", "infer", "no.py", "no.pth", "no.mp4", "--out", tmp_path / "o.mp4"]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, env=variables, timeout=120)
    assert done.returncode == 1
    assert done.stderr.startswith("error: no.mp4")


def test_scripts_say_the_same_as_their_commands(mmvis, capsys, tmp_path):
    from running import call

    arguments = (tmp_path / "none.json", tmp_path / "none.zip")
    assert call("eval_vis.py", *arguments) == 1
    script = capsys.readouterr().err
    code, _, err = mmvis("eval", "youtube-vis", *arguments)
    assert (code, err) == (1, script)
    assert call("split_dataset.py", "a.json", "--out-train", "a.json", "--out-val", "b.json") == 1
    assert_one_sentence(capsys, "must be three different files")
