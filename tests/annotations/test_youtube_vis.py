"""The reader: one result from every form of a file, and a sentence with a place for everything that is wrong."""

import copy
import itertools
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco_mask
from small_file import HEIGHT, LENGTHS, TRACKS, WIDTH, cocovid_file, frame_name, official_file, rectangle

from mmvis_ext.annotations.coco import read_image_file
from mmvis_ext.annotations.json_file import load_json
from mmvis_ext.annotations.records import AnnotationFile
from mmvis_ext.annotations.youtube_vis import read_annotation_file
from mmvis_ext.structures import decode, encode
from mmvis_ext.utils.errors import InputError


def uncompressed(rle: dict) -> dict:
    """The same mask with counts as a list."""
    pixels = coco_mask.decode(rle).T.flatten().tolist()
    runs = [(value, len(list(group))) for value, group in itertools.groupby(pixels)]
    return dict(size=rle["size"], counts=([0] if runs[0][0] else []) + [length for _, length in runs])


def outline(rle: dict) -> list:
    """The same mask, a rectangle, as a polygon."""
    x, y, w, h = coco_mask.toBbox(rle).tolist()
    return [[x, y, x + w, y, x + w, y + h, x, y + h]]


def with_masks(data: dict, change) -> dict:
    """A file whose masks are written in another way."""
    data = copy.deepcopy(data)
    for annotation in data["annotations"]:
        if "segmentation" in annotation:
            annotation["segmentation"] = change(annotation["segmentation"])
        else:
            annotation["segmentations"] = [s and change(s) for s in annotation["segmentations"]]
    return data


def contents(file: AnnotationFile, official: bool) -> list:
    """All that a file says, in comparable form; track ids are CocoVID's."""
    names = {(v, i): t for i, t, v, *_ in TRACKS} if official else {}
    return [
        (v.id, v.height, v.width, v.file_names, [
            (names.get((v.id, t.id), t.id), t.category_id, t.segmentations, t.boxes.tolist(), t.iscrowd)
            for t in v.tracks
        ])
        for v in file.videos
    ]  # fmt: skip


def say(write, data) -> str:
    """The sentence that a file is refused with, without its path."""
    path = write(data)
    with pytest.raises(InputError) as caught:
        read_annotation_file(path, strict=True)
    sentence = str(caught.value)
    assert sentence.startswith(f"{path}: ")
    assert sentence.endswith(".")
    return sentence.removeprefix(f"{path}: ")


def test_the_file_is_read_as_it_is(official, write):
    file = read_annotation_file(write(official))
    assert file.categories == official["categories"]
    assert [v.id for v in file.videos] == list(LENGTHS)
    for video in file.videos:
        length = LENGTHS[video.id]
        assert (video.height, video.width) == (HEIGHT, WIDTH)
        assert video.file_names == [frame_name(video.id, t) for t in range(length)]
        assert video.image_ids == list(range(length))
        expected = [(i, category, shown) for i, _, v, category, shown in TRACKS if v == video.id]
        for track, (i, category, shown) in zip(video.tracks, expected, strict=True):
            assert (track.id, track.category_id, track.iscrowd) == (i, category, False)
            for t in range(length):
                mask = rectangle(i, t) if t in shown else np.zeros((HEIGHT, WIDTH))
                assert np.array_equal(decode([track.segmentations[t]], HEIGHT, WIDTH)[0], mask)
                assert (track.segmentations[t] is None) == (t not in shown)
                box = [3 + i, 2 + t, 15 + i, 10 + t + i] if t in shown else [0, 0, 0, 0]
                assert track.boxes[t].tolist() == box


@pytest.mark.parametrize("change", [lambda rle: rle, uncompressed, outline], ids=["compressed", "counts", "polygon"])
@pytest.mark.parametrize("form", [official_file, cocovid_file])
def test_all_forms_come_out_alike(form, change, write):
    expected = contents(read_annotation_file(write(official_file())), official=True)
    read = read_annotation_file(write(with_masks(form(), change)))
    assert contents(read, official=form is official_file) == expected


def test_image_ids_of_cocovid_are_kept(cocovid, write):
    file = read_annotation_file(write(cocovid))
    assert [v.image_ids for v in file.videos] == [[400, 401, 402, 403, 404], [200], [900, 901, 902]]


