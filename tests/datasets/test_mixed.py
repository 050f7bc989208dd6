"""Several sets as one: proportions, classes, and draws that depend on the seed alone."""

import json
from collections import Counter

import pytest
import torch
from small_imagenet import CAR, DOG
from torch.utils.data import DataLoader

from mmvis_ext.datasets import Draw, MixedDataset, VideoDrawSampler
from mmvis_ext.registry import DATASETS
from mmvis_ext.utils.errors import InputError

BROADCAST = dict(
    type="TransformBroadcaster",
    share_random_params=True,
    transforms=[dict(type="LoadFrame"), dict(type="mmdet.LoadTrackAnnotations", with_mask=True)],
)


@pytest.fixture
def mixed(official, coco, tmp_path, frames):
    """Three videos, with the nine images that are their frames."""
    paths = {}
    for name, data in (("videos", official), ("images", coco)):
        paths[name] = tmp_path / f"{name}.json"
        paths[name].write_text(json.dumps(data))

    def build(ratio=None, images=None, **kwargs) -> MixedDataset:
        common = dict(data_prefix=dict(img_path=str(frames)), pipeline=[BROADCAST, dict(type="PackClip")])
        datasets = dict(
            videos=dict(common, type="YouTubeVISDataset", ann_file=str(paths["videos"])),
            images=dict(common, type="ImagePseudoVideoDataset", ann_file=str(paths["images"]), workers=1)
            | (images or {}),
        )
        clips = dict(type="ClipSample", clip_len=2)
        return DATASETS.build(dict(type="MixedDataset", datasets=datasets, ratio=ratio, clips=clips) | kwargs)

    return build


@pytest.mark.parametrize(
    ("ratio", "counts"),
    [
        (None, dict(videos=3, images=3)),
        (dict(videos=1, images=2), dict(videos=3, images=6)),
        (dict(images=3), dict(videos=3, images=9)),
        (dict(videos=2, images=1), dict(videos=3, images=2)),
        (dict(videos=0.25), dict(videos=3, images=12)),
    ],
)
def test_an_epoch_shows_the_first_set_once_and_the_others_in_proportion(mixed, ratio, counts):
    data = mixed(ratio)
    draws = list(VideoDrawSampler(data, seed=1))
    assert Counter(data.locate(*draw)[0] for draw in draws) == counts
    assert len(data) == sum(counts.values())
    videos = [item for name, item in (data.locate(*draw) for draw in draws) if name == "videos"]
    assert sorted(videos) == [0, 1, 2]


def test_a_set_is_gone_through_as_often_as_the_ratio_allows_and_the_rest_is_drawn(mixed):
    data = mixed(dict(images=20 / 3))
    rests = []
    for seed in range(40):
        draws = [data.locate(*draw) for draw in VideoDrawSampler(data, seed=seed)]
        items = Counter(item for name, item in draws if name == "images")
        assert sum(items.values()) == 20
        assert min(items.values()) >= 2
        rests += [i for i in items for _ in range(items[i] - 2)]
    assert set(rests) == set(range(9)), "any item may be among the rest"


def test_draws_depend_on_seed_and_epoch_alone(mixed):
    def located(data, seed, epoch):
        sampler = VideoDrawSampler(data, seed=seed)
        sampler.set_epoch(epoch)
        return [data.locate(*draw) for draw in sampler]

    data, other = (mixed(dict(videos=1, images=2)) for _ in range(2))
    assert located(data, 1, 2) == located(data, 1, 2) == located(other, 1, 2)
    assert located(data, 1, 2) != located(data, 1, 3)
    assert located(data, 1, 2) != located(data, 2, 2)


def test_samples_do_not_depend_on_the_number_of_workers(mixed):
    data = mixed(dict(images=2))
    drawn = []
    for workers in (0, 2):
        loader = DataLoader(
            data, sampler=VideoDrawSampler(data, seed=3), num_workers=workers, collate_fn=lambda b: b[0]
        )
        drawn.append([item["inputs"] for item in loader])
    assert len(drawn[0]) == 9
    assert all(torch.equal(a, b) for a, b in zip(*drawn, strict=True))


