"""Shapes as masks, against every pixel asked one by one, and boxes over time."""

import math

import numpy as np
import pytest
import small_labels as small
from pycocotools import mask as coco_mask

from mmvis_ext.annotations.formats import Source, read_labels
from mmvis_ext.annotations.formats.frame_folders import in_order, number_of
from mmvis_ext.annotations.formats.labelme import class_of_label
from mmvis_ext.annotations.formats.shapes import box_rle, circle_rle, joined, patch_rle, polygon_rle, row_major_patch

SIZE = 30, 40


def pixels(rle):
    return np.zeros(SIZE, np.uint8) if rle is None else coco_mask.decode(rle)


def asked(inside) -> np.ndarray:
    """The pixels whose centre is inside, by a function of x and y."""
    return np.array([[inside(x + 0.5, y + 0.5) for x in range(SIZE[1])] for y in range(SIZE[0])], np.uint8)


def rim(mask: np.ndarray) -> np.ndarray:
    """Pixels beside another value, where the way to round may differ."""
    padded = np.pad(mask, 1, mode="edge")
    near = [padded[1 + dy : 31 + dy, 1 + dx : 41 + dx] for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    return np.any([part != mask for part in near], axis=0)


@pytest.mark.parametrize("radius", [0.2, 3.0, 9.5])
def test_circle(radius):
    got = pixels(circle_rle((20.0, 14.0), radius, SIZE, "a"))
    want = asked(lambda x, y: math.hypot(x - 20, y - 14) <= radius)
    np.testing.assert_array_equal(got[~rim(want)], want[~rim(want)])
    assert abs(int(got.sum()) - math.pi * radius**2) <= 1 + 0.1 * want.sum()


def test_polygon():
    want = asked(lambda x, y: y >= 5 and y - 5 <= 2 * (x - 5) and x <= 15)
    got = pixels(polygon_rle([[5, 5], [15, 5], [15, 25]], SIZE, "a"))
    np.testing.assert_array_equal(got[~rim(want)], want[~rim(want)])
    assert abs(int(got.sum()) - 100) <= 20
    assert polygon_rle([[50, 50], [60, 50], [60, 60]], SIZE, "a") is None


def test_box():
    for box, (x1, y1, x2, y2) in (
        ([2.4, 3.6, 9.6, 8.4], (2, 4, 10, 8)),
        ([-5.0, -5.0, 4.0, 4.0], (0, 0, 4, 4)),
        ([30.0, 20.0, 90.0, 90.0], (30, 20, 40, 30)),
    ):
        np.testing.assert_array_equal(pixels(box_rle(box, SIZE)), asked(lambda x, y: x1 < x < x2 and y1 < y < y2))  # noqa: B023
    assert box_rle([3.0, 3.0, 3.2, 9.0], SIZE) is None


def test_patch_and_union():
    patch = np.array([[0, 1, 1], [1, 0, 1]])
    runs = [1, 3, 1, 1]
    np.testing.assert_array_equal(row_major_patch(runs, 2, 3, "a"), patch)
    want = np.zeros(SIZE, np.uint8)
    want[28:30, 37:40] = patch
    rle = patch_rle(patch, 37, 28, SIZE, "a")
    np.testing.assert_array_equal(pixels(rle), want)
    other = patch_rle(1 - patch, 37, 28, SIZE, "a")
    want[28:30, 37:40] = 1
    np.testing.assert_array_equal(pixels(joined([rle, other])), want)


def test_order_of_names():
    names = ["f10.jpg", "f2.jpg", "a.jpg", "f1_3.jpg", "f1_20.jpg", "7"]
    assert sorted(names, key=in_order) == ["7", "a.jpg", "f1_3.jpg", "f1_20.jpg", "f2.jpg", "f10.jpg"]
    assert [number_of(n) for n in ("dog3/frame_000012.png", "img2_007.jpg", "a.jpg")] == [12, 7, None]


def test_class_of_a_label():
    labels = ("car 2", "car-02", "car_3", "car#4", "car", "f16", "7", "-7", "big car 1")
    assert [class_of_label(label) for label in labels] == ["car"] * 5 + ["f16", "7", "-7", "big car"]


def box(frame, x, outside=0, more=""):
    return f'<box frame="{frame}" outside="{outside}" xtl="{x}" ytl="2" xbr="{x + 8}" ybr="12" {more}/>'


def boxes(xml, tmp_path, **settings):
    path = tmp_path / "dog.xml"
    path.write_text(f"<annotations>{small.META}<track id='0' label='dog'>{xml}</track></annotations>")
    source = Source(path, small.frames(tmp_path / "frames"), **settings)
    tracks = read_labels("cvat", source).videos[0].tracks
    return [b[0] if b.any() else None for b in tracks[0].boxes] if tracks else None


OVER_TIME = {  # what is in the file, and the left end of the box in each frame
    "between two": (box(0, 2) + box(2, 10), [2, 6, 10]),
    "to the end": (box(1, 4), [None, 4, 4]),
    "up to outside": (box(0, 2) + box(2, 9, outside=1), [2, 2, None]),
    "never": (box(0, 2, outside=1), None),
    "back again": (box(0, 2) + box(1, 2, outside=1) + box(2, 7), [2, None, 7]),
    "in any order": (box(2, 10) + box(0, 2), [2, 6, 10]),
}


@pytest.mark.parametrize("what", OVER_TIME)
def test_boxes_of_cvat_over_time(what, tmp_path):
    xml, want = OVER_TIME[what]
    assert boxes(xml, tmp_path) == want


def test_gaps_of_polygons_are_absence(tmp_path, log):
    path = tmp_path / "dog.xml"
    points = "".join(f'<polygon frame="{t}" outside="0" points="{small.cvat_points(1, t)}"/>' for t in (0, 2))
    path.write_text(f"<annotations>{small.META}<track id='0' label='dog'>{points}</track></annotations>")
    (track,) = read_labels("cvat", Source(path, small.frames(tmp_path / "frames"))).videos[0].tracks
    assert track.visible.tolist() == [True, False, True]
    assert "gaps in tracks of polygons or masks, which are taken for absence: 1" in log.text


def test_a_turned_box_is_a_polygon(tmp_path):
    path = tmp_path / "dog.xml"
    shape = '<box frame="{}" outside="{}" xtl="10" ytl="8" xbr="20" ybr="12" rotation="90"/>'
    xml = shape.format(0, 0) + shape.format(1, 1)
    path.write_text(f"<annotations>{small.META}<track id='0' label='dog'>{xml}</track></annotations>")
    (track,) = read_labels("cvat", Source(path, small.frames(tmp_path / "frames"))).videos[0].tracks
    want = np.zeros((small.HEIGHT, small.WIDTH), np.uint8)
    want[5:15, 13:17] = 1
    np.testing.assert_array_equal(coco_mask.decode(track.segmentations[0]), want)


def test_every_second_frame_of_cvat(tmp_path):
    frames = small.frames(tmp_path / "frames")
    meta = small.META.replace("</stop_frame>", "</stop_frame><frame_filter>step=2</frame_filter>")
    xml = f"<track id='0' label='dog'>{box(0, 2)}{box(2, 10)}</track>"
    (tmp_path / "dog.xml").write_text(f"<annotations>{meta}{xml}</annotations>")
    (video,) = read_labels("cvat", Source(tmp_path / "dog.xml", frames)).videos
    assert video.file_names == ["dog/00000.jpg", "dog/00002.jpg"]
    assert video.tracks[0].boxes[:, 0].tolist() == [2, 10]


def test_a_turned_box_of_label_studio(tmp_path):
    import json

    tasks = small.label_studio()
    (key, *_) = tasks[0]["annotations"][0]["result"][0]["value"]["sequence"]
    # 16x6 pixels at (12, 6), turned by a quarter about that corner: from x 6 to 12 and y 6 to 22
    key |= dict(x=37.5, y=25, width=50, height=25, rotation=90, enabled=False)
    path = tmp_path / "a.json"
    path.write_text(json.dumps(tasks))
    file = read_labels("label_studio", Source(path, small.frames(tmp_path / "frames")))
    np.testing.assert_allclose(file.videos[0].tracks[0].boxes[0], [6, 6, 12, 22], atol=1e-9)
    assert not file.videos[0].tracks[0].boxes[1].any()  # not enabled, so absent up to the next key frame


def test_parts_and_labels_as_tracks(tmp_path):
    def change(data):
        left, right = ([[x, 4], [x + 2, 4], [x + 2, 8], [x, 8]] for x in (1, 20))
        data["shapes"] = [dict(label="dog 1", shape_type="polygon", points=p) for p in (left, right)]

    root = small.labelme(tmp_path, 0, change)
    for path in (root / "dog/00001.json", root / "dog/00002.json"):
        path.unlink()
    file = read_labels("labelme", Source(root, track_by="label"))
    (track,) = file.videos[0].tracks
    assert [c["name"] for c in file.categories] == ["dog"]
    want = np.zeros((small.HEIGHT, small.WIDTH))
    want[4:8, 1:3] = want[4:8, 20:22] = 1
    np.testing.assert_array_equal(coco_mask.decode(track.segmentations[0]), want)


def test_a_circle_and_a_rectangle_of_labelme(tmp_path):
    def change(data):
        data["shapes"] = [
            dict(label="dog", group_id=1, shape_type="circle", points=[[10, 10], [10, 15]]),
            dict(label="cat", group_id=2, shape_type="rectangle", points=[[28, 20], [18, 12]]),
        ]

    source = Source(small.labelme(tmp_path, 0, change), fill_boxes=True)
    dog, cat = (t for t in read_labels("labelme", source).videos[0].tracks if t.id in (1, 2) and t.visible[0])
    assert abs(coco_mask.area(dog.segmentations[0]) - 25 * math.pi) < 5
    want = np.zeros((small.HEIGHT, small.WIDTH))
    want[12:20, 18:28] = 1
    np.testing.assert_array_equal(coco_mask.decode(cat.segmentations[0]), want)


def test_pictures_without_a_file_are_left_out(tmp_path, log):
    root = small.labelme(tmp_path)
    (root / "dog/00001.json").unlink()
    assert read_labels("labelme", Source(root)).videos[0].file_names == ["dog/00000.jpg", "dog/00002.jpg"]
    assert "pictures without a JSON file, which are left out: 1 (first: dog/00001.jpg)." in log.text
