"""Lists and XML files of ImageNet: what they say, and a sentence with the file for everything that is wrong."""

import pytest
from small_imagenet import CAR, CAT, CHAIR, DOG, FIRST, HEIGHT, IMAGES, SECOND, VIDEOS, WIDTH, xml_of

from mmvis_ext.annotations.imagenet import read_det_images, read_image_sets, read_vid_videos
from mmvis_ext.annotations.imagenet_xml import read_xml
from mmvis_ext.annotations.tolerance import Tolerance
from mmvis_ext.utils.errors import InputError

IDS = {CAT: 4, DOG: 1, CAR: 9}
STRICT = Tolerance("", strict=True)


def refused(read) -> str:
    """The sentence that something is refused with."""
    with pytest.raises(InputError) as caught:
        read()
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


def vid(imagenet, lists="train_*.txt", workers=1, strict=False):
    rows = read_image_sets(str(imagenet.root / "ImageSets/VID" / lists))
    return read_vid_videos(rows, imagenet.tree("VID", IDS), workers, strict)


def det(imagenet, lists="train_*.txt", workers=1, strict=False):
    rows = read_image_sets(str(imagenet.root / "ImageSets/DET" / lists))
    return read_det_images(rows, imagenet.tree("DET", IDS), workers, strict)


def test_a_video_in_several_lists_counts_once_and_lists_go_by_number(imagenet):
    rows = read_image_sets(str(imagenet.root / "ImageSets/VID/train_*.txt"))
    assert rows == [FIRST, SECOND]
    first, chair, dogs = IMAGES
    assert read_image_sets(str(imagenet.root / "ImageSets/DET/train_*.txt")) == [first, chair, dogs], "2 before 10"


def test_negative_and_partly_annotated_images_are_left_out(imagenet):
    path = imagenet.write_list("DET/one.txt", ["a/b 1", "c -1", "d 0", "", "e 77"])
    assert read_image_sets(str(path)) == ["a/b", "e"]


@pytest.mark.parametrize("lists", ["train_*.txt", "frames.txt"])
def test_both_forms_of_a_list_give_the_same_videos(imagenet, lists):
    videos = vid(imagenet, lists)
    assert [v.id for v in videos] == [1, 2]
    for video, (folder, frames) in zip(videos, VIDEOS.items(), strict=True):
        assert (video.height, video.width) == (HEIGHT, WIDTH)
        assert video.file_names == [f"{folder}/{t:06d}.JPEG" for t in range(len(frames))]
        assert video.image_ids == list(range(len(frames)))
        order = list(dict.fromkeys(track for objects in frames for track, *_ in objects))
        assert [t.id for t in video.tracks] == order, "ids are the file's, in order of appearance"
        for track in video.tracks:
            assert track.segmentations == []
            assert not track.iscrowd
            for t, objects in enumerate(frames):
                here = [(wnid, box) for i, wnid, box in objects if i == track.id]
                assert track.visible[t] == bool(here)
                assert track.boxes[t].tolist() == list(here[0][1] if here else (0, 0, 0, 0))
                assert all(track.category_id == IDS[wnid] for wnid, _ in here)


def test_several_processes_read_the_same(imagenet):
    assert [v.file_names for v in vid(imagenet, workers=2)] == [v.file_names for v in vid(imagenet)]
    assert [v.id for v in det(imagenet, workers=2)] == [v.id for v in det(imagenet)]


def test_a_list_may_name_some_frames_of_a_video_in_any_order(imagenet):
    imagenet.write_list("VID/some.txt", [f"{FIRST}/000002 1", f"{FIRST}/000000 2"])
    (video,) = vid(imagenet, "some.txt")
    assert video.file_names == [f"{FIRST}/000000.JPEG", f"{FIRST}/000002.JPEG"]
    assert [t.id for t in video.tracks] == [0, 7, 3]


def test_objects_of_other_classes_are_left_out_and_frames_stay(imagenet):
    imagenet.write_frame("VID", f"{SECOND}/000000", [(1, CHAIR, (1, 1, 9, 9))])
    video = vid(imagenet)[1]
    assert video.tracks == []
    assert len(video.file_names) == 1


