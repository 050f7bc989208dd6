"""Pascal VOC's images as videos of one frame: masks, classes, samples, and every way in which files can be broken."""

import re
import shutil

import numpy as np
import pytest
import torch
from mmdet.datasets import VOCDataset
from PIL import Image
from small_davis import HEIGHT, WIDTH, index_map
from small_voc import AEROPLANE, DOG, IMAGES, PERSON

from mmvis_ext.annotations.class_maps import CLASS_MAPS
from mmvis_ext.annotations.index_png import VOID
from mmvis_ext.annotations.voc import VOC_CLASSES, Folders, read_image_list, read_voc_images
from mmvis_ext.datasets import Draw
from mmvis_ext.registry import DATASETS
from mmvis_ext.structures import decode
from mmvis_ext.utils.errors import InputError

FIRST = "2007_000032"
BROADCAST = dict(
    type="TransformBroadcaster",
    share_random_params=True,
    transforms=[dict(type="LoadFrame"), dict(type="mmdet.LoadTrackAnnotations", with_mask=True)],
)


def read(voc, workers=1):
    folders = Folders(*(str(voc.root / f) for f in ("JPEGImages", "SegmentationObject", "SegmentationClass")))
    return read_voc_images(read_image_list(str(voc.list)), folders, workers)


def labels_of(data):
    """Of the objects of each image, without the void border."""
    images = [data.get_data_info(k)["images"][0] for k in range(len(data))]
    return [[i["bbox_label"] for i in image["instances"] if not i["ignore_flag"]] for image in images]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_image_is_a_video_of_one_frame(voc, workers, monkeypatch):
    monkeypatch.setattr("mmvis_ext.annotations.voc.TOGETHER", 2)
    images = read(voc, workers)
    assert [(v.id, v.height, v.width, v.file_names) for v in images] == [
        (number, HEIGHT, WIDTH, [f"{name}.jpg"]) for number, name in enumerate(IMAGES, 1)
    ]
    assert [[(t.id, t.category_id) for t in v.tracks] for v in images] == [
        [(1, DOG), (2, PERSON)],
        [(3, AEROPLANE)],
        [],
    ]
    for image, (objects, _) in zip(images, IMAGES.values(), strict=True):
        for track in image.tracks:
            assert isinstance(track.segmentations[0]["counts"], str)
            assert (decode(track.segmentations, HEIGHT, WIDTH)[0] == (index_map(objects) == track.id)).all()


def test_void_pixels_belong_to_nobody(voc):
    dog, person = read(voc)[0].tracks
    assert dog.boxes.tolist() == [[2, 4, 8, 20]]
    assert person.boxes.tolist() == [[12, 4, 30, 20]]
    (void,) = decode(read(voc)[0].void, HEIGHT, WIDTH)
    assert np.array_equal(void, index_map(IMAGES[FIRST][0]) == VOID)
    (border,) = (i for i in DATASETS.build(voc.config()).get_data_info(0)["images"][0]["instances"] if i["ignore_flag"])
    assert border["mask"] == read(voc)[0].void[0]
    assert border["instance_id"] == -1


def test_an_object_has_the_class_of_most_of_its_pixels(voc):
    classes = index_map([(DOG, (2, 4, 10, 20)), (VOID, (2, 4, 10, 12)), (PERSON, (2, 12, 4, 20))])
    classes[:, 12:] = PERSON
    voc.write_png("Class", FIRST, classes)
    assert [t.category_id for t in read(voc)[0].tracks] == [DOG, PERSON]


def test_the_lists_images_each_once(voc):
    voc.list.write_text("2008_000002 \n\n2007_000032\n2008_000002")
    assert [v.file_names for v in read(voc)] == [["2008_000002.jpg"], ["2007_000032.jpg"]]


def test_the_classes_are_the_official_ones(voc):
    data = DATASETS.build(voc.config())
    assert data.metainfo["classes"] == VOC_CLASSES == VOCDataset.METAINFO["classes"]
    assert data.metainfo["categories"][PERSON - 1] == dict(id=PERSON, name="person")
    assert labels_of(data) == [[DOG - 1, PERSON - 1], [AEROPLANE - 1], []]
    assert labels_of(DATASETS.build(voc.config(metainfo=dict(classes=("person",))))) == [[0], [], []]


@pytest.mark.parametrize("year", ["2019", "2021"])
def test_a_map_leads_to_the_classes_of_videos(voc, year):
    name, classes = f"voc_to_youtube_vis_{year}", ("airplane", "person", "dog")
    if year == "2019":
        classes = (*classes, "sedan")
    data = DATASETS.build(voc.config(class_map=name, metainfo=dict(classes=classes)))
    assert labels_of(data) == [[2, 1], [0], []]
    assert set(CLASS_MAPS[name]) <= set(VOC_CLASSES)


