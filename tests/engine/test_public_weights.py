"""Public checkpoints are found by name: in checkpoints/, in torch's cache, or else at their address."""

import hashlib

import pytest
import torch
from mmengine.config import Config

from mmvis_ext.engine.public_weights import address_of, find_weights
from mmvis_ext.testing import CONFIGS
from mmvis_ext.utils.errors import InputError

NAME = "mask-rcnn_r50_fpn_1x_coco"
FILE = "mask_rcnn_r50_fpn_1x_coco_20200205-d4b0c5d6.pth"
FOLDER = "mmdetection/v2.0/mask_rcnn/mask_rcnn_r50_fpn_1x_coco"
LEAVES = [p for p in CONFIGS.glob("*/*.py") if p.parent.name not in ("_base_", "study")]
OURS = ("_small_", "_lite0_", "_lite2_")  # models that no paper has
PAPERS = sorted(p for p in LEAVES if not any(part in p.name for part in OURS))


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The folder of torch's cache, on a machine without a network; the work dir is an empty one beside it."""

    def offline(address, *args, **kwargs):
        raise OSError("no network")

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    (tmp_path / "hub/checkpoints").mkdir(parents=True)
    return tmp_path / "hub/checkpoints"


@pytest.mark.parametrize("path", PAPERS, ids=[p.stem for p in PAPERS])
def test_every_papers_config_names_a_start_that_the_index_has(path):
    cfg = Config.fromfile(path)
    if path.stem == "inspro_r50_coco-instance":
        assert cfg.start is None, "it learns COCO itself"
        return
    if "inspro-lite" in path.stem:
        assert cfg.start is None
        assert cfg.load_from.endswith("inspro_r50_ytvis2019/iter_32000.pth")
        return
    backbone = (cfg.model.get("detector") or cfg.model).backbone
    if "ResNet" not in backbone.type:
        assert cfg.start is None, "it starts from its backbone, which no paper has"
        return
    names = [name for name in cfg.start.values() if name]
    depth = backbone.depth
    for name in names:
        assert f"_r{depth}_" in name, "the backbone is the same"
        assert address_of(name).startswith("https://mmassets.onedl.ai/mmdetection/v")
    assert {"detector"} <= set(cfg.start) <= {"detector", "masks"}


def test_the_host_can_be_another():
    assert address_of(NAME, "https://mirror.example/models/") == f"https://mirror.example/models/{FOLDER}/{FILE}"


def test_files_that_are_there_are_taken(cache, tmp_path):
    (cache / FILE).write_bytes(b"cached")
    assert find_weights(NAME) == cache / FILE
    place = tmp_path / "work/checkpoints"
    place.mkdir()
    (place / FILE).write_bytes(b"put there by hand")
    assert find_weights(NAME).resolve() == place / FILE
    assert find_weights(str(cache / FILE)) == cache / FILE


def test_a_file_is_fetched_once_and_checked(cache, tmp_path, monkeypatch):
    fetched = []

    def fetch(address, place, hash_prefix=None):
        fetched.append((address, hash_prefix))
        (cache / FILE).write_bytes(b"weights")

    monkeypatch.setattr(torch.hub, "download_url_to_file", fetch)
    assert find_weights(NAME) == find_weights(NAME) == cache / FILE
    assert fetched == [(f"https://mmassets.onedl.ai/{FOLDER}/{FILE}", "d4b0c5d6")]


def test_a_damaged_download_is_refused(cache, tmp_path, monkeypatch):
    """Through torch's own download, from a file's address."""
    monkeypatch.undo()
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    monkeypatch.chdir(tmp_path / "work")
    served = tmp_path / "served" / FOLDER
    served.mkdir(parents=True)
    (served / FILE).write_bytes(b"damaged")
    assert not hashlib.sha256(b"damaged").hexdigest().startswith("d4b0c5d6")
    with pytest.raises(InputError, match=r"cannot be fetched \(invalid hash value"):
        find_weights(NAME, f"file://{tmp_path}/served")
    assert not (cache / FILE).exists()


def test_offline_the_error_names_the_address_and_the_place(cache):
    with pytest.raises(InputError) as error:
        find_weights(NAME)
    said = str(error.value)
    assert said.startswith(f"{NAME}: https://mmassets.onedl.ai/{FOLDER}/{FILE} cannot be fetched (no network); ")
    assert f"put it at {cache / FILE}, or choose another host." in said


@pytest.mark.parametrize(
    ("name", "said"), [("work_dirs/x.pth", "no such checkpoint"), ("mask-rcnn", "is neither a file nor a model")]
)
def test_unknown_names(name, said, cache):
    with pytest.raises(InputError, match=said):
        find_weights(name)


@pytest.mark.parametrize("part", OURS)
def test_small_and_light_configs_need_no_start(part):
    found = [p for p in LEAVES if part in p.name]
    assert found
    assert not [p.stem for p in found if Config.fromfile(p).get("start")]
