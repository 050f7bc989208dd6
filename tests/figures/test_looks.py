"""What a model computes inside, window by window."""

import numpy as np
import pytest
import torch

from mmvis_ext.figures import looks
from mmvis_ext.figures.looks import require_kind
from mmvis_ext.models import InsPro, SRNet
from mmvis_ext.utils.errors import InputError


@pytest.mark.parametrize("name", ["efficientvis", "inspro", "srnet"])
def test_looks_are_those_of_a_stream(name, figure_inferencer, moving_square):
    own = figure_inferencer(name)
    found, expected = list(looks(own, moving_square)), list(own.detections(moving_square))
    assert [look.start for look in found] == list(range(0, len(moving_square), own.window))
    assert len(found) == len(expected)
    for look, detections in zip(found, expected, strict=True):
        assert np.array_equal(look.detections.scores, detections.scores)
        assert look.geometry.original == (48, 64)
        assert np.array_equal(look.pictures[0], moving_square[look.start])
    result = found[-1].result
    with torch.no_grad():
        again, _ = own.model.forward_window(*found[-1].arguments)
    assert torch.equal(result[0], again[0])


def test_the_model_is_as_before(figure_inferencer, moving_square):
    own = figure_inferencer("inspro")
    before = own.model.forward_window
    list(looks(own, moving_square[:2]))
    assert own.model.forward_window == before


def test_another_model_is_refused(figure_inferencer):
    model = figure_inferencer("srnet").model
    assert require_kind(model, SRNet, "maps") is model
    with pytest.raises(InputError, match="maps: shows what is inside InsPro, and the config is of SRNet"):
        require_kind(model, InsPro, "maps")
