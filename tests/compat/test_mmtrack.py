"""Configs may name mmtrack's dataset; it gives what the default one gives."""

import builtins
import importlib.util
import json
import sys

import numpy as np
import pytest
from mmengine.registry import DATASETS, DefaultScope

from mmvis_ext.compat import mmtrack
from mmvis_ext.errors import InputError
from mmvis_ext.structures import encode

installed = pytest.mark.skipif(
    importlib.util.find_spec("mmtrack") is None, reason=f"mmtrack is not installed ({mmtrack.INSTALL})"
)
H, W = 40, 64


@pytest.fixture(autouse=True)
def scope():
    with DefaultScope.overwrite_default_scope("mmvis_ext"):
        yield


@pytest.fixture
def cocovid(tmp_path):
    """Two videos in the CocoVID form with the classes of 2019: two tracks, one absent for a while; an empty frame."""
    from mmdet.datasets import YouTubeVISDataset

    YouTubeVISDataset.set_dataset_classes("2019")
    names = YouTubeVISDataset.METAINFO["classes"]
    data = dict(categories=[dict(id=i + 1, name=n) for i, n in enumerate(names)], videos=[], images=[], annotations=[])
    for video in (1, 2):
        data["videos"].append(dict(id=video, name=f"v{video}"))
        for t in range(4):
            image = len(data["images"]) + 1
            data["images"].append(
                dict(id=image, video_id=video, frame_id=t, file_name=f"v{video}/{t}.jpg", height=H, width=W)
            )
            for track, category in ((3, 1), (8, 5)):
                if t == 1 or (track == 8 and t == 2):
                    continue
                x, y = 4 * track + t, 3 + t
                mask = np.zeros((1, H, W), bool)
                mask[0, y : y + 12, x : x + 10] = True
                data["annotations"].append(
                    dict(id=len(data["annotations"]) + 1, image_id=image, video_id=video, instance_id=track,
                         category_id=category, bbox=[x, y, 10, 12], area=120, iscrowd=0, segmentation=encode(mask)[0])
                )  # fmt: skip
    path = tmp_path / "cocovid.json"
    path.write_text(json.dumps(data))
    return path


@installed
def test_gives_the_same_as_the_default_dataset(cocovid):
    common = dict(ann_file=str(cocovid), data_prefix=dict(img_path="frames"), pipeline=[])
    ours = DATASETS.build(dict(type="YouTubeVISDataset", **common))
    theirs = DATASETS.build(dict(type="mmtrack.YouTubeVISDataset", dataset_version="2019", **common))
    assert len(ours) == len(theirs) == 2
    assert ours.metainfo["classes"] == theirs.metainfo["classes"]
    for i in range(2):
        a, b = ours[i], theirs[i]
        assert [f["img_path"] for f in a["images"]] == [f["img_path"] for f in b["images"]]
        for f, g in zip(a["images"], b["images"], strict=True):
            assert f["instances"] == g["instances"]
    shown = [[instance["instance_id"] for instance in f["instances"]] for f in ours[0]["images"]]
    assert shown == [[3, 8], [], [3], [3, 8]]


@installed
def test_real_versions_are_back_after_the_import():
    import mmcv
    import mmdet

    before = mmcv.__version__, mmdet.__version__
    mmtrack.import_mmtrack()
    assert (mmcv.__version__, mmdet.__version__) == before


def test_without_mmtrack_the_error_names_the_install_line(cocovid, monkeypatch):
    real = builtins.__import__

    def no_mmtrack(name, *args, **kwargs):
        if name.split(".")[0] == "mmtrack":
            raise ModuleNotFoundError("No module named 'mmtrack'", name="mmtrack")
        return real(name, *args, **kwargs)

    for name in [m for m in sys.modules if m.split(".")[0] == "mmtrack"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", no_mmtrack)
    monkeypatch.setattr(mmtrack.importlib, "import_module", lambda name: no_mmtrack(name))
    with pytest.raises(InputError, match=r"pip install --no-deps mmtrack==1\.0\.0rc1"):
        DATASETS.build(dict(type="mmtrack.YouTubeVISDataset", dataset_version="2019", ann_file=str(cocovid)))


def test_other_datasets_of_mmtrack_are_refused():
    with pytest.raises(InputError, match="YouTubeVISDataset only"):
        DATASETS.build(dict(type="mmtrack.LaSOTDataset"))
