"""mmengine's entry into a video model."""

import pytest
import torch
from small_model import SIZE, C, T, build_model


def test_modes_of_forward():
    model = build_model().eval()
    inputs = torch.rand(2, T, 3, *SIZE)
    assert [level.shape[:2] for level in model(inputs)] == [(2 * T, C)] * 2
    with pytest.raises(RuntimeError, match="Mode 'train' is unknown"):
        model(inputs, mode="train")
    for mode in ("loss", "predict"):
        with pytest.raises(RuntimeError, match=f"Mode '{mode}' needs data_samples"):
            model(inputs, mode=mode)
