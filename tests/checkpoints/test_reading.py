"""Checkpoints are read as plain data, or refused with a reason."""

import collections
import os
import pickle
import zipfile

import numpy as np
import pytest
import torch

from mmvis_ext.checkpoints import plain, read_checkpoint, weights_of
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


def test_weights_may_stand_under_the_name_of_other_projects(tmp_path):
    """As those of Swin and DeiT do."""
    torch.save(dict(model=dict(w=torch.arange(3.0))), tmp_path / "a.pth")
    assert torch.equal(weights_of(read_checkpoint(tmp_path / "a.pth"))["w"], torch.arange(3.0))
    torch.save(dict(model=dict(w=3.0)), tmp_path / "a.pth")
    with pytest.raises(InputError, match=r"a\.pth: its weight 'w' is a float and no tensor"):
        read_checkpoint(tmp_path / "a.pth")
    assert weights_of(dict(model=torch.ones(1)))["model"] == 1, "a weight of that name is one"
    assert weights_of(dict(state_dict=dict(w=1), model=dict(v=2))) == dict(w=1)


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
    torch.save(dict(state_dict={}, odd=reduced), tmp_path / "a.pth")
    read = read_checkpoint(tmp_path / "a.pth")["odd"]
    assert (read["a"], read["b"], read["d"], read["e"]) == (1.5, [0, 1], (1, [2]), {"k": 1})
    assert (read["g"], read["h"], read["i"], read["j"]) == (None, True, 2**40, {3: "v"})
    assert read["h"] is True
    assert torch.equal(read["c"]["x"], torch.ones(1))
    assert isinstance(read["f"], str)


def spoiled(**changes) -> dict:
    """A sound checkpoint with other parts."""
    return dict(state_dict=dict(w=torch.ones(2)), meta=dict(epoch=1, iter=2, seed=None)) | changes


CONTENTS = {
    "no dict of weights": (spoiled(state_dict=[1]), "its state_dict is a list and not a dict"),
    "no weights at all": (spoiled(state_dict=None), "its state_dict is a NoneType"),
    "a weight that is none": (spoiled(state_dict=dict(w=1.5)), "its weight 'w' is a float and no tensor"),
    "a weight without a name": (spoiled(state_dict={3: torch.ones(1)}), "its weight '3' has no text as its name"),
    "weights alone, one without a name": ({3: torch.ones(1)}, "its weight '3' has no text as its name"),
    "a sparse weight": (spoiled(state_dict=dict(w=torch.eye(2).to_sparse())), "'w' is no plain tensor"),
    "a weight of eight bits": (
        spoiled(state_dict=dict(w=torch.ones(2).to(torch.float8_e5m2))),
        "'w' is no plain tensor",
    ),
    "a weight without numbers": (spoiled(state_dict=dict(w=torch.empty(2, device="meta"))), "'w' is no plain tensor"),
    "a weight larger than the file": (spoiled(state_dict=dict(w=torch.ones(1).expand(2**40))), "'w' has more elements"),
    "a weight of NaN": (spoiled(state_dict=dict(w=torch.tensor([1.0, torch.nan]))), "its weight 'w' is not finite"),
    "an infinite weight": (spoiled(state_dict=dict(w=torch.tensor(torch.inf).half())), "its weight 'w' is not finite"),
    "meta of another kind": (spoiled(meta=["epoch"]), "its meta is a list and not a dict"),
    "an epoch in words": (spoiled(meta=dict(epoch="3")), "says epoch '3', which is no count"),
    "a negative epoch": (spoiled(meta=dict(epoch=-3)), "says epoch '-3', which is no count"),
    "a true iteration": (spoiled(meta=dict(iter=True)), "says iter 'True', which is no count"),
    "an endless iteration": (spoiled(meta=dict(iter=10**30)), "says iter '10+', which is no count"),
    "a seed in words": (spoiled(meta=dict(seed="one")), "the seed in its meta is a str"),
    "classes in a number": (spoiled(meta=dict(CLASSES=3)), "the CLASSES in its meta are no list of names"),
    "classes without names": (spoiled(meta=dict(dataset_meta=dict(classes=(1,)))), "the classes in its meta"),
    "a data set in words": (spoiled(meta=dict(dataset_meta="VIS")), "a dataset_meta that is a str"),
    "categories of names alone": (
        spoiled(meta=dict(dataset_meta=dict(categories=[dict(name="dog")]))),
        "the categories in its meta are no list",
    ),
}


@pytest.mark.parametrize("what", CONTENTS)
def test_what_is_no_checkpoint_of_finite_weights_is_named(what, tmp_path):
    content, said = CONTENTS[what]
    torch.save(content, tmp_path / "bad.pth")
    with pytest.raises(InputError, match=rf"bad\.pth: .*{said}.*; get it again, or give a checkpoint that .*wrote\.$"):
        read_checkpoint(tmp_path / "bad.pth")


def test_sound_checkpoints_are_read(tmp_path):
    named = dict(classes=("dog",), categories=({"id": 1, "name": "dog"},))
    for content in (spoiled(), spoiled(meta=None), spoiled(meta=dict(dataset_meta=named)), dict(w=torch.ones(1))):
        torch.save(content, tmp_path / "a.pth")
        assert read_checkpoint(tmp_path / "a.pth").keys() == content.keys()


@pytest.mark.parametrize("place", [0.4, 0.5, 0.6])
def test_a_byte_that_flipped_is_noticed(place, tmp_path):
    path = tmp_path / "a.pth"
    torch.save(dict(w=torch.ones(5000)), path)
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.pth: is damaged, since the checksum of a/data/0 is another one"):
        read_checkpoint(path)


def test_a_zip_that_unpacks_to_more_than_itself_is_refused(tmp_path):
    torch.save(dict(w=torch.zeros(10**6)), tmp_path / "a.pth")
    with zipfile.ZipFile(tmp_path / "a.pth") as old, zipfile.ZipFile(tmp_path / "b.pth", "w", 8) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    with pytest.raises(InputError, match=r"b\.pth: its part \S+ is compressed, as torch never does"):
        read_checkpoint(tmp_path / "b.pth")


def test_a_pipe_is_no_checkpoint(tmp_path):
    os.mkfifo(tmp_path / "a.pth")
    for path in (tmp_path / "a.pth", "/dev/zero"):
        with pytest.raises(InputError, match="it is a pipe or a device"):
            read_checkpoint(path)
