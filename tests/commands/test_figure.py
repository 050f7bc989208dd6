"""The command figure."""

import cv2
import pytest

from mmvis_ext.commands.figure import FIGURES


@pytest.fixture
def folder(tmp_path, moving_square):
    path = tmp_path / "video"
    path.mkdir()
    for t, frame in enumerate(moving_square):
        cv2.imwrite(str(path / f"{t:05d}.png"), frame)
    return path


@pytest.mark.parametrize("figure", [name for name in FIGURES if name != "srnet-4"])
def test_every_figure(figure, mmvis, figure_files, folder, tmp_path):
    config, checkpoint = figure_files["srnet" if figure == "srnet-maps" else figure.rpartition("-")[0]]
    out = tmp_path / "picture.png"
    more = ["--against", checkpoint, "--stride", 2] if figure == "inspro-3" else []
    code, _, err = mmvis("figure", figure, config, checkpoint, folder, "--out", out, *more)
    assert code in (None, 0), err
    assert cv2.imread(str(out)).shape[1] > 100


def test_points_alone(mmvis, tmp_path):
    code, out, err = mmvis("figure", "srnet-4", "--points", "a=1,2", "b=3,4", "--out", tmp_path / "p.png")
    assert code in (None, 0), err
    assert "p.png: srnet-4" in out
    assert (tmp_path / "p.png").is_file()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["srnet-4"], "needs --points"),
        (["srnet-4", "CONFIG", "--points", "a=1,2"], "takes no model"),
        (["srnet-4", "--frames", "1", "--points", "a=1,2"], "takes no model"),
        (["srnet-maps"], "needs a config, a checkpoint and a video"),
        (["srnet-maps", "C", "K", "V", "--points", "a=1,2"], "leave them out"),
        (["srnet-maps", "C", "K", "V", "--against", "K"], "--against"),
        (["srnet-maps", "CONFIG", "CHECKPOINT", "VIDEO", "--frames", "99"], "--frames 99"),
        (["srnet-maps", "CONFIG", "CHECKPOINT", "VIDEO", "--frames", "-1"], "--frames -1"),
        (["efficientvis-4", "CONFIG", "CHECKPOINT", "VIDEO", "--frames", "0", "4"], "one clip of 3 frames"),
        (["srnet-maps", "CONFIG", "CHECKPOINT", "nowhere.mp4"], "no such video"),
        (["srnet-maps", "CONFIG", "CHECKPOINT", "VIDEO", "--stride", "0"], "stride of 0"),
        (["inspro-3", "CONFIG", "CHECKPOINT", "VIDEO"], "the config is of SRNet"),
    ],
)
def test_bad_arguments_end_in_a_sentence(arguments, said, mmvis, figure_files, folder, tmp_path):
    config, checkpoint = figure_files["efficientvis" if arguments[0] == "efficientvis-4" else "srnet"]
    given = dict(CONFIG=config, CHECKPOINT=checkpoint, VIDEO=folder)
    code, _, err = mmvis("figure", *(given.get(word, word) for word in arguments), "--out", tmp_path / "p.png")
    assert code not in (None, 0)
    assert said in err
    assert "Traceback" not in err
    assert not (tmp_path / "p.png").exists()
