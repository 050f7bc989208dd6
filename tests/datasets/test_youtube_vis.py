"""The dataset: what a training and a test item hold, and that a draw depends on its seed alone."""

import copy
import math
import random

import numpy as np
import pytest
import torch
from mmdet.structures.mask import BitmapMasks
from mmengine.dataset import pseudo_collate
from small_file import HEIGHT, LENGTHS, WIDTH, cocovid_file, frame_name, official_file, rectangle
from torch.utils.data import DataLoader

from mmvis_ext.datasets import ClipIndex, Draw, VideoDrawSampler, YouTubeVISDataset
from mmvis_ext.datasets.video_dataset import evenly
from mmvis_ext.registry import DATASETS
from mmvis_ext.utils.errors import InputError

BROADCAST = dict(type="TransformBroadcaster", share_random_params=True)
LOAD = [dict(type="LoadFrame"), dict(type="mmdet.LoadTrackAnnotations", with_mask=True)]
RANDOM = [
    dict(
        type="mmdet.RandomChoiceResize",
        scales=[(WIDTH, HEIGHT), (2 * WIDTH, 2 * HEIGHT)],
        keep_ratio=True,
        resize_type="mmdet.Resize",
    ),
    dict(type="mmdet.RandomFlip", prob=0.5),
    dict(type="mmdet.RandomCrop", crop_size=(HEIGHT, WIDTH - 8), allow_negative_crop=True),
]


def pipeline(*transforms: dict) -> list[dict]:
    return [dict(BROADCAST, transforms=[*LOAD, *transforms]), dict(type="PackClip")]


def dataset(path, frames="", clip_len=4, num_clips=1, **kwargs) -> YouTubeVISDataset:
    kwargs.setdefault("pipeline", [])
    clips = dict(type="ClipSample", clip_len=clip_len, num_clips=num_clips)
    cfg = dict(type="YouTubeVISDataset", ann_file=str(path), data_prefix=dict(img_path=str(frames)), clips=clips)
    return DATASETS.build(cfg | kwargs)


def same(a, b) -> bool:
    """Whether two packed items are alike in pixels, annotations and meta data."""
    if not torch.equal(a["inputs"], b["inputs"]):
        return False
    pairs = zip(a["data_samples"].video_data_samples, b["data_samples"].video_data_samples, strict=True)
    return all(
        torch.equal(x.gt_instances.bboxes, y.gt_instances.bboxes)
        and torch.equal(x.gt_instances.instances_ids, y.gt_instances.instances_ids)
        and torch.equal(x.gt_instances.labels, y.gt_instances.labels)
        and np.array_equal(x.gt_instances.masks.masks, y.gt_instances.masks.masks)
        and x.metainfo == y.metainfo
        for x, y in pairs
    )


def test_both_forms_of_a_file_give_the_same_items(write):
    items = []
    for form in (official_file, cocovid_file):
        data = dataset(write(form()), clips=None)
        items.append(copy.deepcopy([data[i] for i in range(len(data))]))
    for a, b in zip(*items, strict=True):
        for x, y in zip(a["images"], b["images"], strict=True):
            assert len(x["instances"]) == len(y["instances"])
            for instance in (*x["instances"], *y["instances"]):
                instance.pop("instance_id")  # unique in the file or in the video
            assert {k: v for k, v in x.items() if k != "img_id"} == {k: v for k, v in y.items() if k != "img_id"}
        assert [t.segmentations for t in a["truth"].tracks] == [t.segmentations for t in b["truth"].tracks]


def test_instances_carry_box_label_mask_and_track(official, write):
    data = dataset(write(official), clips=None)
    images = data[0]["images"]
    assert [[i["instance_id"] for i in image["instances"]] for image in images] == [[0], [], [], [0, 6], [0]]
    first, second = images[3]["instances"]
    assert (first["bbox"], first["bbox_label"], first["ignore_flag"]) == ([3, 5, 15, 13], 1, 0)
    assert (second["bbox"], second["bbox_label"]) == ([9, 5, 21, 19], 0)
    assert second["mask"] == official["annotations"][1]["segmentations"][3]
    assert [(image["frame_id"], image["video_id"]) for image in images] == [(t, 4) for t in range(5)]
    assert images[2]["img_path"] == frame_name(4, 2)