def test_images_that_show_a_class_are_videos_of_one_frame(imagenet):
    images = det(imagenet)
    first, _, dogs = IMAGES
    assert [v.file_names for v in images] == [[f"{first}.JPEG"], [f"{dogs}.JPEG"]]
    assert [v.id for v in images] == [1, 3]
    car, *_ = images[0].tracks
    assert (len(images[0].tracks), car.category_id, car.boxes.tolist()) == (1, IDS[CAR], [[3, 4, 20, 16]])
    assert [(t.id, t.category_id, t.visible.tolist()) for t in images[1].tracks] == [(0, 1, [True]), (1, 1, [True])]


def test_boxes_are_cut_to_the_frame_and_are_a_pixel_wide_at_least(tmp_path):
    path = tmp_path / "a.xml"
    boxes = [(-3, 2, 40, 99), (5, 6, 5, 8), (0, 0, 0, 0), (31, 23, 32, 24), (1.5, 2.5, 3, 4)]
    path.write_text(xml_of([(i, DOG, box) for i, box in enumerate(boxes)]))
    frame = read_xml(str(path), STRICT)
    assert (frame.height, frame.width) == (HEIGHT, WIDTH)
    cut = [[0, 2, 32, 24], [5, 6, 6, 8], [0, 0, 1, 1], [31, 23, 32, 24], [1.5, 2.5, 3, 4]]
    assert [o.box for o in frame.objects] == cut


