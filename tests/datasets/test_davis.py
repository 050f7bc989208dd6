"""DAVIS as a data set: samples, what the evaluation needs, and the same truth as in other layouts."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_davis import HEIGHT, WIDTH, pair

from mmvis_ext.annotations.index_png import VOID
from mmvis_ext.datasets import ClipIndex, Draw
from mmvis_ext.registry import DATASETS
from mmvis_ext.utils.errors import InputError

REAL = Path(__file__).parents[3] / "shared" / "real" / "davis"
TWO = dict(type="ClipSample", clip_len=2)
PIPELINE = [
    dict(
        type="TransformBroadcaster",
        share_random_params=True,
        transforms=[dict(type="LoadFrame"), dict(type="mmdet.LoadTrackAnnotations", with_mask=True)],
    ),
    dict(type="PackClip"),
]


def test_one_class(davis):
    data = DATASETS.build(davis.config())
    assert data.metainfo["classes"] == ("object",)
    assert data.metainfo["categories"] == (dict(id=1, name="object"),)
    assert len(data) == 2


def test_a_missing_folder_of_annotations_is_named(davis):
    folder = davis.root / "Annotations_unsupervised/480p"
    shutil.rmtree(folder)
    with pytest.raises(InputError, match=f"{folder}: there is no such folder, and training needs its annotations"):
        DATASETS.build(davis.config())
    data = DATASETS.build(davis.config(test_mode=True))
    assert data.get_data_info(0)["truth"] is None


def test_a_sample_holds_masks_and_ids(davis):
    data = DATASETS.build(davis.config(clips=TWO, pipeline=PIPELINE))
    item = data[Draw(1, 3)]
    assert item["inputs"].shape == (2, 3, HEIGHT, WIDTH)
    for frame in item["data_samples"].video_data_samples:
        assert frame.gt_instances.instances_ids.tolist() == [1]
        assert frame.gt_instances.masks.masks.sum() == 16 * 16 - 4 * 4


def test_void_pixels_are_ignored_in_training(davis):
    data = DATASETS.build(davis.config(clips=TWO, pipeline=PIPELINE))
    frames = data[Draw(1, 3)]["data_samples"].video_data_samples
    for frame in frames:
        png = np.asarray(Image.open(davis.png("boat", frame.metainfo["frame_id"])))
        void = frame.ignored_instances
        assert len(void) == (png == VOID).any()
        for mask in void.masks.masks:
            assert np.array_equal(mask.astype(bool), png == VOID)
        assert void.instances_ids.tolist() == [-1] * len(void)
    assert any(len(frame.ignored_instances) for frame in frames)
    assert DATASETS.build(davis.config(fps=12)).get_data_info(0)["truth"].void == [None, None], "frame 1 alone has void"


def test_a_test_video_carries_what_the_evaluation_needs(davis):
    data = DATASETS.build(davis.config(test_mode=True))
    video = data[ClipIndex(0, 1, 3)]["video"][-1]
    assert [t.id for t in video["truth"].tracks] == [1, 2]
    assert video["file_names"] == ["dogs/00000.jpg", "dogs/00001.jpg", "dogs/00002.jpg"]
    assert video["truth_files"] == [str(davis.png("dogs", t)) for t in range(3)]
    assert "truth_files" not in data[ClipIndex(0, 0, 2)]["video"][0], "once per video is enough"


def test_a_lower_frame_rate_is_judged_at_that_rate(davis):
    data = DATASETS.build(davis.config(test_mode=True, fps=12))
    assert data[0]["video"][-1]["file_names"] == ["dogs/00000.jpg", "dogs/00002.jpg"]
    assert len(data[0]["video"][-1]["truth_files"]) == 2


def test_the_test_set_has_frames_alone(davis):
    data = DATASETS.build(davis.config("2019/test-dev.txt", test_mode=True))
    video = data[0]["video"][-1]
    assert (video["truth"], video["truth_files"], len(video["file_names"])) == (None, None, 3)
    with pytest.raises(InputError, match="no video is left for training"):
        DATASETS.build(davis.config("2019/test-dev.txt"))


def test_other_folders(davis):
    shutil.move(davis.root / "Annotations_unsupervised/480p", davis.root / "masks")
    data = DATASETS.build(davis.config(data_prefix=dict(ann_path="masks"), test_mode=True))
    assert len(data[0]["video"][-1]["truth"].tracks) == 2


def test_a_missing_list(davis):
    with pytest.raises(InputError, match=r"2018/train\.txt: no such list of sequences"):
        DATASETS.build(davis.config("2018/train.txt"))


@pytest.mark.parametrize("split", ["train", "val"])
def test_the_masks_of_a_generated_set_are_those_of_its_youtube_vis_layout(tiny, split):
    kind = dict(type="DAVISUnsupervisedDataset", data_root=str(tiny / "davis"), workers=1)
    davis = DATASETS.build(kind | dict(ann_file=f"ImageSets/2017/{split}.txt"))
    vis = DATASETS.build(dict(type="YouTubeVISDataset", ann_file=str(tiny / f"youtube_vis/{split}.json")))
    assert len(davis) == len(vis) > 0
    for i in range(len(davis)):
        ours, theirs = davis.get_data_info(i), vis.get_data_info(i)
        assert [im["file_name"] for im in ours["images"]] == [im["file_name"] for im in theirs["images"]]
        pairs = list(zip(ours["truth"].tracks, theirs["truth"].tracks, strict=True))
        assert all(a.segmentations == b.segmentations and a.boxes.tolist() == b.boxes.tolist() for a, b in pairs)


@pytest.mark.skipif(not REAL.exists(), reason="the sequence in ../shared/real/davis is not there")
def test_a_real_sequence():
    kind = dict(type="DAVISUnsupervisedDataset", data_root=str(REAL), ann_file="ImageSets/2017/val.txt")
    data = DATASETS.build(kind | dict(clips=TWO, pipeline=PIPELINE))
    assert (len(data), data.get_len_per_video(0), len(data.get_data_info(0)["truth"].tracks)) == (1, 70, 1)
    assert data[Draw(0, 1)]["inputs"].shape == (2, 3, 240, 432)


@pytest.fixture
def davis_2016(davis):
    """The list leaves out a frame."""
    davis.write_2016()
    davis.write_list("480p/train.txt", [pair("dogs", 0), pair("dogs", 2), pair("boat", 0), pair("boat", 1), ""])
    return davis


def config_2016(davis, names: str = "480p/train.txt", **kwargs) -> dict:
    return davis.config(names, **kwargs) | dict(type="DAVIS2016Dataset")


def test_frames_of_the_list_show_one_object(davis_2016):
    data = DATASETS.build(config_2016(davis_2016, test_mode=True))
    assert data.metainfo["classes"] == ("object",)
    video = data[ClipIndex(0, 0, 2)]["video"][-1]
    assert video["file_names"] == ["dogs/00000.jpg", "dogs/00002.jpg"]
    assert [Path(path).parts[-4:] for path in video["truth_files"]] == [
        ("Annotations", "480p", "dogs", "00000.png"),
        ("Annotations", "480p", "dogs", "00002.png"),
    ]
    data = DATASETS.build(config_2016(davis_2016, clips=TWO, pipeline=PIPELINE))
    for number, frame in enumerate(data[Draw(0, 3)]["data_samples"].video_data_samples):
        mask = np.array(Image.open(davis_2016.png("dogs", 2 * number)))
        assert np.array_equal(frame.gt_instances.masks.masks, [(mask > 0) & (mask != VOID)])
        assert not len(frame.get("ignored_instances", ()))


def test_lists_of_sequences_and_pngs_with_ids_are_read_too(davis):
    shutil.copytree(davis.root / "Annotations_unsupervised", davis.root / "Annotations")
    data = DATASETS.build(config_2016(davis, "2017/train.txt"))
    tracks = data.get_data_info(0)["truth"].tracks
    assert [track.id for track in tracks] == [1]
    assert tracks[0].visible.tolist() == [True, True, True]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([pair("dogs", 0), "dogs"], "line 2: 'dogs' is no pair of paths of one frame"),
        (["/JPEGImages/480p/dogs/00000.jpg /Annotations/480p/dogs/00001.png"], "line 1: .* is no pair of paths"),
        ([pair("dogs", 0), f"{pair('dogs', 1)} x"], "line 2: .* is no pair of paths"),
        ([pair("..", 0)], "line 1: .* is no pair of paths"),
        (["/a.jpg /a.png"], "line 1: .* is no pair of paths"),
        ([pair("dogs", 0), pair("dogs", 0)], "names the frame 'dogs/00000' twice; remove one"),
        ([pair("dogs", 7)], "00007.png: the annotation is missing"),
        ([pair("cats", 0)], "cats: the sequence is missing"),
    ],
)
def test_lists_of_frames_that_make_no_sense(rows, said, davis_2016):
    davis_2016.write_list("480p/train.txt", rows)
    with pytest.raises(InputError, match=said):
        DATASETS.build(config_2016(davis_2016))


def test_a_listed_frame_without_its_image(davis_2016):
    davis_2016.jpeg("boat", 1).unlink()
    (davis_2016.root / "Annotations/480p/boat/00001.png").unlink()
    davis_2016.write_list("480p/train.txt", [pair("boat", 0)])
    assert len(DATASETS.build(config_2016(davis_2016))) == 1
    davis_2016.write_list("480p/train.txt", [pair("boat", 0), pair("boat", 1)])
    shutil.copy(
        davis_2016.root / "Annotations/480p/boat/00000.png", davis_2016.root / "Annotations/480p/boat/00001.png"
    )
    with pytest.raises(InputError, match=r"00001.png: has no frame"):
        DATASETS.build(config_2016(davis_2016))


REAL_2016 = REAL.parents[1] / "real_bench" / "davis2016"


@pytest.mark.skipif(not REAL_2016.exists(), reason="the sequences in ../shared/real_bench are not there")
def test_real_sequences_of_2016():
    data = DATASETS.build(
        dict(type="DAVIS2016Dataset", data_root=str(REAL_2016), ann_file="ImageSets/480p/val.txt", workers=2)
    )
    lengths = [len(info["images"]) for info in map(data.get_data_info, range(len(data)))]
    assert (len(data), sum(lengths)) == (10, 673)
