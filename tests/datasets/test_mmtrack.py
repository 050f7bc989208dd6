"""Configs may name mmtrack's dataset; it gives what the default one gives."""

import builtins
import importlib.util
import json
import sys

import cv2
import numpy as np
import pytest
import torch
from mmengine.registry import DATASETS, DefaultScope

from mmvis_ext.datasets import Draw, mmtrack
from mmvis_ext.structures import encode
from mmvis_ext.utils.errors import InputError

installed = pytest.mark.skipif(
    importlib.util.find_spec("mmtrack") is None, reason=f"mmtrack is not installed ({mmtrack.INSTALL})"
)
H, W = 40, 64


@pytest.fixture(autouse=True)
def scope():
    with DefaultScope.overwrite_default_scope("mmvis_ext"):
        yield


def cocovid_file(order=(3, 8)) -> dict:
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
                dict(id=image, video_id=video, frame_id=t, file_name=f"v{video}/{t}.png", height=H, width=W)
            )
            for track in order:
                if t == 1 or (track == 8 and t == 2):
                    continue
                x, y = 4 * track + t, 3 + t
                mask = np.zeros((1, H, W), bool)
                mask[0, y : y + 12, x : x + 10] = True
                data["annotations"].append(
                    dict(id=len(data["annotations"]) + 1, image_id=image, video_id=video, instance_id=track,
                         category_id=1 + track // 2, bbox=[x, y, 10, 12], area=120, iscrowd=0,
                         segmentation=encode(mask)[0])
                )  # fmt: skip
    return data


@pytest.fixture
def write(tmp_path):
    """Write an annotation file and its frames; returns the arguments of a dataset of them."""

    def to_files(data: dict) -> dict:
        (tmp_path / "cocovid.json").write_text(json.dumps(data))
        for number, image in enumerate(data["images"]):
            path = tmp_path / "frames" / image["file_name"]
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), np.random.default_rng(number).integers(0, 256, (H, W, 3), dtype=np.uint8))
        return dict(ann_file=str(tmp_path / "cocovid.json"), data_prefix=dict(img_path=str(tmp_path / "frames")))

    return to_files


def both(common: dict, **kwargs) -> tuple:
    ours = DATASETS.build(dict(type="YouTubeVISDataset", **common, **kwargs))
    return ours, DATASETS.build(dict(type="mmtrack.YouTubeVISDataset", dataset_version="2019", **common, **kwargs))


def shown_ids(dataset) -> list[list[int]]:
    return [[instance["instance_id"] for instance in f["instances"]] for f in dataset.get_data_info(0)["images"]]


@installed
def test_gives_the_same_as_the_default_dataset(write):
    loading = [dict(type="LoadFrame"), dict(type="mmdet.LoadTrackAnnotations", with_mask=True)]
    pipeline = [dict(type="TransformBroadcaster", transforms=loading), dict(type="PackClip")]
    ours, theirs = both(write(cocovid_file()), pipeline=pipeline, clips=dict(type="ClipSample", clip_len=4))
    assert len(ours) == len(theirs) == 2
    assert ours.metainfo["classes"] == theirs.metainfo["classes"]
    assert shown_ids(ours) == [[3, 8], [], [3], [3, 8]]
    for i in range(2):
        a, b = ours[Draw(i, 0)], theirs[Draw(i, 0)]
        assert torch.equal(a["inputs"], b["inputs"])
        assert a["inputs"].float().std() > 50, "real frames"
        for f, g in zip(a["data_samples"].video_data_samples, b["data_samples"].video_data_samples, strict=True):
            assert f.metainfo == g.metainfo
            for key in ("bboxes", "labels", "instances_ids"):
                assert torch.equal(f.gt_instances[key], g.gt_instances[key])
            assert np.array_equal(f.gt_instances.masks.masks, g.gt_instances.masks.masks)
            assert f.gt_instances.masks.masks.sum() == 120 * len(f.gt_instances)


@installed
@pytest.mark.parametrize(("order", "expected"), [
    ((0, 8), [[0, 8], [], [0], [0, 8]]),
    ((8, 0), [[8, 1], [], [0], [8, 1]]),
])  # fmt: skip
def test_track_id_0_becomes_the_number_of_its_annotation_in_the_frame(order, expected, write):
    ours, theirs = both(write(cocovid_file(order)), pipeline=[])
    assert shown_ids(ours) == [list(order), [], [0], list(order)]
    assert [sorted(ids) for ids in shown_ids(theirs)] == [sorted(ids) for ids in expected]


@installed
def test_track_id_0_that_becomes_another_track_is_refused(write):
    with pytest.raises(InputError, match=r"cocovid\.json: video 1, frame 0: track id 1 stands for two objects"):
        both(write(cocovid_file((1, 0))), pipeline=[])


@installed
@pytest.mark.parametrize("hidden", [True, False])
def test_a_file_without_annotations_has_none_and_one_without_objects_has_no_tracks(hidden, write):
    data = cocovid_file() | dict(annotations=[])
    if hidden:
        del data["annotations"]
    for dataset in both(write(data), pipeline=[], test_mode=True):
        truth = dataset.get_data_info(0)["truth"]
        assert truth is None if hidden else truth.tracks == []


@installed
def test_real_versions_are_back_after_the_import():
    import mmcv
    import mmdet

    before = mmcv.__version__, mmdet.__version__
    mmtrack.import_mmtrack()
    assert (mmcv.__version__, mmdet.__version__) == before


def test_without_mmtrack_the_error_names_the_install_line(write, monkeypatch):
    real = builtins.__import__

    def no_mmtrack(name, *args, **kwargs):
        if name.split(".")[0] == "mmtrack":
            raise ModuleNotFoundError("No module named 'mmtrack'", name="mmtrack")
        return real(name, *args, **kwargs)

    for name in [m for m in sys.modules if m.split(".")[0] == "mmtrack"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", no_mmtrack)
    load = mmtrack.importlib.import_module
    monkeypatch.setattr(
        mmtrack.importlib, "import_module", lambda name: load(name) if name.startswith("mmvis") else no_mmtrack(name)
    )
    with pytest.raises(InputError, match=r"pip install --no-deps mmtrack==1\.0\.0rc1"):
        DATASETS.build(dict(type="mmtrack.YouTubeVISDataset", dataset_version="2019", **write(cocovid_file())))


def test_other_datasets_of_mmtrack_are_refused():
    with pytest.raises(InputError, match="YouTubeVISDataset only"):
        DATASETS.build(dict(type="mmtrack.LaSOTDataset"))