GOOD = xml_of([(0, DOG, (2, 3, 12, 13))])
BROKEN_XML = [
    ("", "not valid XML"),
    (GOOD[: len(GOOD) // 2], "not valid XML"),
    ("\0\1\2", "not valid XML"),
    ('<?xml version="1.0" encoding="nothing-known"?><annotation/>', "not valid XML"),
    ("<html/>", "starts with <html>, not <annotation>"),
    (GOOD.replace("<size>", "<sizes>").replace("</size>", "</sizes>"), "<size><width> is missing"),
    (GOOD.replace("<height>24</height>", ""), "<size><height> is missing"),
    (GOOD.replace("<height>24<", "<height>tall<"), "<size><height> is 'tall', not a number"),
    (GOOD.replace("<height>24<", "<height>nan<"), "<size><height> is 'nan', not a number"),
    (GOOD.replace("<width>32<", "<width>0<"), "the size 0x24 must be"),
    (GOOD.replace("<width>32<", "<width>31.5<"), "the size 31.5x24 must be"),
    (GOOD.replace("<width>32<", "<width>99999<"), "the size 99999x24 must be"),
    (GOOD.replace(f"<name>{DOG}</name>", ""), "an <object> has no <name>"),
    (GOOD.replace(f"<name>{DOG}</name>", "<name> </name>"), "an <object> has no <name>"),
    (GOOD.replace("<trackid>0<", "<trackid>x<"), "<trackid> is 'x', not a number"),
    (GOOD.replace("<trackid>0<", "<trackid><"), "<trackid> is '', not a number"),
    (GOOD.replace("<trackid>0<", "<trackid>-1<"), "the <trackid> -1 must be"),
    (GOOD.replace("<trackid>0<", "<trackid>0.5<"), "the <trackid> 0.5 must be"),
    (GOOD.replace("<trackid>0<", f"<trackid>{2**31}<"), "the <trackid> 2.14748e+09 must be"),
    (GOOD.replace("<bndbox>", "<box>").replace("</bndbox>", "</box>"), "<bndbox><xmin> is missing"),
    (GOOD.replace("<ymax>13</ymax>", ""), "<bndbox><ymax> is missing"),
    (GOOD.replace("<xmax>12<", "<xmax>wide<"), "<bndbox><xmax> is 'wide', not a number"),
    (GOOD.replace("<xmax>12<", "<xmax>1<"), f"the box from (2, 3) to (1, 13) of a {DOG} is turned over"),
    (GOOD.replace("<ymax>13<", "<ymax>2<"), f"the box from (2, 3) to (12, 2) of a {DOG} is turned over"),
    (GOOD.replace("<xmin>2<", "<xmin>32<").replace("<xmax>12<", "<xmax>40<"), "the box from (32, 3) to (40, 13)"),
    (GOOD.replace("<ymin>3<", "<ymin>-9<").replace("<ymax>13<", "<ymax>-2<"), "the box from (2, -9) to (12, -2)"),
]


@pytest.mark.parametrize(("content", "said"), BROKEN_XML, ids=[f"{i} {said}" for i, (_, said) in enumerate(BROKEN_XML)])
def test_an_xml_file_that_is_wrong_is_named(content, said, tmp_path):
    path = tmp_path / "000003.xml"
    path.write_bytes(content.encode())
    assert refused(lambda: read_xml(str(path), STRICT)).startswith(f"{path}: {said}")


def test_an_xml_file_that_cannot_be_read_is_named(tmp_path):
    assert refused(lambda: read_xml(str(tmp_path), STRICT)).startswith(f"{tmp_path}: cannot be read")


@pytest.mark.parametrize("lists", ["train_*.txt", "frames.txt"])
def test_a_missing_xml_file_is_named(imagenet, lists):
    path = imagenet.xml("VID", f"{FIRST}/000001")
    path.unlink()
    assert refused(lambda: vid(imagenet, lists)).startswith(f"{path}: the annotation is missing")


@pytest.mark.parametrize("lists", ["train_*.txt", "frames.txt"])
def test_a_missing_frame_is_named(imagenet, lists):
    path = imagenet.jpeg("VID", f"{FIRST}/000002")
    path.unlink()
    assert refused(lambda: vid(imagenet, lists)).startswith(f"{path}: the frame is missing")


def test_a_missing_image_or_its_xml_file_is_named(imagenet):
    name = next(iter(IMAGES))
    imagenet.jpeg("DET", name).unlink()
    assert refused(lambda: det(imagenet)).startswith(f"{imagenet.jpeg('DET', name)}: the image is missing")
    imagenet.xml("DET", name).unlink()
    assert refused(lambda: det(imagenet)).startswith(f"{imagenet.xml('DET', name)}: the annotation is missing")


def test_a_missing_video_is_named(imagenet):
    imagenet.write_list("VID/more.txt", [f"{FIRST} 1", "nowhere/at_all 1"])
    path = imagenet.root / "Annotations/VID/train/nowhere/at_all"
    assert refused(lambda: vid(imagenet, "more.txt")).startswith(f"{path}: holds no frames")
    imagenet.write_list("VID/none.txt", ["nowhere/at_all 1"])
    assert refused(lambda: vid(imagenet, "none.txt")).startswith(f"{path}.xml: the annotation is missing")


@pytest.mark.parametrize(
    ("objects", "said"),
    [
        ([(0, DOG, (2, 3, 9, 9)), (0, DOG, (9, 9, 12, 12))], "track 0 stands twice in the frame"),
        ([(0, DOG, (2, 3, 9, 9)), (0, CHAIR, (9, 9, 12, 12))], "track 0 stands twice in the frame"),
        ([(None, DOG, (2, 3, 9, 9))], "an <object> has no <trackid>"),
        ([(0, CAT, (2, 3, 9, 9))], f"track 0 is a {CAT} here and another class before"),
    ],
)
def test_a_track_that_contradicts_itself_is_named_with_the_frame(imagenet, objects, said):
    imagenet.write_frame("VID", f"{FIRST}/000001", objects)
    path = imagenet.xml("VID", f"{FIRST}/000001")
    assert refused(lambda: vid(imagenet, strict=True)).startswith(f"{path}: {said}")


def warnings(log) -> list[str]:
    return [r.getMessage() for r in log.records if r.levelname == "WARNING"]


@pytest.mark.parametrize("workers", [1, 2])
def test_boxes_are_set_right_or_left_out_and_counted(workers, imagenet, log):
    objects = [
        (0, DOG, (12, 13, 2, 3)),  # turned over
        (1, DOG, (2, 13, 12, 3)),  # turned over in y alone
        (2, DOG, (32, 3, 40, 13)),  # right of the frame
        (3, DOG, (40, -9, 33, -2)),  # turned over and outside
        (4, DOG, (-5, 20, 9, 30)),  # reaches outside
    ]
    imagenet.write_frame("VID", f"{SECOND}/000000", objects)
    tracks = vid(imagenet, workers=workers)[1].tracks
    assert {t.id: t.boxes.tolist() for t in tracks} == {
        0: [[2, 3, 12, 13]],
        1: [[2, 3, 12, 13]],
        4: [[0, 20, 9, 24]],
    }
    tree = imagenet.root / "Annotations/VID/train"
    assert warnings(log) == [
        f"{tree}: boxes that are turned over, whose ends are swapped: 3 (first: {SECOND}/000000.xml).",
        f"{tree}: boxes outside the frame, which are left out: 2 (first: {SECOND}/000000.xml).",
    ]
    name = list(IMAGES)[2]
    imagenet.write_frame("DET", name, [(None, DOG, (8, 8, 1, 1)), (None, DOG, (50, 50, 60, 60))])
    assert [t.boxes.tolist() for t in det(imagenet, workers=workers)[1].tracks] == [[[1, 1, 8, 8]]]
    assert len(warnings(log)) == 4
    assert "is turned over or outside" in refused(lambda: det(imagenet, strict=True))


def test_of_a_track_that_stands_twice_the_first_counts(imagenet, log):
    imagenet.write_frame("VID", f"{SECOND}/000000", [(1, CAT, (1, 1, 9, 9)), (1, DOG, (5, 5, 8, 8))])
    (track,) = vid(imagenet)[1].tracks
    assert (track.category_id, track.boxes.tolist()) == (IDS[CAT], [[1, 1, 9, 9]])
    (said,) = warnings(log)
    assert "tracks that stand twice in a frame, where the first counts: 1 (first: " in said


@pytest.mark.parametrize(
    ("classes", "kept"),
    [((DOG, CAT, CAT), CAT), ((DOG, CAT, DOG), DOG), ((DOG, CHAIR, CHAIR), None), ((CHAIR, DOG, DOG), DOG)],
)
def test_a_track_has_the_class_of_most_of_its_frames(classes, kept, imagenet, log):
    for t, wnid in enumerate(classes):
        imagenet.write_frame("VID", f"{FIRST}/{t:06d}", [(5, wnid, (t, 1, 9, 9))])
    tracks = vid(imagenet)[0].tracks
    assert [t.category_id for t in tracks] == ([] if kept is None else [IDS[kept]])
    assert all(t.boxes.tolist() == [[0, 1, 9, 9], [1, 1, 9, 9], [2, 1, 9, 9]] for t in tracks)
    number = sum(wnid != classes[0] for wnid in classes)
    (said,) = warnings(log)
    assert f"which gets the class of most of its frames: {number} (first: " in said


def test_frames_of_different_sizes_are_named(imagenet):
    path = imagenet.xml("VID", f"{FIRST}/000001")
    path.write_text(xml_of([], size=(32, 25)))
    assert refused(lambda: vid(imagenet)).startswith(f"{path}: the frame has another size than the video's first")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "names nothing"),
        (["", " "], "names nothing"),
        (["a -1", "b 0"], "names nothing"),
        (["a 1", "b"], "line 2 is 'b'"),
        (["a b"], "line 1 is 'a b'"),
        (["train/a 1 10 300"], "line 1 is 'train/a 1 10 300'"),
        (["a --1"], "line 1 is 'a --1'"),
    ],
)
def test_a_list_that_is_wrong_is_named_with_the_line(imagenet, rows, said):
    path = imagenet.write_list("VID/odd.txt", rows)
    assert refused(lambda: read_image_sets(str(path))).startswith(f"{path}: {said}")


def test_what_is_no_list_is_named(tmp_path):
    assert refused(lambda: read_image_sets(str(tmp_path / "no_*.txt"))).endswith("check ann_file and data_root.")
    assert refused(lambda: read_image_sets(str(tmp_path))).startswith(f"{tmp_path}: cannot be read")
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe\x00\x80")
    assert "is not a text file" in refused(lambda: read_image_sets(str(tmp_path / "a.txt")))
