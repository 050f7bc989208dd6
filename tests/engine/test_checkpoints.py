"""Checkpoints: refused with a reason, or plain data that fits."""

import collections
import os
import pickle

import numpy as np
import pytest
import torch
from small_model import build_model

from mmvis_ext.engine import check_fit, latest_checkpoint, read_checkpoint
from mmvis_ext.engine.checkpoints import plain
from mmvis_ext.utils.errors import InputError


class Attack:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_plain_data_comes_back(tmp_path):
    content = dict(state_dict=dict(w=torch.arange(3.0)), meta=dict(epoch=3, name="x", lr=[0.1, None, True]))
    torch.save(content, tmp_path / "a.pth")
    read = read_checkpoint(tmp_path / "a.pth")
    assert torch.equal(read["state_dict"]["w"], torch.arange(3.0))
    assert read["meta"] == content["meta"]


def test_a_missing_checkpoint_is_named(tmp_path):
    with pytest.raises(InputError, match=r"no\.pth: no such checkpoint"):
        read_checkpoint(tmp_path / "no.pth")


@pytest.mark.parametrize("protocol", ["zip", "legacy", "pickle"])
def test_code_in_a_checkpoint_is_refused_and_not_run(tmp_path, protocol):
    path, victim = tmp_path / "bad.pth", tmp_path / "made"
    content = dict(state_dict={}, extra=Attack(str(victim)))
    if protocol == "pickle":
        path.write_bytes(pickle.dumps(content))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=protocol == "zip")
    with pytest.raises(InputError, match=r"bad\.pth: refused, since it is not a checkpoint of plain tensors"):
        read_checkpoint(path)
    assert not victim.exists()


@pytest.mark.parametrize("keep", [0, 1, 100, 0.5, 0.99])
def test_a_truncated_checkpoint_is_named(tmp_path, keep):
    path = tmp_path / "cut.pth"
    torch.save(dict(w=torch.randn(100)), path)
    content = path.read_bytes()
    path.write_bytes(content[: keep if isinstance(keep, int) else int(keep * len(content))])
    with pytest.raises(InputError, match=r"cut\.pth: "):
        read_checkpoint(path)


@pytest.mark.parametrize("content", [b"<html>", b"\x00" * 50, b"PK\x03\x04nothing", os.urandom(200)])
def test_another_kind_of_file_is_named(tmp_path, content):
    path = tmp_path / "odd.pth"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"odd\.pth: "):
        read_checkpoint(path)


def test_a_folder_is_named(tmp_path):
    with pytest.raises(InputError, match="cannot be read as a checkpoint"):
        read_checkpoint(tmp_path)


def test_a_checkpoint_is_a_dict(tmp_path):
    torch.save([torch.zeros(1)], tmp_path / "list.pth")
    with pytest.raises(InputError, match="holds a list and not a checkpoint's dict"):
        read_checkpoint(tmp_path / "list.pth")


def test_everything_is_reduced_to_plain_data(tmp_path):
    odd = dict(
        a=np.float64(1.5), b=np.arange(2), c=collections.OrderedDict(x=torch.ones(1)), d=(1, [np.int64(2)]),
        e=collections.defaultdict(int, k=1), f=Attack("x"), g=None, h=True, i=2**40, j={np.int64(3): "v"},
    )  # fmt: skip
    reduced = plain(odd)
    torch.save(reduced, tmp_path / "a.pth")
    read = read_checkpoint(tmp_path / "a.pth")
    assert (read["a"], read["b"], read["d"], read["e"]) == (1.5, [0, 1], (1, [2]), {"k": 1})
    assert (read["g"], read["h"], read["i"], read["j"]) == (None, True, 2**40, {3: "v"})
    assert read["h"] is True
    assert torch.equal(read["c"]["x"], torch.ones(1))
    assert isinstance(read["f"], str)


@pytest.fixture(scope="module")
def model() -> torch.nn.Module:
    return build_model()


def weights(model) -> dict:
    return {k: v.clone() for k, v in model.state_dict().items()}


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_models_own_weights_fit(model, tmp_path, wrapped):
    path = tmp_path / "a.pth"
    torch.save(dict(state_dict=weights(model)) if wrapped else weights(model), path)
    check_fit(path, model)


def test_the_clip_length_is_no_part_of_the_fit(model):
    check_fit("a.pth", model, dict(state_dict=weights(build_model(clip_len=9))))


def test_missing_and_unknown_weights_are_counted(model):
    state = weights(model)
    gone = sorted(state)[:2]
    for name in gone:
        del state[name]
    state["head.extra"] = torch.zeros(1)
    said = rf"a\.pth: belongs to another model: 2 of {len(state) + 1} weights are missing and 1 are unknown .*{gone[0]}"
    with pytest.raises(InputError, match=said):
        check_fit("a.pth", model, dict(state_dict=state))


def test_an_unknown_weight_alone_is_named(model):
    with pytest.raises(InputError, match=r"0 of \d+ weights are missing and 1 are unknown \(for example zzz\)"):
        check_fit("a.pth", model, dict(state_dict=weights(model) | dict(zzz=torch.zeros(1))))


def test_another_number_of_classes_is_said(model):
    other = build_model(**{"head.num_classes": 7})
    with pytest.raises(InputError, match=r"fc_cls\.\w+ has 7 classes and the config 3"):
        check_fit("a.pth", model, dict(state_dict=weights(other)))


def test_another_shape_is_said(model):
    other = build_model(**{"head.feedforward_channels": 8})
    with pytest.raises(InputError, match=r"head\.stages\.0\.update\.ffn\S+ has \(8.* and the config \(32"):
        check_fit("a.pth", model, dict(state_dict=weights(other)))


def test_the_newest_checkpoint_has_the_highest_number(tmp_path):
    assert latest_checkpoint(tmp_path) is None
    assert latest_checkpoint(tmp_path / "none") is None
    for name in ("epoch_9.pth", "epoch_10.pth", "best_epoch_99.pth", "epoch_50.pth.tmp", ".epoch_77.pth.x", "last.pth"):
        (tmp_path / name).touch()
    assert latest_checkpoint(tmp_path) == tmp_path / "epoch_10.pth"
    (tmp_path / "iter_200.pth").touch()
    assert latest_checkpoint(str(tmp_path)) == tmp_path / "iter_200.pth"
