"""ImageNet VID and DET as data sets: classes, samples of boxes alone, and the same truth as in other layouts."""

import json

import pytest
import torch
from small_imagenet import CAR, DOG, FIRST, VIDEOS

from mmvis_ext.datasets import Draw
from mmvis_ext.datasets.imagenet_vid import VID_WNIDS
from mmvis_ext.registry import DATASETS
from mmvis_ext.structures.tracklets import Tracklets
from mmvis_ext.utils.errors import InputError

THREE = dict(type="ClipSample", clip_len=3, scattered=True)
PIPELINE = [
    dict(
        type="TransformBroadcaster",
        share_random_params=True,
        transforms=[
            dict(type="LoadFrame"),
            dict(type="mmdet.LoadTrackAnnotations"),
            dict(type="mmdet.Resize", scale=(64, 48), keep_ratio=True),
            dict(type="mmdet.RandomFlip", prob=1.0),
        ],
    ),
    dict(type="PackClip"),
]


def test_the_classes_are_the_thirty_official_ones(imagenet):
    data = DATASETS.build(imagenet.config("VID"))
    assert len(VID_WNIDS) == len(set(VID_WNIDS.values())) == 30
    assert data.metainfo["classes"] == tuple(VID_WNIDS)
    assert [c["id"] for c in data.metainfo["categories"]] == list(range(1, 31))
    labels = [[i["bbox_label"] for i in image["instances"]] for image in data.get_data_info(0)["images"]]
    dog, car, cat = (list(VID_WNIDS).index(name) for name in ("dog", "car", "domestic_cat"))
    assert labels == [[dog, car], [], [dog, car, cat]]
    assert (VID_WNIDS["dog"], VID_WNIDS["car"]) == (DOG, CAR)


def test_some_classes_are_selected_by_name(imagenet):
    data = DATASETS.build(imagenet.config("VID", metainfo=dict(classes=("car", "dog"))))
    assert data.metainfo["categories"] == (dict(id=1, name="car"), dict(id=2, name="dog"))
    labels = [[i["bbox_label"] for i in image["instances"]] for image in data.get_data_info(0)["images"]]
    assert labels == [[1, 0], [], [1, 0]]
    assert [t.category_id for t in data.get_data_info(0)["truth"].tracks] == [2, 1]


def test_own_classes_come_from_the_config_alone(imagenet):
    own = dict(classes=("wagon",), wnids=(CAR,))
    data = DATASETS.build(imagenet.config("VID", metainfo=own))
    assert data.metainfo["classes"] == ("wagon",)
    assert [len(image["instances"]) for image in data.get_data_info(0)["images"]] == [1, 0, 1]


@pytest.mark.parametrize(
    ("metainfo", "said"),
    [
        (dict(classes=("car", "cow")), r"\['cow'\] are no classes of ImageNet VID"),
        (dict(wnids=(CAR,)), "must be equally long"),
        (dict(classes=("car", "dog"), wnids=(CAR,)), "must be equally long"),
        (dict(classes=("car", "car"), wnids=(CAR, DOG)), "name no class twice"),
        (dict(classes=("car", "dog"), wnids=(CAR, CAR)), "name no class twice"),
    ],
)
def test_classes_that_make_no_sense_are_refused(imagenet, metainfo, said):
    with pytest.raises(InputError, match=said):
        DATASETS.build(imagenet.config("VID", metainfo=metainfo))


def test_a_sample_holds_boxes_and_no_masks(imagenet):
    data = DATASETS.build(imagenet.config("VID", clips=THREE, pipeline=PIPELINE))
    item = data[Draw(0, 5)]
    assert item["inputs"].shape == (3, 3, 48, 64)
    frames = item["data_samples"].video_data_samples
    assert [f.metainfo["frame_id"] for f in frames] == [0, 1, 2], "three different frames in time order"
    assert [f.gt_instances.instances_ids.tolist() for f in frames] == [[0, 7], [], [0, 7, 3]]
    assert all("masks" not in f.gt_instances for f in frames)
    targets = Tracklets.from_frames(frames, (48, 64), "cpu")
    assert targets.ids.tolist() == [0, 7, 3]
    assert targets.masks.shape == (3, 3, 0, 0)
    x1, y1, x2, y2 = (2 * v for v in VIDEOS[FIRST][0][0][2])
    assert targets.boxes[0, 0].tolist() == [64 - x2, y1, 64 - x1, y2], "boxes are resized and flipped with the frame"
    assert targets.visible.tolist() == [[True, False, True], [True, False, True], [False, False, True]]