def test_track_id_zero_and_frames_without_objects_reach_the_model(official, write, frames):
    data = dataset(write(official), frames, clip_len=5, pipeline=pipeline())
    sample = data[Draw(0, 1)]["data_samples"]
    ids = [f.gt_instances.instances_ids.tolist() for f in sample.video_data_samples]
    assert ids == [[0], [], [], [0, 6], [0]]
    mask = sample[3].gt_instances.masks
    assert isinstance(mask, BitmapMasks)
    assert np.array_equal(mask.masks, np.stack([rectangle(0, 3), rectangle(6, 3)]))


def test_crowds_are_ignored_and_not_learned(official, write, frames):
    official["annotations"][1]["iscrowd"] = 1
    frame = dataset(write(official), frames, clip_len=5, pipeline=pipeline())[Draw(0, 1)]["data_samples"][3]
    assert frame.gt_instances.instances_ids.tolist() == [0]
    assert frame.ignored_instances.instances_ids.tolist() == [6]


def test_crowds_alone_leave_nothing_to_train_on(official, write, log):
    assert dataset(write(official)).objects_per_video == [2, 1, 0]
    official["annotations"][2]["iscrowd"] = 1
    data = dataset(write(official), filter_cfg=dict(filter_empty_gt=True))
    assert data.objects_per_video == [2], "a video of a crowd shows no object"
    assert "1 of 3 objects have iscrowd=1 and are not learned" in log.text
    for annotation in official["annotations"]:
        annotation["iscrowd"] = 1
    for settings in ({}, dict(filter_cfg=dict(filter_empty_gt=True))):
        with pytest.raises(InputError, match="no object is left to train on, since all 3 have iscrowd=1"):
            dataset(write(official), **settings)
    dataset(write(official), test_mode=True)


@pytest.mark.parametrize("class_map", [None, {"cat": "cat"}])
def test_classes_as_a_text_are_refused(class_map, official, write):
    with pytest.raises(
        InputError, match=r"metainfo.classes is the text 'cat' .* write classes=\('cat',\), with a comma"
    ):
        dataset(write(official), metainfo=dict(classes=("cat")), class_map=class_map)


def test_classes_are_the_files_in_its_order(official, write):
    meta = dataset(write(official)).metainfo
    assert meta["classes"] == ("cat", "dog", "fox")
    assert [c["id"] for c in meta["categories"]] == [7, 3, 5]


def test_the_config_selects_and_orders_classes(official, write):
    data = dataset(write(official), clips=None, metainfo=dict(classes=("fox", "dog")))
    assert data.metainfo["categories"] == (dict(id=5, name="fox"), dict(id=3, name="dog"))
    assert [[i["bbox_label"] for i in image["instances"]] for image in data[0]["images"]] == [[1], [], [], [1], [1]]
    assert not any(image["instances"] for image in data[1]["images"])
    assert [t.category_id for t in data.get_data_info(0)["truth"].tracks] == [3], "ids stay the file's"


def test_a_class_that_the_file_lacks_is_named(official, write):
    path = write(official)
    with pytest.raises(InputError, match=rf"{path}: has no category named \['cow'\].*\['cat', 'dog', 'fox'\]"):
        dataset(path, metainfo=dict(classes=("cat", "cow")))


@pytest.mark.parametrize(("fps", "kept"), [
    (6.0, [0, 1, 2, 3, 4]), (5, [0, 1, 2, 3, 4]), (4.8, [0, 1, 2, 3]), (4, [0, 1, 3, 4]), (3.0, [0, 2, 4]),
    (1.5, [0, 4]), (0.2, [0]),
])  # fmt: skip
def test_a_lower_frame_rate_drops_frames_evenly(fps, kept, official, write):
    data = dataset(write(official), fps=fps, test_mode=True)
    assert data[0]["file_name"] == [frame_name(4, t) for t in kept]
    assert data[0]["frame_id"] == list(range(len(kept)))
    assert data.get_len_per_video(0) == len(kept)
    assert all(len(t.segmentations) == len(kept) for t in data.get_data_info(0)["truth"].tracks)


