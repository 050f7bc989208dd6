"""The papers' configs, with models of full size, take their first steps on a real video, made small."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from running import call

from mmvis_ext.checkpoints import read_checkpoint
from mmvis_ext.engine.building import build_model
from mmvis_ext.engine.checkpoints import latest_checkpoint
from mmvis_ext.testing import CONFIGS

REAL = Path(__file__).resolve().parents[3] / "shared/real"
SMALL = (96, 54)


def prepared(name: str) -> Config:
    """The config for the real video; of a mixture of data sets only the videos stay."""
    cfg = Config.fromfile(CONFIGS / f"{name}.py")
    train, val = cfg.train_dataloader, cfg.val_dataloader
    if "datasets" in train.dataset:
        train.dataset.datasets = dict(videos=train.dataset.datasets.videos)
        train.dataset.ratio = dict(videos=1)
    videos = train.dataset.get("datasets", dict(videos=train.dataset))["videos"]
    for dataset in (videos, val.dataset):
        if "DAVIS" in dataset.data_root:
            dataset.data_root = str(REAL / "davis")
        else:
            dataset.update(data_root=str(REAL / "youtube_vis_2019"), ann_file="train.json")
            dataset.data_prefix.img_path = "train/JPEGImages"
        for transform in dataset.pipeline[0].transforms:
            transform.update(
                {key: [SMALL] if key == "scales" else SMALL for key in ("scale", "scales") & transform.keys()}
            )
    for loader in (train, val):
        loader.update(num_workers=0, persistent_workers=False)
    if "clip_len" in cfg.model:
        cfg.model.clip_len = train.dataset.clips.clip_len = 3
    cfg.train_cfg.update({key: 2 for key in ("max_iters", "max_epochs") if key in cfg.train_cfg}, val_interval=9)
    cfg.default_hooks.checkpoint.update(interval=2, save_optimizer=False, save_best=None)  # files are large
    return cfg


@pytest.mark.slow
@pytest.mark.skipif(not REAL.is_dir(), reason="the real videos in ../shared/real are not there")
@pytest.mark.parametrize(
    "name",
    ["efficientvis/efficientvis_r50_ytvis2019", "inspro/inspro_r50_ytvis2019", "srnet/srnet_r101_davis2019"],
)
def test_the_papers_configs_take_their_first_steps(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    config = tmp_path / Path(f"{name}.py").name
    prepared(name).dump(config)
    model = build_model(str(config))
    start = tmp_path / f"checkpoints/{config.stem}_start.pth"
    start.parent.mkdir()
    torch.save(dict(state_dict=model.state_dict()), start)
    assert call("train.py", config) == 0, capsys.readouterr().err
    trained, before = read_checkpoint(latest_checkpoint(f"work_dirs/{config.stem}"))["state_dict"], model.state_dict()
    moved = [key for key in before if not torch.equal(trained[key], before[key])]
    assert any(key.startswith("head.") for key in moved)
    assert any(key.startswith("backbone.layer4") for key in moved)
