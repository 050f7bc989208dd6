"""Checkpoints with something wrong in them are read, or refused in a sentence."""

import io
import sys

import pytest
import torch
from hypothesis import given
from mutants import fuzz, harmless, mutants, spoiled

from mmvis_ext.checkpoints import check_training_state, read_checkpoint
from mmvis_ext.engine.checkpoints import check_fit, check_resumable
from mmvis_ext.engine.start_weights import class_names
from mmvis_ext.inference.inferencer import _classes
from mmvis_ext.testing import tiny_config, tiny_model

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits the memory as Linux does")

META = dict(classes=["dog", "fox"], categories=[dict(id=3, name="dog"), dict(id=9, name="fox")], palette="random")
SMALL = dict(
    state_dict={"a.weight": torch.ones(2, 3), "b.bias": torch.zeros(2), "n": torch.tensor(3)},
    meta=dict(epoch=2, iter=8, seed=0, time="2026", config="model = dict()", dataset_meta=META, CLASSES=["dog"]),
    optimizer=dict(state={0: dict(step=torch.tensor(1.0), exp_avg=torch.ones(2, 3))}, param_groups=[dict(params=[0])]),
    param_schedulers=[dict(last_step=3), {}],
    message_hub=dict(log_scalars={}, runtime_info=dict(epoch=2, keep_ckpt_ids=[1, 2]), resumed_keys={}),
)


def as_file(content, legacy: bool = False) -> bytes:
    file = io.BytesIO()
    torch.save(content, file, _use_new_zipfile_serialization=not legacy)
    return file.getvalue()


class TwoClasses:
    num_classes = 2


def read(path) -> None:
    checkpoint = read_checkpoint(path)
    class_names(checkpoint)
    _classes(checkpoint, TwoClasses(), str(path))
    check_training_state(path, checkpoint)


@fuzz
@given(content=mutants(SMALL) | mutants(SMALL["state_dict"]))
def test_content(content, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "a.pth"
    path.write_bytes(as_file(content))
    harmless(read, path)


@fuzz
@given(data=spoiled(as_file(SMALL)) | spoiled(as_file(SMALL, legacy=True)))
def test_bytes(data, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "a.pth"
    path.write_bytes(data)
    harmless(read, path)


MODEL = tiny_model(tiny_config())
OWN = dict(state_dict=dict(MODEL.state_dict()), meta=SMALL["meta"], optimizer={}, message_hub=SMALL["message_hub"])


@fuzz
@given(content=mutants(OWN))
def test_fit(content, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "a.pth"
    path.write_bytes(as_file(content))
    harmless(lambda: check_resumable(path, MODEL, read_checkpoint(path)))
    harmless(check_fit, path, MODEL)
