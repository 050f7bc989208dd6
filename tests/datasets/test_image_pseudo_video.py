"""Images as videos of one frame: samples, classes, filters."""

import pytest
import torch
from mmdet.datasets import CocoDataset
from mmdet.datasets import YouTubeVISDataset as MMDetYouTubeVIS
from small_file import HEIGHT, WIDTH

from mmvis_ext.annotations.class_maps import CLASS_MAPS
from mmvis_ext.datasets import Draw
from mmvis_ext.registry import DATASETS
from mmvis_ext.utils.errors import InputError

BROADCAST = dict(
    type="TransformBroadcaster",
    share_random_params=True,
    transforms=[dict(type="LoadFrame"), dict(type="mmdet.LoadTrackAnnotations", with_mask=True)],
)


def build(path, frames="", **kwargs):
    cfg = dict(
        type="ImagePseudoVideoDataset", ann_file=str(path), data_prefix=dict(img_path=str(frames)), workers=1
    )  # fmt: skip
    return DATASETS.build(cfg | kwargs)


def test_a_clip_shows_an_image_again_and_again(coco, write, frames):
    clips = dict(type="ClipSample", clip_len=3, scattered=True)
    data = build(write(coco), frames, clips=clips, pipeline=[BROADCAST, dict(type="PackClip")])
    item = data[Draw(3, 0)]
    assert torch.equal(item["inputs"], item["inputs"][:1].expand(3, -1, -1, -1))
    shown = item["data_samples"].video_data_samples
    assert [f.gt_instances.instances_ids.tolist() for f in shown] == [[0, 1]] * 3
    assert [f.gt_instances.labels.tolist() for f in shown] == [[1, 0]] * 3
    assert [f.metainfo["video_id"] for f in shown] == [403] * 3


def test_moving_frames_of_an_image_differ_and_keep_their_tracks(coco, write, frames):
    clips = dict(type="ClipSample", clip_len=3)
    pipeline = [BROADCAST, dict(type="PseudoMotion", max_shift=0.2), dict(type="PackClip")]
    item = build(write(coco), frames, clips=clips, pipeline=pipeline)[Draw(3, 0)]
    assert item["inputs"].shape == (3, 3, HEIGHT, WIDTH)
    assert not any(torch.equal(item["inputs"][i], item["inputs"][j]) for i, j in ((0, 1), (0, 2), (1, 2)))
    ids = [f.gt_instances.instances_ids.tolist() for f in item["data_samples"].video_data_samples]
    assert ids[0] == [0, 1]
    assert all(set(i) <= {0, 1} for i in ids)


def test_a_crowd_is_ignored_and_not_learned(coco, write, frames):
    coco["annotations"][0]["iscrowd"] = 1
    clips = dict(type="ClipSample", clip_len=1)
    frame = build(write(coco), frames, clips=clips, pipeline=[BROADCAST, dict(type="PackClip")])[0]["data_samples"][0]
    assert len(frame.gt_instances.instances_ids) == 0
    assert frame.ignored_instances.instances_ids.tolist() == [0]


def test_the_files_classes_are_kept_without_a_map(coco, write):
    data = build(write(coco))
    assert data.metainfo["classes"] == ("cat", "dog", "fox")
    assert [c["id"] for c in data.metainfo["categories"]] == [7, 3, 5]
    assert build(write(coco), metainfo=dict(classes=("dog",))).metainfo["categories"] == (dict(id=3, name="dog"),)


def test_a_map_puts_the_objects_into_other_classes(coco, write):
    data = build(write(coco), class_map=dict(cat="leopard"), metainfo=dict(classes=("owl", "leopard", "dog")))
    assert data.metainfo["classes"] == ("owl", "leopard", "dog")
    labels = [[i["bbox_label"] for i in data.get_data_info(k)["images"][0]["instances"]] for k in range(9)]
    assert labels == [[2], [], [], [2, 1], [2], [1], [], [], []]


def test_images_without_a_mapped_object_are_dropped_in_training(coco, write):
    kwargs = dict(class_map={}, metainfo=dict(classes=("cat",)), filter_cfg=dict(filter_empty_gt=True))
    data = build(write(coco), **kwargs)
    assert [data.get_data_info(i)["video_id"] for i in range(len(data))] == [403, 200]
    assert len(build(write(coco), test_mode=True, **kwargs)) == 9


