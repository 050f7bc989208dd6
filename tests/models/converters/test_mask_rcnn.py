"""An SRNet on Mask R-CNN's weights sees the features that Mask R-CNN sees."""

from pathlib import Path

import mmdet
import pytest
import torch
from mmdet.registry import MODELS as MMDET_MODELS
from mmdet.utils import register_all_modules
from mmengine.config import Config
from small_model import build_model

from mmvis_ext.models.converters import convert_mask_rcnn
from mmvis_ext.registry import MODELS
from mmvis_ext.utils.errors import InputError

register_all_modules(init_default_scope=False)

THEIRS = Path(mmdet.__file__).parent / ".mim/configs/_base_/models/mask-rcnn_r50_fpn.py"
OURS = Path(__file__).parents[3] / "configs/_base_/models"
C = 16  # channels of the pyramid
BACKBONE = {"backbone.base_channels": 8, "backbone.init_cfg": None}
NECK = {"neck.in_channels": [32, 64, 128, 256], "neck.out_channels": C}


def their_cfg(depth: int = 50) -> Config:
    """mmdet's own config."""
    cfg = Config(Config.fromfile(THEIRS).model.to_dict())
    cfg.merge_from_dict({"_scope_": "mmdet", "backbone.depth": depth, "backbone.init_cfg": None})
    return cfg


def mask_rcnn(depth: int = 50) -> torch.nn.Module:
    """mmdet's model with few channels, all its weights away from their trivial values."""
    cfg = their_cfg(depth)
    heads = {
        "rpn_head.in_channels": C,
        "rpn_head.feat_channels": C,
        "roi_head.bbox_roi_extractor.out_channels": C,
        "roi_head.bbox_head.in_channels": C,
        "roi_head.bbox_head.fc_out_channels": C,
        "roi_head.mask_roi_extractor.out_channels": C,
        "roi_head.mask_head.in_channels": C,
        "roi_head.mask_head.conv_out_channels": C,
    }
    cfg.merge_from_dict(BACKBONE | NECK | heads)
    model = MMDET_MODELS.build(cfg)
    for name, value in model.state_dict().items():
        if name.endswith("running_var"):
            value.uniform_(0.5, 2.0)
        elif value.is_floating_point():
            value.normal_(std=0.2)
    return model.eval()


def our_cfg(depth: int = 50, **changes) -> Config:
    """The real config with as few channels."""
    cfg = Config.fromfile(OURS / f"srnet_r{depth}.py")
    heads = dict.fromkeys(("head.in_channels", "head.channels", "head.head_channels"), C)
    small = BACKBONE | NECK | heads | {"head.norm_cfg.num_groups": 4} | changes
    cfg.merge_from_dict({f"model.{key}": value for key, value in small.items()})
    return cfg


def srnet(depth: int = 50, **changes) -> torch.nn.Module:
    model = MODELS.build(our_cfg(depth, **changes).model)
    model.init_weights()
    return model.eval()


@torch.no_grad()
def test_features_agree():
    source, model = mask_rcnn(), srnet()
    model.load_state_dict(convert_mask_rcnn(source.state_dict(), model).state_dict)
    images = torch.randn(2, 3, 64, 96)
    theirs = source.extract_feat(images)
    ours = model.extract_features(images)
    assert (len(ours), len(theirs)) == (4, 5)
    for a, b in zip(ours, theirs[:4], strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("depth", [50, 101])
def test_every_weight_is_accounted_for(depth):
    """At the real sizes."""
    with torch.device("meta"):
        weights = MMDET_MODELS.build(their_cfg(depth)).state_dict()
        model = MODELS.build(Config.fromfile(OURS / f"srnet_r{depth}.py").model)
    done = convert_mask_rcnn(weights, model)
    assert all(key == target for key, (target, _) in done.mapped.items())
    assert {key.split(".")[0] for key in done.mapped} == {"backbone", "neck"}
    assert {key.split(".")[0] for key in done.unused} == {"rpn_head", "roi_head"}
    assert {key.split(".")[0] for key in done.initial} == {"head"}
    assert not done.mapped.keys() & done.unused.keys()
    assert done.mapped.keys() | done.unused.keys() == weights.keys()
    assert done.mapped.keys() | done.initial.keys() == done.state_dict.keys() == model.state_dict().keys()


def test_the_model_is_not_changed():
    model = srnet()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    done = convert_mask_rcnn(mask_rcnn().state_dict(), model)
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert all(torch.equal(done.state_dict[key], before[key]) for key in done.initial)


def test_counters_of_training_may_be_missing_and_more_than_needed_is_left_out():
    weights = mask_rcnn().state_dict()
    del weights["backbone.bn1.num_batches_tracked"]
    weights["neck.fpn_convs.4.conv.weight"] = torch.zeros(C, C, 3, 3)
    done = convert_mask_rcnn(weights, srnet())
    assert "backbone.bn1.num_batches_tracked" in done.initial
    assert done.unused["neck.fpn_convs.4.conv.weight"] == "not in this config"


def test_what_does_not_fit_is_refused():
    weights = mask_rcnn().state_dict()
    with pytest.raises(
        InputError, match=r"x\.pth: its ResNet has \[3, 4, 6, 3\] blocks per stage but .*\[3, 4, 23, 3\]"
    ):
        convert_mask_rcnn(weights, srnet(101), "x.pth")
    with pytest.raises(
        InputError, match=r"neck\.lateral_convs\.0\.conv\.weight has the shape \(16, 32, 1, 1\) but .*\(24,"
    ):
        convert_mask_rcnn(weights, srnet(**{"neck.out_channels": 24, "head.in_channels": 24}))
    headless = {key: value for key, value in weights.items() if not key.startswith("neck.")}
    with pytest.raises(InputError, match=r"has no neck\.lateral_convs\.0\.conv\.weight, one of 16 weights"):
        convert_mask_rcnn(headless, srnet())
    with pytest.raises(InputError, match=r"the checkpoint: has no backbone\.conv1\.weight"):
        convert_mask_rcnn({"weight": torch.zeros(1)}, srnet())
    with pytest.raises(InputError, match="blocks per stage"):
        convert_mask_rcnn(build_model().state_dict(), srnet())
