"""Which checkpoints fit a model, and which one is the newest."""

import pytest
import torch
from small_model import build_model

from mmvis_ext.engine import check_fit, latest_checkpoint
from mmvis_ext.utils.errors import InputError


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