def test_boxes_of_the_file_are_taken_where_there_is_a_mask(official, cocovid, write):
    official["annotations"][0]["bboxes"] = [[1.5, 2, 3, 4], [9, 9, 9, 9], None, None, [-1, 0, 5, 6]]
    track = read_annotation_file(write(official)).videos[0].tracks[0]
    assert track.boxes.tolist() == [[1.5, 2, 4.5, 6], [0] * 4, [0] * 4, [3, 5, 15, 13], [-1, 0, 4, 6]]
    cocovid["annotations"][0]["bbox"] = [1.5, 2, 3, 4]
    assert read_annotation_file(write(cocovid)).videos[0].tracks[0].boxes[4].tolist() == [1.5, 2, 4.5, 6]


@pytest.mark.parametrize("form", [official_file, cocovid_file])
def test_a_test_split_has_no_annotations(form, write):
    data = form()
    del data["annotations"]
    file = read_annotation_file(write(data))
    assert not file.has_annotations
    assert all(v.tracks is None for v in file.videos)
    assert read_annotation_file(write(form())).has_annotations


def test_crowds_are_marked(official, write):
    official["annotations"][1]["iscrowd"] = 1
    assert [t.iscrowd for t in read_annotation_file(write(official)).videos[0].tracks] == [False, True]


def test_both_forms_say_the_same(official, cocovid, write):
    one, other = (read_annotation_file(write(form)) for form in (official, cocovid))
    assert one.categories == other.categories == official["categories"]
    assert [v.file_names for v in one.videos] == [v["file_names"] for v in official["videos"]]
    tracks, given_ = [t for v in one.videos for t in v.tracks], official["annotations"]
    assert [(t.id, t.category_id, t.segmentations) for t in tracks] == [
        (a["id"], a["category_id"], a["segmentations"]) for a in given_
    ]
    for track, same in zip(tracks, (t for v in other.videos for t in v.tracks), strict=True):
        boxes = [coco_mask.toBbox(s).tolist() if s else [0] * 4 for s in track.segmentations]
        assert [[x, y, x2 - x, y2 - y] for x, y, x2, y2 in track.boxes.tolist()] == boxes
        assert (track.segmentations, track.boxes.tolist()) == (same.segmentations, same.boxes.tolist())


def test_the_files_areas_are_kept(official, write):
    assert read_annotation_file(write(official)).videos[0].tracks[0].areas is None
    official["annotations"][0]["areas"] = [7.5, None, None, 3, 0]
    assert read_annotation_file(write(official)).videos[0].tracks[0].areas == [7.5, None, None, 3, 0]


def test_the_areas_of_the_cocovid_form_are_kept_where_every_annotation_has_one(cocovid, write):
    for i, entry in enumerate(cocovid["annotations"]):
        entry["area"] = i + 0.5
    tracks = [t for v in read_annotation_file(write(cocovid)).videos for t in v.tracks]
    assert sorted(area for t in tracks for area in t.areas if area is not None) == [
        i + 0.5 for i in range(len(cocovid["annotations"]))
    ]
    assert all([a is not None for a in t.areas] == t.visible.tolist() for t in tracks)
    del cocovid["annotations"][0]["area"]
    first, *others = (t.areas for v in read_annotation_file(write(cocovid)).videos for t in v.tracks)
    assert first is None
    assert None not in others
    cocovid["annotations"][1]["area"] = "7"
    assert "annotation 1: 'area' is a number of square pixels, not '7'" in say(write, cocovid)


def test_boxes_alone_are_read_where_they_are_asked_for(official, write):
    entry = official["annotations"][0]
    del entry["segmentations"]
    entry["bboxes"] = [[1, 2, 3, 4.5], None, None, None, [0, 0, 2, 2]]
    path = write(official)
    with pytest.raises(InputError, match="annotation 0: the field 'segmentations' is missing"):
        read_annotation_file(path)
    track, *_ = read_annotation_file(path, as_boxes=True).videos[0].tracks
    assert track.segmentations == []
    assert track.boxes.tolist() == [[1, 2, 4, 6.5], [0] * 4, [0] * 4, [0] * 4, [0, 0, 2, 2]]
    assert track.visible.tolist() == [True, False, False, False, True]