@pytest.mark.parametrize(
    ("source", "fps"), [(6, 6), (6, 5), (6, 4), (6, 3.5), (6, 1.5), (6, 0.2), (30, 24), (30, 29.97), (25, 0.1)]
)
def test_the_rate_is_the_one_that_was_asked_for(source, fps):
    kept = evenly(6000, source / fps)
    assert kept[0] == 0
    assert len(kept) == math.ceil(6000 * fps / source)
    gaps = np.diff(kept)
    assert gaps.max() - gaps.min() <= 1
    assert gaps.min() >= 1


@pytest.mark.parametrize(("fps", "stride"), [(1.5, 4), (0.2, 30), (0.6, 10), (0.1, 60)])
def test_a_whole_stride_is_kept_exactly(fps, stride):
    assert evenly(6000, 6 / fps) == list(range(0, 6000, stride))


@pytest.mark.parametrize("fps", [0, -1, 7])
def test_an_impossible_frame_rate_is_refused(fps, official, write):
    with pytest.raises(InputError, match=f"fps={fps} must be above 0 and at most source_fps=6.0"):
        dataset(write(official), fps=fps)


def test_filters_drop_videos_in_training_only(official, write):
    official["videos"][1].update(height=10, width=40)
    official["annotations"][2]["segmentations"] = [None]
    path, small = write(official), dict(min_size=11)

    def ids(**kwargs):
        data = dataset(path, clips=None, **kwargs)
        return [data.get_data_info(i)["video_id"] for i in range(len(data))]

    assert ids() == [4, 2, 9]
    assert ids(filter_cfg=small) == [4, 9]
    assert ids(filter_cfg=dict(filter_empty_gt=True)) == [4]
    assert ids(filter_cfg=dict(small, filter_empty_gt=True), test_mode=True) == [4, 2, 9]


@pytest.mark.parametrize(
    ("change", "kwargs"),
    [
        (lambda d: d.pop("annotations"), {}),
        (lambda d: None, dict(filter_cfg=dict(min_size=100))),
        (lambda d: None, dict(metainfo=dict(classes=("fox",)), filter_cfg=dict(filter_empty_gt=True))),
    ],
    ids=["no annotations", "all too small", "no object of the classes"],
)
def test_a_dataset_of_nothing_is_refused(change, kwargs, official, write):
    change(official)
    path = write(official)
    with pytest.raises(InputError, match=rf"{path}: no video is left for training out of \d"):
        dataset(path, **kwargs)


@pytest.mark.parametrize("test_mode", [False, True])
def test_a_file_of_no_videos_is_refused(test_mode, official, write):
    official.update(videos=[], annotations=[])
    with pytest.raises(InputError, match="'videos' is empty"):
        dataset(write(official), test_mode=test_mode)


def test_a_test_split_without_annotations_is_fine(official, write):
    del official["annotations"]
    data = dataset(write(official), test_mode=True)
    assert len(data) == 3
    assert data[0]["video"][0]["truth"] is None


def test_a_window_of_a_test_video_says_where_it_stands(official, write, frames):
    data = dataset(write(official), frames, test_mode=True, pipeline=[
        dict(type="TransformBroadcaster", transforms=[dict(type="LoadFrame")]), dict(type="PackClip"),
    ])  # fmt: skip
    first, last, whole = (data[i] for i in (ClipIndex(0, 0, 3), ClipIndex(0, 3, 5), 0))
    assert torch.equal(torch.cat([first["inputs"], last["inputs"]]), whole["inputs"])
    about = [item["data_samples"].metainfo["video"] for item in (first, last, whole)]
    assert [(v["start"], v["length"], v["id"]) for v in about] == [(0, 5, 4), (3, 5, 4), (0, 5, 4)]
    assert [v["truth"] is None for v in about] == [True, False, False]
    assert last["data_samples"][0].metainfo["frame_id"] == 3
    assert [f.metainfo["ori_video_length"] for f in last["data_samples"].video_data_samples] == [5, 5]


