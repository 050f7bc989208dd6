"""``mmvis infer --web``."""

import pytest

from mmvis_ext.inference import web
from mmvis_ext.utils.shipped import DEFAULT, find_checkpoint, find_config


@pytest.fixture
def served(monkeypatch):
    """What the page would be served with."""
    calls = []
    monkeypatch.setattr(web, "serve", lambda *args: calls.append(args))
    return calls


def test_without_words_it_has_the_model_that_comes_along(mmvis, served):
    assert mmvis("infer", "--web")[0] == 0
    [(runs, start, host, port)] = served
    assert list(runs.models) == [DEFAULT]
    assert runs.models[DEFAULT].args[1:] == (find_config(DEFAULT), find_checkpoint(find_config(DEFAULT)))
    assert (runs.limits, start) == (web.Limits(200, 120), web.Settings(DEFAULT, 0.3, 10, 640))
    assert (host, port) == ("127.0.0.1", 7860)


def test_named_models_come_first(mmvis, served, tmp_path):
    for name in ("a.py", "a.pth", "b.pth"):
        (tmp_path / name).touch()
    words = [tmp_path / name for name in ("a.py", "a.pth", "a.py", "b.pth")]
    more = ("--port", 8000, "--host", "0.0.0.0", "--max-upload-mb", 5, "--max-seconds", 9)
    assert mmvis("infer", *words, "--web", *more, "--score-thr", 0.5, "--fps", 4, "--max-size", 320)[0] == 0
    [(runs, start, host, port)] = served
    assert list(runs.models) == ["a", "a (b)", DEFAULT]
    assert runs.models["a (b)"].args[1:] == (tmp_path / "a.py", tmp_path / "b.pth")
    assert (runs.limits, start) == (web.Limits(5, 9), web.Settings("a", 0.5, 4, 320))
    assert (host, port) == ("0.0.0.0", 8000)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["video.mp4", "--web"], "video.mp4: is no config; with --web, name models alone"),
        (["inspro_r50_ytvis2019", "--web"], "inspro_r50_ytvis2019: no weights come with it"),
        (["none.py", "none.pth", "--web"], "none.py: no such file; check the path."),
        (["--web", "--out", "here"], "--out: has no meaning for the page of --web; leave it out."),
        (["--web", "--top-k", "3"], "--top-k: has no meaning for the page of --web; leave it out."),
        (["--web", "--redo"], "--redo: has no meaning for the page of --web; leave it out."),
        (["--web", "--port", "0"], "--port 0: is no port; give one from 1 to 65535."),
        (["--web", "--max-seconds", "0"], "videos of 200 MB and 0 seconds do not exist; give more than 0."),
        (["--web", "--fps", "60"], "60 frames a second are more than 30; take fewer."),
        (["video.mp4", "--port", "8000"], "--port: belongs to the page of --web; leave it out, or add --web."),
        ([], "mmvis infer: names no video"),
    ],
)
def test_what_does_not_fit_is_a_sentence(arguments, said, mmvis, served):
    code, _, stderr = mmvis("infer", *arguments)
    assert code == 1
    assert f"error: {said}" in stderr
    assert not served