def test_a_clip_shows_an_image_three_times(imagenet):
    data = DATASETS.build(imagenet.config("DET", clips=THREE, pipeline=PIPELINE))
    assert len(data) == 2, "an image without an object of the classes is left out"
    item = data[Draw(1, 5)]
    assert torch.equal(item["inputs"], item["inputs"][:1].expand(3, -1, -1, -1))
    frames = item["data_samples"].video_data_samples
    assert [f.gt_instances.instances_ids.tolist() for f in frames] == [[0, 1]] * 3
    assert all(torch.equal(f.gt_instances.bboxes, frames[0].gt_instances.bboxes) for f in frames)


def test_a_lower_frame_rate_counts_from_thirty(imagenet):
    data = DATASETS.build(imagenet.config("VID", fps=15))
    assert [data.get_len_per_video(i) for i in range(2)] == [2, 1]
    assert [t.id for t in data.get_data_info(0)["truth"].tracks] == [0, 7, 3]


def test_a_test_video_carries_its_boxes_for_the_evaluation(imagenet):
    data = DATASETS.build(imagenet.config("VID", "frames.txt", test_mode=True))
    tracks = data[0]["video"][-1]["truth"].tracks
    assert [t.id for t in tracks] == [0, 7, 3]
    assert tracks[0].boxes.tolist() == [[2, 3, 12, 13], [0] * 4, [4, 3, 14, 13]]
    assert all(t.segmentations == [] for t in tracks)


def test_classes_that_the_videos_do_not_show_leave_nothing(imagenet):
    cfg = imagenet.config("VID", metainfo=dict(classes=("zebra",)), filter_cfg=dict(filter_empty_gt=True))
    with pytest.raises(InputError, match="no video is left for training out of 2"):
        DATASETS.build(cfg)
    with pytest.raises(InputError, match="no video is left for training out of 0"):
        DATASETS.build(imagenet.config("DET", metainfo=dict(classes=("zebra",))))


@pytest.mark.parametrize("split", ["train", "val"])
def test_the_boxes_of_a_generated_set_are_those_of_its_youtube_vis_layout(tiny, split):
    official = tiny / "youtube_vis" / f"{split}.json"
    categories = json.loads(official.read_text())["categories"]
    vid = DATASETS.build(
        dict(
            type="ImageNetVIDDataset",
            data_root=str(tiny / "imagenet_vid"),
            ann_file=f"ImageSets/VID/{split}.txt",
            data_prefix=dict(img_path=f"Data/VID/{split}", ann_path=f"Annotations/VID/{split}"),
            metainfo=dict(
                classes=[c["name"] for c in categories], wnids=[f"n{c['id']:08d}" for c in categories]
            ),
        )
    )  # fmt: skip
    vis = DATASETS.build(dict(type="YouTubeVISDataset", ann_file=str(official)))
    assert len(vid) == len(vis) > 0
    assert vid.metainfo["classes"] == vis.metainfo["classes"]
    for i in range(len(vid)):
        ours, theirs = vid.get_data_info(i), vis.get_data_info(i)
        first = {}  # YouTube-VIS numbers tracks over the whole file
        for a, b in zip(ours["images"], theirs["images"], strict=True):
            assert (a["height"], a["width"], len(a["instances"])) == (b["height"], b["width"], len(b["instances"]))
            by_track = {i["instance_id"]: i for i in b["instances"]}
            for instance in a["instances"]:
                other = next(v for v in by_track.values() if v["bbox"] == instance["bbox"])
                assert instance["bbox_label"] == other["bbox_label"]
                assert first.setdefault(instance["instance_id"], other["instance_id"]) == other["instance_id"]


def test_a_class_map_leads_from_the_official_classes(imagenet):
    mapped = dict(class_map=dict(car="vehicle", dog="animal"), metainfo=dict(classes=("animal", "vehicle")))
    data = DATASETS.build(imagenet.config("VID", **mapped))
    assert data.metainfo["classes"] == ("animal", "vehicle")
    labels = [[i["bbox_label"] for i in image["instances"]] for image in data.get_data_info(0)["images"]]
    assert labels == [[0, 1], [], [0, 1]]