def test_the_truth_of_a_test_video_is_what_the_file_says(official, cocovid, write):
    for form in (official, cocovid):
        video = dataset(write(form), test_mode=True)[0]["video"][-1]
        assert [t.category_id for t in video["truth"].tracks] == [3, 7]
        assert video["truth"].tracks[0].segmentations == official["annotations"][0]["segmentations"]


def test_a_draw_depends_on_its_seed_alone(official, write, frames):
    data = dataset(write(official), frames, clip_len=2, pipeline=pipeline(*RANDOM))
    alone = data[Draw(0, 11)]
    random.seed(5)
    np.random.seed(6)
    data[Draw(1, 3)]
    assert same(data[Draw(0, 11)], alone)
    assert any(not same(data[Draw(0, seed)], alone) for seed in range(12, 18))


def test_a_draw_leaves_the_process_random_state_as_it_was(official, write, frames):
    data = dataset(write(official), frames, clip_len=2, pipeline=pipeline(*RANDOM))
    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state()
    data[Draw(0, 11)]
    assert random.getstate() == before[0]
    assert np.random.get_state()[1].tolist() == before[1]
    assert torch.equal(torch.get_rng_state(), before[2])


def test_items_do_not_depend_on_the_number_of_workers(official, write, frames):
    data = dataset(write(official), frames, clip_len=2, num_clips=2, pipeline=pipeline(*RANDOM))
    drawn = []
    for workers in (0, 1, 2):
        sampler = VideoDrawSampler(data, seed=3, repeat=2)
        loader = DataLoader(data, sampler=sampler, num_workers=workers, collate_fn=lambda batch: batch[0])
        drawn.append(list(loader))
    for many in drawn[1:]:
        assert all(same(a, b) for a, b in zip(drawn[0], many, strict=True))


def test_tracks_are_pasted_from_a_video_that_the_draw_chooses(official, write, frames):
    paste = dict(type="CopyPasteTracks", transforms=LOAD, prob=1, max_shift=0, scale=(1, 1))
    path, pasting = write(official), [paste, dict(type="PackClip")]
    plain = dataset(path, frames, clip_len=2, pipeline=pipeline())
    data = dataset(path, frames, clip_len=2, pipeline=pasting)
    assert same(data[Draw(0, 11)], data[Draw(0, 11)])
    new = []
    for seed in range(20):
        before, after = plain[Draw(0, seed)]["data_samples"], data[Draw(0, seed)]["data_samples"]
        assert [f.frame_id for f in after] == [f.frame_id for f in before]
        own = {int(i) for f in before for i in f.gt_instances.instances_ids}
        new.append(
            {int(n) for f in after for n in f.gt_instances.labels[~np.isin(f.gt_instances.instances_ids, [*own])]}
        )
    assert len({frozenset(labels) for labels in new}) > 1, "from different videos"
    with pytest.raises(InputError, match="no video to paste from"):
        dataset(path, frames, test_mode=True, pipeline=pasting)[0]


def test_all_frames_of_a_sample_are_resized_flipped_and_cropped_alike(official, write, frames):
    official["annotations"][0]["segmentations"] = [official["annotations"][0]["segmentations"][0]] * 5
    data = dataset(write(official), frames, clip_len=2, num_clips=2, pipeline=pipeline(*RANDOM))
    seen = set()
    for seed in range(24):
        item = data[Draw(0, seed)]
        metas = [f.metainfo for f in item["data_samples"].video_data_samples]
        assert len({(m["flip"], m["scale_factor"], m["img_shape"]) for m in metas}) == 1
        still = [f.gt_instances[f.gt_instances.instances_ids == 0] for f in item["data_samples"].video_data_samples]
        assert all(np.array_equal(s.masks.masks, still[0].masks.masks) for s in still), "cropped at one place"
        assert len({tuple(s.bboxes.flatten().tolist()) for s in still}) == 1
        seen.add((metas[0]["flip"], metas[0]["scale_factor"]))
    assert len(seen) == 4, "each combination is drawn"


