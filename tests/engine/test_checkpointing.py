"""Activation checkpointing changes what is kept for the backward pass, and no loss or gradient."""

from types import SimpleNamespace

import pytest
import torch
from small_model import SIZE, T, build_model, inspro_cfg, rectangles, video_sample

from mmvis_ext.engine import ActivationCheckpointingHook
from mmvis_ext.models import VideoModel
from mmvis_ext.registry import MODELS
from mmvis_ext.utils.errors import InputError

FRAMES = [rectangles((3, 1, (2, 6, 14, 28)), (0, 2, (30, 8, 46, 24))) for _ in range(2 * T)]


def learned(model: VideoModel) -> tuple[dict, dict, int]:
    """Losses, gradients by name, and the bytes that were kept for the backward pass."""
    frames, kept = torch.randn(1, 2 * T, 3, *SIZE, generator=torch.Generator().manual_seed(1)), {}
    weights = {p.untyped_storage().data_ptr() for p in model.parameters()}

    def keep(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = (tensor, storage.nbytes())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        losses = model.loss(frames, [video_sample(*FRAMES, num_clips=2)])
    sum(value for name, value in losses.items() if "loss" in name).backward()
    grads = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    return losses, grads, sum(size for _, size in kept.values())


def switch(model: VideoModel, on: bool = True) -> VideoModel:
    ActivationCheckpointingHook().before_train(SimpleNamespace(cfg=dict(checkpointing=on), model=model))
    return model


def frozen(**changes) -> VideoModel:
    torch.manual_seed(0)
    return build_model(**{"backbone.norm_eval": True, **changes}).train()


@pytest.mark.parametrize("match_each", [True, False])
@pytest.mark.parametrize("stages", [-1, 1])
def test_losses_and_gradients_are_the_same_with_less_memory(match_each, stages):
    changes = {"match_each": match_each, "backbone.frozen_stages": stages}
    losses, grads, kept = learned(frozen(**changes))
    found, others, less = learned(switch(frozen(**changes)))
    assert losses.keys() == found.keys()
    for name in losses:
        torch.testing.assert_close(found[name], losses[name])
    assert grads.keys() == others.keys()
    assert any(name.startswith("backbone") and grad.any() for name, grad in grads.items())
    for name in grads:
        torch.testing.assert_close(others[name], grads[name], msg=name)
    assert less < 0.6 * kept


def test_it_is_off_unless_asked_for():
    model = frozen()
    before = vars(model.head).keys() - {"look"}
    switch(model, on=False)
    assert vars(model.head).keys() == before


def test_weights_keep_their_names():
    assert switch(frozen()).state_dict().keys() == frozen().state_dict().keys()


def test_at_test_nothing_is_computed_again(monkeypatch):
    model = switch(frozen()).eval()
    monkeypatch.setattr("mmvis_ext.engine.checkpointing.checkpoint", None)
    with torch.no_grad():
        model.extract_features(torch.randn(1, 3, *SIZE))
    with pytest.raises(TypeError):
        model.extract_features(torch.randn(1, 3, *SIZE))


def test_batch_norm_that_is_trained_is_refused():
    with pytest.raises(InputError, match=r"BasicBlock has batch norm that is trained.*set norm_eval=True"):
        switch(frozen(**{"backbone.norm_eval": False}))


def test_a_model_without_such_parts_is_refused():
    model = MODELS.build(inspro_cfg())
    with pytest.raises(InputError, match="checkpointing=True: InsPro names no parts for it; leave it out"):
        switch(model)