def test_for_a_comparison_of_boxes_a_track_is_where_its_boxes_are(official, write):
    entry = official["annotations"][0]
    shown = [s is not None for s in entry["segmentations"]]
    assert True in shown
    assert False in shown
    entry["bboxes"] = [None if s else [1, 2, 3, 4] for s in shown]  # the other way round
    track, *_ = read_annotation_file(write(official), as_boxes=True).videos[0].tracks
    assert [s is not None for s in track.segmentations] == shown
    assert track.boxes.tolist() == [[0] * 4 if s else [1, 2, 4, 6] for s in shown]
    track, *_ = read_annotation_file(write(official)).videos[0].tracks
    assert track.boxes.any(axis=1).tolist() == shown, "otherwise it is where its masks are"


def test_a_choice_of_frames_keeps_what_they_show(official, write):
    video = read_annotation_file(write(official)).videos[0]
    thin = video.frames([0, 2, 4])
    assert thin.file_names == [frame_name(4, t) for t in (0, 2, 4)]
    assert thin.image_ids == [0, 2, 4]
    assert [t.id for t in thin.tracks] == [0], "track 6 is seen in frame 3 alone"
    assert [s is not None for s in thin.tracks[0].segmentations] == [True, False, True]
    assert thin.tracks[0].boxes[2].tolist() == video.tracks[0].boxes[4].tolist()
    assert (video.frames(range(5)).file_names, len(video.tracks)) == (video.file_names, 2)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"no\.json: no such file"):
        read_annotation_file(tmp_path / "no.json")


@pytest.mark.parametrize("keep", [0, 1, 200])
def test_a_truncated_file_is_named(official, tmp_path, keep):
    path = tmp_path / "cut.json"
    path.write_text(json.dumps(official)[:keep])
    with pytest.raises(InputError, match=r"cut\.json: not valid JSON .* truncated or broken"):
        read_annotation_file(path)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"[" * 200000, b"[" + b"9" * 5000 + b"]"])
