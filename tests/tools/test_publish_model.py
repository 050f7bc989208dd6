"""A checkpoint to hand on: small, without the training's state, and it finds what the whole one finds."""

import json

import pytest
import torch
from running import assert_one_sentence, call

from mmvis_ext.checkpoints import read_checkpoint
from mmvis_ext.inference import VISInferencer
from mmvis_ext.testing import tiny_checkpoint, tiny_config


@pytest.fixture
def whole(data, tmp_path):
    """A checkpoint as training writes it."""
    path = tiny_checkpoint(tmp_path / "whole.pth", tiny_config(data))
    content = torch.load(path, weights_only=True)
    content["meta"] |= dict(epoch=3, iter=90, config="print('run')", time="now")
    content |= dict(optimizer=dict(state={0: torch.zeros(10**5)}), message_hub={}, ema_state_dict=content["state_dict"])
    torch.save(content, path)
    return path


def publish(*args):
    return call("model_converters/publish_model.py", *args)


def test_weights_and_classes_are_kept(whole, tmp_path, capfd):
    out = tmp_path / "new" / "small.pth"
    assert publish(whole, out) == 0
    assert f"{out}: {out.stat().st_size / 1e6:.1f} MB" in capfd.readouterr().out
    before, after = read_checkpoint(whole), read_checkpoint(out)
    assert after.keys() == {"meta", "state_dict"}
    assert after["meta"].keys() == {"dataset_meta", "epoch", "iter"}
    assert json.dumps(after["meta"]["dataset_meta"]) == json.dumps(before["meta"]["dataset_meta"])
    assert after["state_dict"].keys() == before["state_dict"].keys()
    assert all(torch.equal(after["state_dict"][k], v) for k, v in before["state_dict"].items())


def test_half_of_the_size_loads_like_any(whole, data, tmp_path):
    assert publish(whole, tmp_path / "full.pth") == publish(whole, tmp_path / "half.pth", "--half") == 0
    full, half = (read_checkpoint(tmp_path / f"{name}.pth")["state_dict"] for name in ("full", "half"))
    floating = {name for name, value in full.items() if value.is_floating_point()}
    assert {value.dtype for name, value in half.items() if name in floating} == {torch.float16}
    assert all(half[name].dtype == full[name].dtype for name in full.keys() - floating)
    loaded = VISInferencer(tiny_config(data), tmp_path / "half.pth", "cpu").model.state_dict()
    for name, value in loaded.items():
        assert value.dtype == full[name].dtype
        torch.testing.assert_close(value, full[name], rtol=1e-3, atol=1e-6)


def test_a_weight_that_does_not_fit(whole, tmp_path, capfd):
    content = torch.load(whole, weights_only=True)
    name = next(iter(content["state_dict"]))
    content["state_dict"][name].view(-1)[0] = 1e6
    torch.save(content, whole)
    assert publish(whole, tmp_path / "half.pth", "--half") == 1
    assert_one_sentence(capfd, str(whole), name, "too large for 16 bits; leave out --half")
    assert not (tmp_path / "half.pth").exists()
