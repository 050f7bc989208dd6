"""CondInst's mask branch in an InsPro gives CondInst's mask features."""

import pytest
import torch
from mmdet.models.dense_heads.condinst_head import MaskFeatModule
from mmdet_twins import copy_stages, sparse_rcnn
from small_model import C, build_model, inspro_cfg

from mmvis_ext.models.converters import add_condinst, convert_sparse_rcnn
from mmvis_ext.registry import MODELS
from mmvis_ext.utils.errors import InputError


def inspro(**changes):
    model = MODELS.build(inspro_cfg(**changes))
    model.init_weights()
    return model.eval()


def detector():
    """mmdet's Sparse R-CNN with weights of its own."""
    source = sparse_rcnn(inspro_cfg())
    copy_stages(source, inspro())
    return source


def condinst(convs: int = 1) -> dict[str, torch.Tensor]:
    """As much of CondInst's weights as matters: its branch counts levels from the one of the features' stride."""
    branch = MaskFeatModule(
        C, 8, 0, 0, 8, mask_stride=8, num_stacked_convs=convs, norm_cfg=dict(type="GN", num_groups=2)
    )
    weights = {f"mask_head.mask_feature_head.{k}": torch.randn_like(v) for k, v in branch.state_dict().items()}
    return weights | {"bbox_head.controller.weight": torch.zeros(169, C, 3, 3)}


@torch.no_grad()
def test_mask_features_agree():
    model, weights = inspro(), condinst()
    conversion = convert_sparse_rcnn(detector().state_dict(), model)
    add_condinst(conversion, weights, model)
    model.load_state_dict(conversion.state_dict)
    theirs = MaskFeatModule(C, 8, 0, 0, 8, mask_stride=8, num_stacked_convs=1, norm_cfg=dict(type="GN", num_groups=2))
    theirs.load_state_dict({k.split("feature_head.")[1]: v for k, v in weights.items() if "feature_head" in k})
    pyramid = [torch.randn(1, C, 8, 12), torch.randn(1, C, 4, 6)]
    torch.testing.assert_close(model.head.mask_features(pyramid), theirs(pyramid[1:]))


def test_every_weight_is_accounted_for():
    model, weights, source = inspro(), condinst(), detector().state_dict()
    conversion = convert_sparse_rcnn(source, model)
    add_condinst(conversion, weights, model)
    assert conversion.mapped.keys() | conversion.unused.keys() == weights.keys() | source.keys()
    targets = {target for target, _ in conversion.mapped.values()}
    assert targets | conversion.initial.keys() == model.state_dict().keys()
    assert not targets & conversion.initial.keys()
    assert all("mask_weights" in key or "intra_query" in key for key in conversion.initial)
    assert all("controller" in key for key in conversion.unused)


def test_mask_branches_of_another_depth_are_refused():
    model = inspro(**{"head.mask_branch.num_convs": 2})
    conversion = convert_sparse_rcnn(detector().state_dict(), model)
    with pytest.raises(InputError, match=r"has 4 convolutions .* has 2; set num_convs=4 in the head's mask_branch"):
        add_condinst(conversion, condinst(convs=4), model)


def test_models_without_a_mask_branch_are_refused():
    model = inspro(**{"head.mask_branch": None})
    conversion = convert_sparse_rcnn(detector().state_dict(), model)
    with pytest.raises(InputError, match="no mask branch"):
        add_condinst(conversion, condinst(), model)
    with pytest.raises(InputError, match="no mask branch"):
        add_condinst(conversion, condinst(), build_model())
    with pytest.raises(InputError, match=r"the checkpoint: has no mask_head\..* CondInst"):
        add_condinst(conversion, detector().state_dict(), inspro())