def test_images_that_are_too_small_are_dropped(coco, write):
    coco["images"][0].update(height=100, width=100)
    data = build(write(coco), filter_cfg=dict(min_size=32))
    assert [data.get_data_info(i)["video_id"] for i in range(len(data))] == [400]
    path = write(coco)
    with pytest.raises(InputError, match=rf"{path}: no video is left for training out of 9; check filter_cfg"):
        build(path, filter_cfg=dict(min_size=200))


def test_a_map_needs_classes_and_a_name_that_exists(coco, write):
    with pytest.raises(InputError, match="class_map has no classes to map to"):
        build(write(coco), class_map={})
    with pytest.raises(InputError, match=r"'coco' is unknown; choose one of \['coco_moving', 'coco_to_imagenet_vid"):
        build(write(coco), class_map="coco", metainfo=dict(classes=("dog",)))


def test_a_map_of_all_categories_names_the_classes(coco, write):
    data = build(write(coco), class_map="object")
    assert data.metainfo["classes"] == ("object",)
    assert data.metainfo["categories"] == (dict(id=1, name="object"),)
    labels = [[i["bbox_label"] for i in data.get_data_info(k)["images"][0]["instances"]] for k in range(9)]
    assert labels == [[0], [], [], [0, 0], [0], [0], [], [], []]
    data = build(write(coco), class_map={"cat": "pet", "*": "thing", "dog": None})
    assert data.metainfo["classes"] == ("pet", "thing")
    with pytest.raises(InputError, match="class_map has no classes to map to"):
        build(write(coco), class_map={"*": None})
    with pytest.raises(InputError, match=r"classes \['object'\] that are not in the list"):
        build(write(coco), class_map="object", metainfo=dict(classes=("dog",)))


COMMON = {"person", "skateboard", "dog", "cat", "cow", "train", "horse", "bear", "giraffe", "surfboard", "airplane",
          "truck", "zebra", "elephant", "snowboard", "boat"}  # fmt: skip


@pytest.mark.parametrize(
    ("year", "same_names", "renamed"),
    [
        ("2019", COMMON, {"car": "sedan", "motorcycle": "motorbike", "tennis racket": "tennis_racket"}),
        (
            "2021",
            COMMON | {"bird", "car"},
            {"frisbee": "flying_disc", "motorcycle": "motorbike", "tennis racket": "tennis_racket"},
        ),
    ],
)
def test_the_maps_lead_from_coco_to_youtube_vis(year, same_names, renamed, coco, write, monkeypatch):
    """With the class lists of the real data sets, as mmdet carries them."""
    monkeypatch.setattr(MMDetYouTubeVIS, "METAINFO", {}, raising=False)
    MMDetYouTubeVIS.set_dataset_classes(year)
    theirs = MMDetYouTubeVIS.METAINFO["classes"]
    names = CocoDataset.METAINFO["classes"]
    template = coco["annotations"][0]
    coco["categories"] = [dict(id=i, name=name) for i, name in enumerate(names)]
    coco["images"] = [dict(coco["images"][0], id=i) for i in range(len(names))]
    coco["annotations"] = [dict(template, id=i, image_id=i, category_id=i) for i in range(len(names))]
    data = build(write(coco), class_map=f"coco_to_youtube_vis_{year}", metainfo=dict(classes=theirs))
    found = {}
    for i, name in enumerate(names):
        for instance in data.get_data_info(i)["images"][0]["instances"]:
            found[name] = theirs[instance["bbox_label"]]
    assert found == {name: name for name in same_names} | renamed
    assert "mouse" in theirs, "the animal, which COCO's mouse is not"
    assert set(CLASS_MAPS[f"coco_to_youtube_vis_{year}"]) == {*renamed, "mouse"}


def test_what_moves_is_a_class_of_coco():
    known = set(CocoDataset.METAINFO["classes"])
    names = CLASS_MAPS["coco_moving"]
    assert names.keys() <= known
    assert set(names.values()) == {"object"}
    assert {"person", "horse", "car"} <= names.keys()
    assert not names.keys() & {"chair", "dining table", "pizza", "tv"}
