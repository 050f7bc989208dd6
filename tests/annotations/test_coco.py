"""COCO instance files: read as they are, refused with a place, and put into the classes of another data set."""

import copy

import numpy as np
import pytest
from pycocotools import mask as coco_mask
from small_file import CATEGORIES, HEIGHT, LENGTHS, TRACKS, WIDTH, cocovid_file, frame_name, official_file, rectangle

from mmvis_ext.annotations.class_maps import in_classes
from mmvis_ext.annotations.coco import read_image_file
from mmvis_ext.structures import decode, encode
from mmvis_ext.utils.errors import InputError

LARGE_ID = 2**32 + 9  # of the last image


def read(path, workers=1):
    return read_image_file(path, workers=workers)


def test_every_image_is_a_video_of_one_frame(coco, write):
    file = read(write(coco))
    assert file.categories == CATEGORIES
    names = [frame_name(v, t) for v, n in LENGTHS.items() for t in range(n)]
    assert [v.file_names for v in file.videos] == [[name] for name in names]
    assert [v.id for v in file.videos] == [400, 401, 402, 403, 404, 200, 900, 901, LARGE_ID]
    assert all(v.image_ids == [v.id] and (v.height, v.width) == (HEIGHT, WIDTH) for v in file.videos)
    for image in file.videos:
        video, t = (9, 2) if image.id == LARGE_ID else divmod(image.id, 100)
        shown = [(i, category) for i, _, v, category, frames in TRACKS if v == video and t in frames]
        assert [(track.id, track.category_id) for track in image.tracks] == [(k, c) for k, (_, c) in enumerate(shown)]
        for track, (i, _) in zip(image.tracks, shown, strict=True):
            assert np.array_equal(decode(track.segmentations, HEIGHT, WIDTH)[0], rectangle(i, t))
            assert track.boxes.tolist() == [[3 + i, 2 + t, 15 + i, 10 + t + i]]


@pytest.mark.parametrize("form", ["compressed", "counts"])
def test_rle_is_read_as_polygons_are(coco, write, form):
    expected = read(write(coco))
    for annotation in coco["annotations"]:
        rle = coco_mask.frPyObjects(annotation["segmentation"], HEIGHT, WIDTH)[0]
        if form == "counts":
            flat = coco_mask.decode(rle).T.flatten()
            ends = [0, *(np.flatnonzero(np.diff(flat)) + 1).tolist(), flat.size]
            rle["counts"] = [0] * int(flat[0]) + np.diff(ends).tolist()
        else:
            rle["counts"] = rle["counts"].decode()
        annotation["segmentation"] = rle
    found = read(write(coco))
    for a, b in zip(expected.videos, found.videos, strict=True):
        assert [t.segmentations for t in a.tracks] == [t.segmentations for t in b.tracks]
        assert [t.boxes.tolist() for t in a.tracks] == [t.boxes.tolist() for t in b.tracks]


def test_several_processes_read_the_same(coco, write, monkeypatch):
    path = write(coco)
    expected = read(path)
    monkeypatch.setattr("mmvis_ext.annotations.coco.TOGETHER", 2)
    assert read(path, workers=2) == expected


def test_crowds_are_marked(coco, write):
    coco["annotations"][0]["iscrowd"] = 1
    assert [t.iscrowd for v in read(write(coco)).videos for t in v.tracks] == [True, False, False, False, False]


def test_a_flat_box_gives_way_to_that_of_the_mask(coco, write):
    coco["annotations"][0]["bbox"] = [3, 2, 12, 0]
    coco["annotations"][1]["bbox"] = [3.5, 2.5, 11, 7]
    del coco["annotations"][2]["bbox"]
    boxes = [t.boxes.tolist()[0] for v in read(write(coco)).videos[:5] for t in v.tracks]
    assert boxes[:2] == [[3, 2, 15, 10], [3.5, 2.5, 14.5, 9.5]]
    assert [3, 6, 15, 14] in boxes


def test_an_object_whose_mask_covers_no_pixel_is_absent(coco, write):
    flat = [[3.0, 5.3, 3.0, 5.3, 4.0, 5.3, 4.0, 5.3]]
    coco["annotations"][0].update(segmentation=flat, bbox=[3.0, 5.3, 1.0, 0.0])
    track = read(write(coco)).videos[0].tracks[0]
    assert not track.visible.any()
    assert track.boxes.tolist() == [[0, 0, 0, 0]]


def test_a_test_split_has_no_annotations(coco, write):
    del coco["annotations"]
    file = read(write(coco))
    assert not file.has_annotations
    assert len(file.videos) == 9


def put(*path_and_value):
    *path, key, value = path_and_value

    def change(data):
        for step in path:
            data = data[step]
        data[key] = value

    return change


def again(name):
    return lambda data: data[name].append(copy.deepcopy(data[name][0]))