def test_frames_and_masks_are_flipped_together(official, write, frames):
    data = dataset(write(official), frames, clip_len=5, pipeline=pipeline(dict(type="mmdet.RandomFlip", prob=1.0)))
    item = data[Draw(0, 0)]
    assert (item["inputs"][:, :, :, : WIDTH // 2 - 4] < 20).all(), "the dark half is on the left now"
    instances = item["data_samples"][3].gt_instances
    assert np.array_equal(instances.masks.masks[0], rectangle(0, 3)[:, ::-1])
    assert instances.bboxes[0].tolist() == [WIDTH - 15, 5, WIDTH - 3, 13]


def test_a_repeated_frame_of_a_short_video_is_annotated_like_the_first(official, write, frames):
    data = dataset(write(official), frames, clip_len=4, pipeline=pipeline())
    item = data[Draw(1, 0)]
    assert item["inputs"].shape == (4, 3, HEIGHT, WIDTH)
    for frame in item["data_samples"].video_data_samples:
        assert np.array_equal(frame.gt_instances.masks.masks, rectangle(5, 0)[None])
    item["data_samples"][0].gt_instances.masks.masks[:] = 0
    assert item["data_samples"][1].gt_instances.masks.masks.any(), "the copies share no memory"


def test_drawing_does_not_change_the_dataset(official, write, frames):
    data = dataset(write(official), frames, clip_len=2, pipeline=pipeline(*RANDOM), serialize_data=False)
    before = copy.deepcopy(data.data_list)
    for seed in range(4):
        data[Draw(0, seed)]
    assert data.data_list == before


def test_a_sample_that_cannot_be_had_is_an_error_and_not_another_one(official, write, frames):
    data = dataset(write(official), frames, clip_len=1, pipeline=pipeline())
    (frames / frame_name(2, 0)).unlink()
    with pytest.raises(InputError, match=r"v2/00000\.jpg \(video 2, frame 0\): the frame is missing"):
        data[Draw(1, 0)]


def test_items_collate_into_batches(official, write, frames):
    data = dataset(write(official), frames, clip_len=2, num_clips=2, pipeline=pipeline())
    batch = pseudo_collate([data[Draw(i, 0)] for i in range(len(LENGTHS))])
    assert [tuple(x.shape) for x in batch["inputs"]] == [(4, 3, HEIGHT, WIDTH)] * 3
    assert [s.metainfo["num_clips"] for s in batch["data_samples"]] == [2] * 3


def test_backslashes_in_the_names_of_frames_part_folders(official, write, frames):
    """A script that ran on Windows wrote the file."""
    for video in official["videos"]:
        video["file_names"] = [name.replace("/", "\\") for name in video["file_names"]]
    data = dataset(write(official), frames, clips=None)
    assert data[0]["images"][1]["img_path"] == str(frames / frame_name(4, 1))
    (frames / "v4\\00001.jpg").write_bytes(b"")
    data = dataset(write(official), frames, clips=None)
    assert data[0]["images"][1]["img_path"] == str(frames / "v4\\00001.jpg"), "a file of that very name goes first"


@pytest.mark.parametrize("name", ["/etc/a.jpg", "../a.jpg", "v4/../../a.jpg", "..\\a.jpg", "C:\\a.jpg"])
def test_frames_outside_the_folder_need_a_setting(name, official, write):
    official["videos"][0]["file_names"][1] = name
    path = write(official)
    with pytest.raises(InputError, match=r"of video 4 lies outside the images' folder; .* set outside_root=True"):
        dataset(path).full_init()
    assert len(dataset(path, outside_root=True)) == len(official["videos"])