def test_what_is_not_json_is_named(content, tmp_path):
    path = tmp_path / "odd.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"odd\.json: not valid JSON"):
        load_json(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_skipped(encoding, official, tmp_path):
    official["categories"][0]["name"] = "狗"
    (tmp_path / "a.json").write_bytes(json.dumps(official, ensure_ascii=False).encode(encoding))
    assert read_annotation_file(tmp_path / "a.json").categories[0]["name"] == "狗"


def test_another_encoding_is_named(official, tmp_path):
    official["categories"][0]["name"] = "狗"
    (tmp_path / "a.json").write_bytes(json.dumps(official, ensure_ascii=False).encode("gbk"))
    with pytest.raises(InputError, match=r"a\.json: not valid JSON, since it is no text in UTF-8; save it as UTF-8\.$"):
        read_annotation_file(tmp_path / "a.json")


def test_a_folder_is_not_a_file(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        load_json(tmp_path)


@pytest.mark.parametrize("data", [dict(images=[], annotations=[], categories=[]), [], 5, None])
def test_a_file_of_another_task_is_named(data, write):
    assert "has no 'videos'" in say(write, data)


def put(*path_and_value):
    """A change of a file: set what stands at a path."""
    *path, key, value = path_and_value

    def change(data):
        for step in path:
            data = data[step]
        data[key] = value

    return change


def drop(*path):
    def change(data):
        for step in path[:-1]:
            data = data[step]
        del data[path[-1]]

    return change


def again(name: str):
    def change(data):
        data[name].append(copy.deepcopy(data[name][0]))

    return change


BROKEN_OFFICIAL = [
    (drop("categories"), "the field 'categories' is missing"),
    (put("categories", []), "'categories' is empty"),
    (put("categories", 0, 5), "categories[0]: expected an object"),
    (put("categories", 1, "id", "3"), "categories[1]: the field 'id' has the wrong type (str)"),
    (put("categories", 1, "id", True), "categories[1]: the field 'id' has the wrong type (bool)"),
    (put("categories", 1, "id", 7), "category id 7 occurs twice"),
    (put("categories", 1, "name", "cat"), "category name id cat occurs twice"),
    (put("videos", {}), "the field 'videos' has the wrong type (dict)"),
    (put("videos", []), "'videos' is empty"),
    (again("videos"), "video id 4 occurs twice"),
    (put("videos", 1, "id", None), "videos[1]: the field 'id' has the wrong type"),
    (put("videos", 0, "file_names", []), "video 4: 'file_names' must name at least one frame"),
    (put("videos", 0, "file_names", 1, None), "video 4: 'file_names' must name"),
    (put("videos", 0, "length", 6), "video 4: 'length' is 6 but 'file_names' has 5"),
    (put("videos", 0, "width", 0), "video 4: height 24 and width 0 must be"),
    (put("videos", 0, "height", 10**6), "video 4: height 1000000 and width 32 must be"),
    (drop("videos", 0, "height"), "video 4: the field 'height' is missing"),
    (put("annotations", 3), "the field 'annotations' has the wrong type (int)"),
    (again("annotations"), "annotation id 0 occurs twice"),
    (put("annotations", 1, "id", 2**31), "annotations[1]: the field 'id' is 2147483648"),
    (drop("annotations", 2, "id"), "annotations[2]: the field 'id' is missing"),
    (put("annotations", 1, "video_id", 77), "annotation 6: video_id 77 is not in the file"),
    (put("annotations", 1, "category_id", 4), "annotation 6: category_id 4 is not among"),
    (drop("annotations", 0, "segmentations", 1), "annotation 0: 'segmentations' has 4 entries but video 4 has 5"),
    (put("annotations", 0, "segmentations", 3, "size", [WIDTH, HEIGHT]), "annotation 0, frame 3 (v4/00003.jpg)"),
    (put("annotations", 0, "segmentations", 3, "size", 4), "annotation 0, frame 3 (v4/00003.jpg): the RLE's size 4"),
    (put("annotations", 0, "segmentations", 0, "counts", [5, 6]), "annotation 0, frame 0 (v4/00000.jpg)"),
    (put("annotations", 0, "segmentations", 0, "counts", "0" * 50), "annotation 0, frame 0 (v4/00000.jpg)"),
    (put("annotations", 0, "segmentations", 2, "x"), "annotation 0, frame 2 (v4/00002.jpg)"),
    (put("annotations", 0, "bboxes", [[0, 0, -1, 5]] * 5), "annotation 0, frame 0: the box [0, 0, -1, 5]"),
    (put("annotations", 0, "bboxes", [[0, 0, 10**400, 5]] * 5), "annotation 0, frame 0: the box [0, 0, 1"),
    (put("annotations", 0, "bboxes", [[0, 0, 1e308, 5]] * 5), "annotation 0, frame 0: the box [0, 0, 1e+308, 5]"),
    (put("annotations", 0, "bboxes", [[0, -9, 4, 5]] * 5), "annotation 0, frame 0: the box [0, -9, 4, 5]"),
    (put("annotations", 0, "bboxes", [[40, 0, 4, 5]] * 5), "annotation 0, frame 0: the box [40, 0, 4, 5]"),
    (put("annotations", 0, "bboxes", ["x"] * 5), "annotation 0, frame 0: the box x"),
    (put("annotations", 0, "bboxes", [[0, 0, 4, 5]]), "annotation 0: 'bboxes' has 1 entries but video 4 has 5 frames"),
]
BROKEN_COCOVID = [
    (again("videos"), "video id 4 occurs twice"),
    (again("images"), "image id 404 occurs twice"),
    (drop("images", 0, "frame_id"), "images[0]: the field 'frame_id' is missing"),
    (put("images", 0, "video_id", 5), "images[0]: video_id 5 is not in the file"),
    (put("images", 0, "height", 25), "video 4: its frames have different sizes"),
    (put("videos", 0, "id", 1), "images[0]: video_id 4 is not in the file"),
    (lambda d: d["videos"].append(dict(id=1)), "video 1: has no frames"),
    (put("videos", []), "'videos' is empty"),
    (put("images", 0, "frame_id", 3), "video 4: frame id 3 occurs twice"),
    (put("annotations", 1, "image_id", 5), "annotation 1: image_id 5 is not in the file"),
    (drop("annotations", 1, "instance_id"), "annotation 1: the field 'instance_id' is missing"),
    (put("annotations", 1, "category_id", 7), "annotation 1: instance 0 of video 4 has two annotations in frame 3, or"),
    (put("annotations", 1, "image_id", 404), "annotation 1: instance 0 of video 4 has two annotations in frame 4"),
    (put("annotations", 1, "iscrowd", 1), "annotation 1: instance 0 of video 4 has two annotations in frame 3, or"),
    (put("annotations", 1, "instance_id", -(2**31) - 1), "annotation 1: the field 'instance_id' is -2147483649"),
    (put("annotations", 1, "category_id", 8), "annotation 1: category_id 8 is not among"),
    (put("annotations", 1, "segmentation", "size", [1, 1]), "annotation 1, frame 3: the RLE's size [1, 1]"),
    (put("annotations", 1, "bbox", [1, 2, 3]), "annotation 1: the box [1, 2, 3]"),
    (again("annotations"), "annotation id 0 occurs twice"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "said"), BROKEN_OFFICIAL, ids=[said for _, said in BROKEN_OFFICIAL])
def test_an_official_file_that_is_wrong_is_named_with_the_place(change, said, official, write):
    change(official)
    assert say(write, official).startswith(said)


@pytest.mark.parametrize(("change", "said"), BROKEN_COCOVID, ids=[said for _, said in BROKEN_COCOVID])
def test_a_cocovid_file_that_is_wrong_is_named_with_the_place(change, said, cocovid, write):
    change(cocovid)
    assert say(write, cocovid).startswith(said)


JUNK = st.one_of(
    st.sampled_from([None, True, -1, 0, 1, 3, 2**31, 2**63, 10**400, 1e308, float("nan"), float("inf")]),
    st.sampled_from(["", [], {}, [None]]),
    st.text(max_size=4),
    st.text(st.characters(min_codepoint=48, max_codepoint=111), max_size=20),
    st.lists(st.integers(-5, 1000), max_size=8),
    st.lists(st.lists(st.floats(), min_size=6, max_size=8), max_size=2),
    st.fixed_dictionaries(dict(size=st.sampled_from([[HEIGHT, WIDTH], [HEIGHT], 7]), counts=st.text(max_size=9))),
    st.just(encode(np.eye(HEIGHT, WIDTH)[None])[0]),
)  # fmt: skip


def places(data, path=()):
    """Paths of all values in a file."""
    children = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in children:
        yield (*path, key)
        yield from places(value, (*path, key))


def damage(data: dict, draw) -> None:
    """Drop, double or replace a value somewhere."""
    path = draw(st.sampled_from(list(places(data))))
    *to_owner, key = path
    owner = data
    for step in to_owner:
        owner = owner[step]
    what = draw(st.sampled_from(["replace", "replace", "drop", "double"]))
    if what == "drop":
        del owner[key]
    elif what == "double" and isinstance(owner, list):
        owner.append(copy.deepcopy(owner[key]))
    else:
        owner[key] = copy.deepcopy(draw(JUNK))


@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data(), st.sampled_from([official_file, cocovid_file]), st.integers(1, 3))
def test_a_damaged_file_is_read_or_refused_with_a_sentence(write, data, form, number):
    content = form()
    for _ in range(number):
        damage(content, data.draw)
    path = write(content)
    try:
        file = read_annotation_file(path)
    except InputError as error:
        refused = str(error)
    else:
        check_masks_and_boxes(file)
        refused = None
    assert refused is None or refused.startswith(f"{path}: ")


def check_masks_and_boxes(file: AnnotationFile) -> None:
    for video in file.videos:
        for track in video.tracks or ():
            masks = decode(track.segmentations, video.height, video.width)
            assert [m.any() for m in masks] == [s is not None for s in track.segmentations]
            assert np.isfinite(track.boxes).all()
    [v.frames([0]) for v in file.videos]


def warnings(log) -> list[str]:
    return [r.getMessage() for r in log.records if r.levelname == "WARNING"]


def test_boxes_with_a_side_of_zero_are_left_out_and_counted(official, cocovid, write, log):
    official["annotations"][0]["bboxes"] = [[1, 2, 0, 4], [0, 0, 0, 0], None, [5, 5, 4, 0], [1.5, 2, 3, 4]]
    path = write(official)
    track = read_annotation_file(path).videos[0].tracks[0]
    assert track.boxes.tolist() == [[3, 2, 15, 10], [0] * 4, [0] * 4, [3, 5, 15, 13], [1.5, 2, 4.5, 6]], "masks decide"
    track = read_annotation_file(path, as_boxes=True).videos[0].tracks[0]
    assert track.boxes.tolist() == [[3, 2, 15, 10], [0] * 4, [0] * 4, [3, 5, 15, 13], [1.5, 2, 4.5, 6]]
    first, second = warnings(log)
    said = "boxes with a side of zero, which are left out"
    assert first == f"{path}: {said}: 2 (first: annotation 0, frame 0)."
    assert second == f"{path}: {said}: 3 (first: annotation 0, frame 0)."
    assert say(write, official).startswith("annotation 0, frame 0: the box [1, 2, 0, 4] is not")
    cocovid["annotations"][0]["bbox"] = [1, 2, 0, 4]
    assert read_annotation_file(write(cocovid)).videos[0].tracks[0].boxes[4].tolist() == [3, 6, 15, 14]
    assert warnings(log)[2].endswith(f"{said}: 1 (first: annotation 0).")
    assert say(write, cocovid).startswith("annotation 0: the box [1, 2, 0, 4] is not")


def test_a_track_of_boxes_alone_is_absent_where_a_side_is_zero(official, write):
    entry = official["annotations"][0]
    del entry["segmentations"]
    entry["bboxes"] = [[1, 2, 3, 4], [1, 2, 0, 4], None, [1, 2, 3, 4], [0, 0, 0, 0]]
    track = read_annotation_file(write(official), as_boxes=True).videos[0].tracks[0]
    assert track.visible.tolist() == [True, False, False, True, False]


def test_the_names_of_the_frames_decide_how_many_there_are(official, write, log):
    for video, length in zip(official["videos"], (7, 0, 3), strict=True):
        video["length"] = length
    path = write(official)
    assert [len(v.file_names) for v in read_annotation_file(path).videos] == list(LENGTHS.values())
    (said,) = warnings(log)
    assert said == (
        f"{path}: videos whose 'length' is not the number of their 'file_names', which counts: 2 (first: video 4)."
    )


FORMS = {
    "[x1, y1, x2, y2] in pixels": lambda x, y, w, h: [x, y, x + w, y + h],
    "[x, y, width, height] as shares": lambda x, y, w, h: [x / 200, y / 100, w / 200, h / 100],
    "[centre x, centre y, width, height] in pixels": lambda x, y, w, h: [x + w / 2, y + h / 2, w, h],
}


def boxed_file(rng, form, length=12) -> dict:
    """A video of 200x100 pixels with two tracks, whose boxes are written in some form."""
    annotations = []
    for i in range(2):
        corners = np.stack([rng.integers(0, 120, length), rng.integers(0, 60, length)], 1)
        boxes = np.concatenate([corners, rng.integers(10, 40, (length, 2))], 1).tolist()
        masks = np.zeros((length, 100, 200), np.uint8)
        for mask, (x, y, w, h) in zip(masks, boxes, strict=True):
            mask[y : y + h, x : x + w] = 1
        annotations.append(
            dict(
                id=i,
                video_id=1,
                category_id=1,
                iscrowd=0,
                segmentations=encode(masks),
                bboxes=[form(*b) for b in boxes],
            )
        )
    names = [f"{t}.jpg" for t in range(length)]
    videos = [dict(id=1, height=100, width=200, file_names=names)]
    return dict(videos=videos, categories=[dict(id=1, name="a")], annotations=annotations)


@pytest.mark.parametrize("form", FORMS)
def test_boxes_of_another_form_contradict_their_masks(form, write):
    rng = np.random.default_rng(0)
    data = boxed_file(rng, FORMS[form])
    said = say(write, data)
    assert said.startswith(f"most boxes have little to do with their masks (they fit as {form}")
    assert "write them as [x, y, width, height] in pixels" in said
    images = [dict(id=t, file_name=f"{t}.jpg", height=100, width=200) for t in range(12)]
    annotations = [
        dict(id=100 * a["id"] + t, image_id=t, category_id=1, segmentation=s, bbox=b)
        for a in data["annotations"]
        for t, (s, b) in enumerate(zip(a["segmentations"], a["bboxes"], strict=True))
    ]
    with pytest.raises(InputError, match="most boxes have little to do with their masks"):
        read_image_file(write(dict(images=images, categories=data["categories"], annotations=annotations)), workers=1)


def test_boxes_that_a_person_drew_are_taken(write):
    rng = np.random.default_rng(0)
    data = boxed_file(rng, lambda x, y, w, h: [x + int(rng.integers(-4, 5)), y, w + 3, h + 6])
    read = read_annotation_file(write(data)).videos[0].tracks[1].boxes
    boxes = np.array(data["annotations"][1]["bboxes"])
    assert read.tolist() == np.hstack([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]]).tolist()