BROKEN = [
    (lambda d: d.pop("images"), "not a file of image instances"),
    (put("videos", []), "not a file of image instances"),
    (lambda d: d.pop("categories"), "the field 'categories' is missing"),
    (put("images", {}), "the field 'images' has the wrong type (dict)"),
    (put("images", 0, 5), "images[0]: expected an object"),
    (lambda d: d["images"][0].pop("id"), "images[0]: the field 'id' is missing"),
    (put("images", 0, "file_name", None), "image 400: the field 'file_name' has the wrong type"),
    (put("images", 0, "height", 0), "image 400: height 0 and width 32 must be"),
    (again("images"), "image id 400 occurs twice"),
    (put("annotations", 3), "the field 'annotations' has the wrong type (int)"),
    (again("annotations"), f"annotation id {2**33} occurs twice"),
    (put("annotations", 1, "id", "x"), "annotations[1]: the field 'id' has the wrong type (str)"),
    (put("annotations", 1, "image_id", 7), f"annotation {2**33 + 1}: image_id 7 is not in the file"),
    (put("annotations", 1, "category_id", 8), f"annotation {2**33 + 1}: category_id 8 is not among"),
    (put("annotations", 1, "segmentation", [[1, 2, 3, 4]]), f"annotation {2**33 + 1} (v4/00003.jpg): a polygon is"),
    (put("annotations", 1, "segmentation", dict(size=[1, 1], counts="1")), f"annotation {2**33 + 1} (v4/00003.jpg)"),
    (put("annotations", 1, "bbox", [1, 2, 3]), f"annotation {2**33 + 1}: the box [1, 2, 3]"),
    (put("annotations", 1, "bbox", [1, 2, -3, 5]), f"annotation {2**33 + 1}: the box [1, 2, -3, 5]"),
    (put("annotations", 1, "bbox", [99, 2, 3, 5]), f"annotation {2**33 + 1}: the box [99, 2, 3, 5]"),
]


@pytest.mark.parametrize(("change", "said"), BROKEN, ids=[said for _, said in BROKEN])
def test_a_file_that_is_wrong_is_named_with_the_place(change, said, coco, write):
    change(coco)
    path = write(coco)
    with pytest.raises(InputError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: {said}")
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("data", [official_file(), cocovid_file(), [], None])
def test_a_file_of_another_task_is_named(data, write):
    with pytest.raises(InputError, match="not a file of image instances"):
        read(write(data))


def test_objects_go_to_the_classes_of_another_data_set(coco, write):
    file = read(write(coco))  # cats, dogs, foxes
    mapped = in_classes(file, dict(cat="leopard", fox="dog"), ("dog", "leopard", "owl"))
    assert mapped.categories == [dict(id=1, name="dog"), dict(id=2, name="leopard"), dict(id=3, name="owl")]
    expected = {7: 2, 3: 1, 5: 1}
    for a, b in zip(file.videos, mapped.videos, strict=True):
        assert [expected[t.category_id] for t in a.tracks] == [t.category_id for t in b.tracks]
        assert a.file_names == b.file_names
    assert [t.category_id for t in file.videos[0].tracks] == [3], "the file itself stays as it is"


def test_objects_without_a_class_are_left_out(coco, write):
    file = read(write(coco))
    assert [len(v.tracks) for v in in_classes(file, {}, ("dog",)).videos] == [1, 0, 0, 1, 1, 0, 0, 0, 0]
    assert [len(v.tracks) for v in in_classes(file, dict(dog=None), ("dog", "cat")).videos] == [
        0,
        0,
        0,
        1,
        0,
        1,
        0,
        0,
        0,
    ]


def test_what_the_map_does_not_name_goes_to_one_class(coco, write):
    file = read(write(coco))
    for class_map, expected in (
        ({"*": "thing"}, {7: 1, 3: 1, 5: 1}),
        ({"*": "thing", "cat": "pet"}, {7: 2, 3: 1, 5: 1}),
        ({"*": None, "cat": "pet"}, {7: 2}),
        ({"*": "thing", "fox": None}, {7: 1, 3: 1}),
    ):
        mapped = in_classes(file, class_map, ("thing", "pet"))
        for a, b in zip(file.videos, mapped.videos, strict=True):
            assert [expected[t.category_id] for t in a.tracks if t.category_id in expected] == [
                t.category_id for t in b.tracks
            ]


def test_a_map_leaves_a_test_split_without_annotations(coco, write):
    del coco["annotations"]
    assert not in_classes(read(write(coco)), {}, ("dog",)).has_annotations


@pytest.mark.parametrize(
    ("class_map", "said"),
    [
        (dict(cow="dog"), r"categories \['cow'\] that the file lacks"),
        (dict(cat="kitten"), r"classes \['kitten'\] that are not in the list"),
    ],
)
def test_a_map_that_speaks_of_what_is_not_there_is_refused(class_map, said, coco, write):
    path = write(coco)
    with pytest.raises(InputError, match=said) as caught:
        in_classes(read(path), class_map, ("dog", "leopard"))
    assert str(caught.value).startswith(f"{path}: ")


def test_the_masks_are_those_of_the_file(coco, write):
    """Against pycocotools' own reading."""
    from pycocotools.coco import COCO

    path = write(coco)
    theirs = COCO(str(path))
    for image in read(path).videos:
        masks = [theirs.annToMask(a) for a in theirs.loadAnns(theirs.getAnnIds(imgIds=[image.id]))]
        ours = [t.segmentations[0] for t in image.tracks]
        assert ours == [encode(m[None])[0] for m in masks]