def test_all_objects_in_one_class(voc):
    for metainfo in (dict(), dict(classes=("object",))):
        data = DATASETS.build(voc.config(class_map="object", metainfo=metainfo))
        assert data.metainfo["classes"] == ("object",)
        assert labels_of(data) == [[0, 0], [0], []]


def test_images_without_objects_are_dropped_in_training(voc):
    cfg = voc.config(filter_cfg=dict(filter_empty_gt=True))
    assert len(DATASETS.build(cfg)) == 2
    assert len(DATASETS.build(dict(cfg, test_mode=True))) == 3


def test_moving_frames_of_an_image(voc):
    pipeline = [BROADCAST, dict(type="PseudoMotion"), dict(type="PackClip")]
    data = DATASETS.build(voc.config(clips=dict(type="ClipSample", clip_len=2), pipeline=pipeline))
    item = data[Draw(0, 0)]
    assert item["inputs"].shape == (2, 3, HEIGHT, WIDTH)
    assert not torch.equal(*item["inputs"])
    frame = item["data_samples"][0]
    assert frame.gt_instances.instances_ids.tolist() == [1, 2]
    assert frame.gt_instances.labels.tolist() == [DOG - 1, PERSON - 1]


def test_other_folders(voc):
    shutil.move(voc.root / "SegmentationClass", voc.root / "classes")
    assert len(DATASETS.build(voc.config(data_prefix=dict(class_path="classes")))) == 3


def spoil(kind, content):
    return lambda voc: voc.write_png(kind, FIRST, content)


def without_palette(voc):
    Image.fromarray(np.zeros((HEIGHT, WIDTH), np.uint8)).save(voc.png("Object", FIRST))


def truncated(voc):
    voc.png("Class", FIRST).write_bytes(voc.png("Class", FIRST).read_bytes()[:-30])


VOIDED = index_map([(VOID, (0, 0, 10, 24)), (PERSON, (12, 0, 32, 24))])
BROKEN = {
    "no list": (lambda v: v.list.unlink(), "train.txt: no such list of images"),
    "a list of another task": (
        lambda v: v.write_list([f"{FIRST}  1", "2008_000002 -1"]),
        "train.txt: has the line '2007_000032 1', but a row is the name of an image and no more",
    ),
    "a list that is no text": (lambda v: v.list.write_bytes(b"\xff\xd8"), "train.txt: is not a text file"),
    "an empty list": (lambda v: v.write_list([]), "train.txt: names no image"),
    "no image": (lambda v: v.image(FIRST).unlink(), "JPEGImages/2007_000032.jpg: the image is missing"),
    "broken image": (lambda v: v.image(FIRST).write_text("no"), "2007_000032.jpg: is no readable image"),
    "no objects": (lambda v: v.png("Object", FIRST).unlink(), "SegmentationObject/2007_000032.png: the PNG is missing"),
    "no classes": (lambda v: v.png("Class", FIRST).unlink(), "SegmentationClass/2007_000032.png: the PNG is missing"),
    "no palette": (without_palette, "SegmentationObject/2007_000032.png: has no palette (its mode is L)"),
    "truncated": (truncated, "SegmentationClass/2007_000032.png: the PNG is truncated or broken"),
    "objects of another size": (
        spoil("Object", np.zeros((HEIGHT * 2, WIDTH), np.uint8)),
        "SegmentationObject/2007_000032.png: has 32x48 pixels, but its image 32x24",
    ),
    "classes of another size": (
        spoil("Class", np.zeros((HEIGHT, WIDTH + 1), np.uint8)),
        "SegmentationClass/2007_000032.png: has 33x24 pixels, but its image 32x24",
    ),
    "an object without class": (
        spoil("Class", VOIDED),
        "SegmentationClass/2007_000032.png: has no class from 1 to 20 where",
    ),
    "a class that is none": (
        spoil("Class", np.full((HEIGHT, WIDTH), 21, np.uint8)),
        "SegmentationClass/2007_000032.png: has no class from 1 to 20 where",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_bad_files_are_named(what, voc):
    change, said = BROKEN[what]
    change(voc)
    with pytest.raises(InputError, match=re.escape(said)) as error:
        DATASETS.build(voc.config())
    assert str(error.value).startswith(str(voc.root))
    assert "\n" not in str(error.value)
