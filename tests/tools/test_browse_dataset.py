"""Pictures of what the model is fed with."""

import cv2
from running import call

from mmvis_ext.videos import open_video


def browse(config, out, *more):
    return call("analysis_tools/browse_dataset.py", config, "--out", out, *more)


def test_training_samples(data, write_config, tmp_path):
    out = tmp_path / "out"
    assert browse(write_config(data), out, "--num", 2, "--mp4") == 0
    assert sorted(p.name for p in out.iterdir()) == [f"train_000{i}.{e}" for i in (0, 3) for e in ("mp4", "png")]
    frames = list(open_video(out / "train_0000.mp4"))
    assert len(frames) == 4
    assert frames[0].shape == (3 * 96, 2 * 3 * 128, 3), "both clips are beside each other"


def test_the_seed_decides(data, write_config, tmp_path):
    config = write_config(data)
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        assert browse(config, tmp_path / name, "--num", 4, "--seed", seed) == 0
    a, b, c = ([p.read_bytes() for p in sorted((tmp_path / name).iterdir())] for name in "abc")
    assert a == b
    assert a != c


def test_test_videos(data, write_config, tmp_path):
    assert browse(write_config(data), tmp_path / "out", "--split", "val", "--mp4") == 0
    assert len(list((tmp_path / "out").iterdir())) == 4
    sheet = cv2.imread(str(tmp_path / "out/val_0000.png"))
    orange = (sheet == (0, 159, 230)).all(-1).sum()
    assert orange > 500, "ground truth is drawn"


def test_bad_input(data, write_config, tmp_path, capfd):
    assert browse(tmp_path / "none.py", tmp_path / "out") == 1
    assert "none.py" in capfd.readouterr().err
    assert browse(write_config(tmp_path / "nowhere"), tmp_path / "out") == 1
    assert "train.json" in capfd.readouterr().err