def test_generated_videos_and_stills_are_mixed(tiny):
    sets = dict(
        videos=dict(type="YouTubeVISDataset", ann_file=str(tiny / "youtube_vis/train.json")),
        images=dict(type="ImagePseudoVideoDataset", ann_file=str(tiny / "coco/train.json"), class_map={}, workers=1),
    )
    data = DATASETS.build(dict(type="MixedDataset", datasets=sets, clips=dict(type="ClipSample", clip_len=3)))
    assert data.sets["images"].metainfo["classes"] == data.metainfo["classes"]
    for draw in VideoDrawSampler(data, seed=0):
        still = data.locate(*draw)[0] == "images"
        item = data[draw]
        assert [len(name) for name in (item["img_path"], set(item["img_path"]))] == [3, 1 if still else 3]
        assert all(i["mask"]["size"] == [item["height"][0], item["width"][0]] for i in item["instances"][0])


def test_items_are_those_of_the_sets(mixed):
    data = mixed()
    for idx, seed in ((0, 3), (2, 4), (3, 5), (5, 6)):
        name, item = data.locate(idx, seed)
        ours, theirs = data[Draw(idx, seed)], data.sets[name][Draw(item, seed)]
        assert torch.equal(ours["inputs"], theirs["inputs"])
        assert [f.metainfo["img_id"] for f in ours["data_samples"].video_data_samples] == [
            f.metainfo["img_id"] for f in theirs["data_samples"].video_data_samples
        ]
    assert data[0]["data_samples"][0].metainfo["video_id"] == 4
    assert data[4]["data_samples"][0].metainfo["video_id"] == 401


def test_one_config_of_clips_serves_all_sets(mixed):
    data = mixed(clips=dict(type="ClipSample", clip_len=4))
    assert [len(data[i]["inputs"]) for i in range(len(data))] == [4] * 6


def test_sets_may_have_clips_of_their_own(mixed):
    data = mixed(clips=None, images=dict(clips=dict(type="ClipSample", clip_len=3)))
    assert len(data[4]["inputs"]) == 3


def test_the_classes_of_the_first_set_are_those_of_a_set_that_names_none(mixed):
    data = mixed(images=dict(class_map=dict(cat="fox")))
    assert data.metainfo["classes"] == ("cat", "dog", "fox")
    assert data.sets["images"].metainfo["classes"] == data.metainfo["classes"]
    labels = [i["bbox_label"] for i in data.sets["images"].get_data_info(3)["images"][0]["instances"]]
    assert labels == [1, 2], "the cat is a fox now"


def test_sets_with_other_classes_are_refused(mixed):
    said = r"'images' has the classes \['dog', 'cat', 'fox'\], but the first set has \['cat', 'dog', 'fox'\]"
    with pytest.raises(InputError, match=said):
        mixed(images=dict(metainfo=dict(classes=("dog", "cat", "fox"))))


@pytest.mark.parametrize("ratio", [dict(still=1), dict(images=0), dict(videos=-1)])
def test_a_ratio_that_makes_no_sense_is_refused(mixed, ratio):
    with pytest.raises(InputError, match=r"must name sets among \['videos', 'images'\], each with a number above 0"):
        mixed(ratio)


def test_a_set_that_would_show_nothing_is_refused(mixed):
    with pytest.raises(InputError, match=r"an epoch shows \{'videos': 3, 'images': 0\}"):
        mixed(dict(images=0.1))


def test_nothing_cannot_be_mixed():
    with pytest.raises(InputError, match="must name sets"):
        MixedDataset({})


def test_an_index_beyond_the_end_is_refused(mixed):
    data = mixed()
    for idx in (-1, 6):
        with pytest.raises(IndexError):
            data[idx]


def test_imagenet_mixes_videos_and_images(imagenet):
    clips = dict(type="ClipSample", clip_len=3, scattered=True)
    own = dict(classes=("hound", "car"), wnids=(DOG, CAR))
    sets = dict(videos=imagenet.config("VID", metainfo=own), images=imagenet.config("DET"))
    data = DATASETS.build(dict(type="MixedDataset", datasets=sets, clips=clips))
    assert data.sets["images"].metainfo["classes"] == data.metainfo["classes"] == ("hound", "car")
    assert len(data) == 4
    assert [len(data[i]["frame_id"]) for i in range(4)] == [3] * 4
    assert [[i["bbox_label"] for i in frame] for frame in data[2]["instances"]] == [[1]] * 3
