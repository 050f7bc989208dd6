"""A model starts from one of its own kind with other classes, and the baselines from the detectors they extend."""

import pytest
import torch
from mmdet.registry import MODELS as MMDET_MODELS
from mmdet.utils import register_all_modules
from mmengine.config import Config

from mmvis_ext.models.converters import ClassRows, convert_weights
from mmvis_ext.registry import MODELS
from mmvis_ext.testing import CONFIGS, shrink
from mmvis_ext.utils.errors import InputError

register_all_modules(init_default_scope=False)
K = 40
PAPERS = [
    "efficientvis/efficientvis_r50_ytvis2019",
    "inspro/inspro_r50_ytvis2019",
    "srnet/srnet_r101_ytvis2019",
    "baselines/masktrack-rcnn_r50_ytvis2019",
    "baselines/mask2former-vis_r50_ytvis2019",
    "baselines/vistr_r50_ytvis2019",
]


def build(name: str, seed: int = 0):
    cfg = shrink(Config.fromfile(CONFIGS / f"{name}.py").model)
    torch.manual_seed(seed)
    model = MODELS.build(cfg)
    model.init_weights()
    return model


@pytest.mark.parametrize("name", PAPERS)
def test_a_model_of_other_classes_gives_all_but_the_other_classes(name):
    source, model = build(name, 1), build(name, 2)
    weights = source.state_dict()
    rows = ClassRows([(3, 5)], K, K)
    done = convert_weights(weights, model, rows)
    assert done.mapped.keys() == weights.keys() == model.state_dict().keys()
    for key, value in done.state_dict.items():
        if not model.is_classifier(key):
            assert torch.equal(value, weights[key]), key
            continue
        size = len(value) // K
        taken = list(range(3 * size, 4 * size))
        assert torch.equal(value[taken], weights[key][range(5 * size, 6 * size)]), key
        left = [i for i in range(K * size) if i not in taken]
        assert torch.equal(value[left], model.state_dict()[key][left]), key
        assert torch.equal(value[K * size :], weights[key][K * size :]), key
        assert done.initial[key] == "the other classes"


def mmdets(name: str, path: str) -> torch.nn.Module:
    """The detector that a baseline extends, of mmdet's config, as small as the shrunk baseline."""
    cfg = shrink(Config.fromfile(CONFIGS / f"{name}.py").model)
    theirs = Config.fromfile(path).model
    if "detector" in cfg:
        theirs = cfg.detector
        theirs.roi_head.bbox_head.num_classes = theirs.roi_head.mask_head.num_classes = 80
    else:
        theirs = Config(dict(model=theirs)).model
        theirs.backbone = cfg.backbone
        small = cfg.track_head
        for key in ("in_channels", "feat_channels", "out_channels", "num_queries", "pixel_decoder"):
            theirs.panoptic_head[key] = small[key]
        theirs.panoptic_head.positional_encoding.num_feats = small.pixel_decoder.positional_encoding.num_feats
        theirs.panoptic_head.transformer_decoder = small.transformer_decoder
        theirs.panoptic_head.pop("enforce_decoder_input_project", None)
    theirs["_scope_"] = "mmdet"
    return MMDET_MODELS.build(theirs)


@pytest.mark.parametrize(
    ("name", "path", "new"),
    [
        ("baselines/masktrack-rcnn_r50_ytvis2019", "mmdet::mask_rcnn/mask-rcnn_r50_fpn_1x_coco.py", "track_head."),
        ("baselines/mask2former-vis_r50_ytvis2019", "mmdet::mask2former/mask2former_r50_8xb2-lsj-50e_coco.py", "?"),
    ],
)
def test_a_baseline_takes_every_weight_of_its_detector(name, path, new, tmp_path):
    (tmp_path / "theirs.py").write_text(f'_base_ = "{path}"\n')
    source, model = mmdets(name, str(tmp_path / "theirs.py")), build(name, 2)
    weights = source.state_dict()
    rows = ClassRows([(3, 5)], K, 80)
    done = convert_weights(weights, model, rows)
    assert not done.unused
    for key, (target, _) in done.mapped.items():
        if not model.is_classifier(target):
            assert torch.equal(done.state_dict[target], weights[key]), key
    left = {key for key, why in done.initial.items() if why != "the other classes"}
    assert all(key.startswith(new) for key in left)
    assert bool(left) == (new != "?")


def test_others_are_refused():
    models = {name: build(name) for name in PAPERS[3:5]}
    with pytest.raises(InputError, match=r"x\.pth: has no roi_head\.\*; give a checkpoint of mmdet's Mask R-CNN"):
        convert_weights({"a": torch.zeros(1)}, models[PAPERS[3]], None, "x.pth")
    with pytest.raises(InputError, match=r"x\.pth: has no panoptic_head\.\*; give a checkpoint of mmdet's Mask2Former"):
        convert_weights({"a": torch.zeros(1)}, models[PAPERS[4]], None, "x.pth")


def test_a_system_of_ones_own_starts_from_its_own_kind_alone():
    from toy_system import ToyQueries

    toy = ToyQueries(num_classes=3, backbone=None, neck=None)
    with pytest.raises(InputError, match=r"cannot be converted for a ToyQueries; give a checkpoint of its own kind"):
        convert_weights({"a": torch.zeros(1)}, toy)
