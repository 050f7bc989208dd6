"""Every way in which labels can be broken ends in one sentence that names the place."""

import json
import re

import cv2
import numpy as np
import pytest
import small_labels as small
from PIL import Image

from mmvis_ext.annotations.formats import Source, read_labels
from mmvis_ext.annotations.index_png import index_png
from mmvis_ext.utils.errors import InputError


def refused(name: str, source: Source, said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)) as error:
        read_labels(name, source)
    assert str(error.value).endswith(".")
    assert "\n" not in str(error.value)


def shape(**changes):
    return lambda data: data["shapes"][0].update(changes)


def without(key):
    return lambda data: data["shapes"][0].pop(key) and None


LABELME = {
    "no group id": (shape(group_id=None), "the 'dog' has no group_id, which tells objects apart over time; set it"),
    "odd group id": (shape(group_id="a"), "the field 'group_id' has the wrong type"),
    "empty label": (shape(label=" ", group_id=9), "the label ' ' is no name; write letters"),
    "no label": (without("label"), "shapes[0]: the field 'label' is missing"),
    "other label": (shape(label="fox"), "the track 1 is a 'dog' here and a 'fox' elsewhere"),
    "few points": (shape(points=[[1, 2], [3, 4]]), "'points' must be at least 3 pairs of numbers"),
    "odd points": (shape(points=[[1, 2], [3, 4], [5, "a"]]), "'points' must be at least 3 pairs of numbers"),
    "far points": (shape(points=[[1, 2], [3, 4], [5, 1e8]]), "three x, y pairs of numbers in or near the frame"),
    "no mask": (shape(shape_type="mask"), "the field 'mask' is missing"),
    "broken mask": (shape(shape_type="mask", mask="aGFo"), "its mask is no PNG in base64"),
    "mask that sticks out": (
        shape(shape_type="mask", mask=small.png_text(np.ones((8, 8), np.uint8)), points=[[30, 20], [37, 27]]),
        "a mask of 8x8 pixels at (30, 20) sticks out of the frame of 32x24",
    ),
    "box beside masks": (
        shape(shape_type="rectangle", points=[[1, 1], [5, 5]], group_id=9),
        "the object has a box alone, where others have masks; draw its outline, or add --fill-boxes",
    ),
    "outside": (lambda d: d.update(imagePath="../../a.jpg"), "the picture '../../a.jpg' is outside of"),
    "absolute": (lambda d: d.update(imagePath="/a.jpg"), "the picture '/a.jpg' is outside of"),
    "drive": (lambda d: d.update(imagePath="C:\\a.jpg"), "is outside of"),
    "twice": (lambda d: d.update(imagePath="00001.jpg"), "labels dog/00001.jpg a second time"),
    "no size": (lambda d: d.update(imageHeight=None), "the field 'height' has the wrong type"),
    "other size": (lambda d: d.update(imageHeight=25), "but the video's first one"),
    "no shapes": (lambda d: d.pop("shapes") and None, "not a file of labelme, which has 'shapes'"),
}


@pytest.mark.parametrize("what", LABELME)
def test_labelme(what, tmp_path):
    change, said = LABELME[what]
    refused("labelme", Source(small.labelme(tmp_path, 0, change)), said)


def test_labelme_without_a_file(tmp_path):
    refused("labelme", Source(small.frames(tmp_path)), "holds no video")
    refused("labelme", Source(tmp_path / "no"), "no such file or folder; check the path")
    (tmp_path / "a.json").write_text("{")
    refused("labelme", Source(tmp_path), "a.json: not valid JSON")
    refused("labelme", Source(tmp_path / "a.json"), "is no folder; give the one with labelme's JSON files")


def test_two_videos_in_one_folder(tmp_path):
    small.labelme(tmp_path / "a", 1, lambda data: data.update(imageWidth=40))
    refused("labelme", Source(tmp_path / "a"), "put each video into a folder of its own")


def test_strict(tmp_path):
    root = small.labelme(tmp_path, 0, shape(shape_type="line"))
    refused("labelme", Source(root, strict=True), "a shape of the type 'line' covers no area")
    assert len(read_labels("labelme", Source(root)).videos) == 1
    odd = small.labelme(tmp_path / "odd", 0, shape(shape_type=[]))
    refused("labelme", Source(odd, strict=True), "a shape of the type '[]' covers no area")
    (root / "dog/00002.json").unlink()
    small.labelme(tmp_path / "b")
    (tmp_path / "b/dog/00002.json").unlink()
    refused("labelme", Source(tmp_path / "b", strict=True), "has no JSON file; label it, or save it without a shape")


def test_classes(tmp_path):
    root = small.labelme(tmp_path)
    refused("labelme", Source(root, classes=["dog"]), "the label 'cat' is not among the classes dog; add it to")
    assert read_labels("labelme", Source(root, classes=["fox", "dog", "cat"])).categories[0]["name"] == "fox"
    empty = small.labelme(tmp_path / "b", 0, lambda d: d.update(shapes=[]))
    for t in (1, 2):
        (empty / f"dog/{t:05d}.json").unlink()
    refused("labelme", Source(empty), "holds no object, so no class either; name the classes with --classes")
    assert read_labels("labelme", Source(empty, classes=["dog"])).videos[0].tracks == []


CVAT = {  # what is replaced, by what
    "no XML": ("<annotations>", "<annotations", "not valid XML"),
    "another root": ("annotations>", "annotation>", "starts with <annotation>, not <annotations>"),
    "project": ("<task>", "<project></project><task>", "is the export of a whole project; export each task"),
    "no id": ('<track id="1"', "<track", "<track> has no 'id'"),
    "no label": ('label="dog"', "", "<track> has no 'label'"),
    "unknown label": ('label="dog"', 'label="fox"', "the label 'fox' is not among the classes dog, cat"),
    "odd frame": ('frame="0"', 'frame="-1"', "'frame' is -1, not a whole number from 0"),
    "frame beyond": ('frame="0"', 'frame="3"', "the frame 3 is none of the video's 3 frames"),
    "frame twice": ('frame="0"', 'frame="1"', "the frame 1 stands twice"),
    "odd points": ('points="2,3;', 'points="2;', "the points of a polygon are 'x,y;x,y;...'"),
    "no number": ('points="2,3;', 'points="2,a;', "a coordinate is 'a', not a number"),
    "infinite": ('points="2,3;', 'points="2,inf;', "a coordinate is 'inf', not a number"),
    "short runs": ('rle="1, 8', 'rle="1, 7', "the runs of its mask do not fill 9x10 pixels"),
    "outside": ('left="19"', 'left="30"', "sticks out of the frame of 32x24"),
    "large": ('left="19" top="10" width="9"', 'left="0" top="0" width="900000000"', "sticks out of the frame"),
    "another size": ("<width>32", "<width>64", "is of a video of 64x24 pixels, but the frames have 32x24"),
    "few frames": ("<stop_frame>2", "<stop_frame>9", "has 3 frames, but"),
    "turned task": ("<start_frame>0", "<start_frame>9", "the task goes from frame 9 to 2"),
    "endless task": ("<stop_frame>2", "<stop_frame>999999999", "the task goes from frame 0 to 999999999"),
}  # fmt: skip


@pytest.mark.parametrize("what", CVAT)
def test_cvat(what, tmp_path):
    old, new, said = CVAT[what]
    xml = small.cvat_video()
    assert old in xml
    (tmp_path / "dog.xml").write_text(xml.replace(old, new) if what == "another root" else xml.replace(old, new, 1))
    refused("cvat", Source(tmp_path / "dog.xml", small.frames(tmp_path / "frames")), said)


def test_cvat_without_frames(tmp_path):
    (tmp_path / "dog.xml").write_text(small.cvat_video())
    refused("cvat", Source(tmp_path / "dog.xml"), "names no frames; add --frames DIR, the folder with those of 'dog'")
    (tmp_path / "empty").mkdir()
    refused("cvat", Source(tmp_path / "dog.xml", tmp_path / "empty"), "has no pictures in a folder 'dog' nor in itself")
    lines = small.cvat_video().replace("polygon", "polyline")
    (tmp_path / "dog.xml").write_text(lines)
    source = Source(tmp_path / "dog.xml", small.frames(tmp_path / "frames"), strict=True)
    refused("cvat", source, "<polyline> is no polygon, box or mask")


CVAT_IMAGES = {
    "no group": (' group_id="1"', "", "the 'dog' has no group_id, which tells objects apart over time; group its"),
    "outside": ('name="dog/', 'name="../dog/', "leads out of the folder of the data set"),
    "twice": ("00001.jpg", "00000.jpg", "the image 'dog/00000.jpg' stands twice"),
    "another size": ('width="32"', 'width="33"', "and all images of a folder are one video"),
    "no size": ('width="32"', "", "<image> has no 'width'"),
}


@pytest.mark.parametrize("what", CVAT_IMAGES)
def test_cvat_images(what, tmp_path):
    old, new, said = CVAT_IMAGES[what]
    (tmp_path / "a.xml").write_text(small.cvat_images().replace(old, new, 1))
    refused("cvat", Source(tmp_path / "a.xml"), said)


def entry(**changes):
    return lambda d: d["annotations"][0].update(changes)


COCO = {
    "no images": (lambda d: d.pop("images"), "has no 'images', so it is no COCO file"),
    "no annotations": (lambda d: d.pop("annotations"), "the field 'annotations' is missing"),
    "no track": (lambda d: d["annotations"][0].pop("track_id"), "has no 'track_id', which tells objects apart"),
    "odd track": (entry(track_id=[]), "the field 'track_id' has the wrong type"),
    "unknown image": (entry(image_id=99), "image_id 99 is not in the file"),
    "unknown category": (entry(category_id=99), "category_id 99 is not in the file"),
    "image twice": (lambda d: d["images"][0].update(id=10), "image id 10 occurs twice"),
    "no frame": (lambda d: d["images"][0].pop("frame_id"), "the field 'frame_id' is missing"),
    "no video": (lambda d: d["images"][0].pop("video_id"), "the field 'video_id' is missing"),
    "frame twice": (lambda d: d["images"][0].update(frame_id=0), "frame id 0 occurs twice"),
    "sizes": (lambda d: d["images"][0].update(width=64), "its frames have different sizes"),
    "no shape": (entry(segmentation=None), "has neither a 'segmentation' nor a 'bbox'"),
    "odd RLE": (entry(segmentation=dict(size=[1, 1], counts="1")), "differs from the frame's"),
}


@pytest.mark.parametrize("what", COCO)
def test_coco(what, tmp_path):
    change, said = COCO[what]
    data = small.coco()
    change(data)
    (tmp_path / "a.json").write_text(json.dumps(data))
    refused("coco", Source(tmp_path / "a.json"), said)


def region(**changes):
    return lambda d: d[0]["annotations"][0]["result"][0]["value"].update(changes)


def key(**changes):
    return lambda d: d[0]["annotations"][0]["result"][0]["value"]["sequence"][0].update(changes)


LABEL_STUDIO = {
    "no list": (lambda d: d.clear(), "no list of tasks; export JSON (not JSON-MIN)"),
    "no annotations": (lambda d: d[0].pop("annotations"), "the field 'annotations' is missing"),
    "no video": (lambda d: d[0]["data"].clear(), "'data' names no 'video'"),
    "odd video": (lambda d: d[0]["data"].update(video=".."), "is no name of a folder"),
    "odd label": (region(labels=["\ud800"]), "the label '\\ud800' is no name; write letters"),
    "no label": (region(labels=[]), "has no label; choose one for the region"),
    "no sequence": (region(sequence=None), "the field 'sequence' has the wrong type"),
    "frame 0": (key(frame=0), "a key frame needs 'frame' from 1"),
    "no number": (key(x=None), "a key frame needs 'frame' from 1"),
}


@pytest.mark.parametrize("what", LABEL_STUDIO)
def test_label_studio(what, tmp_path):
    change, said = LABEL_STUDIO[what]
    data = small.label_studio()
    change(data)
    (tmp_path / "a.json").write_text(json.dumps(data))
    refused("label_studio", Source(tmp_path / "a.json", small.frames(tmp_path / "frames")), said)


def test_a_region_without_key_frames_is_no_track(tmp_path):
    data = small.label_studio()
    region(sequence=[])(data)
    (tmp_path / "a.json").write_text(json.dumps(data))
    file = read_labels("label_studio", Source(tmp_path / "a.json", small.frames(tmp_path / "frames")))
    assert [c["name"] for c in file.categories] == ["cat"]
    assert len(file.videos[0].tracks) == 1


def test_label_studio_tells_what_it_leaves_out(tmp_path, log):
    data = small.label_studio()
    (annotation,) = data[0]["annotations"]
    annotation["result"].append(dict(type="choices", value={}))
    data[0]["annotations"] = [dict(was_cancelled=True, result=[]), annotation, dict(result=[])]
    (tmp_path / "a.json").write_text(json.dumps(data))
    source = Source(tmp_path / "a.json", small.frames(tmp_path / "frames"))
    assert len(read_labels("label_studio", source).videos[0].tracks) == 2
    assert "tasks with several annotations, of which the first counts: 1" in log.text
    assert "results that are no videorectangle, which are left out: 1" in log.text


YOLO = {
    "no id": ("0 0.1 0.1 0.5 0.1 0.5 0.53", "does not end with a track id; write 'class x1 y1"),
    "no id of a box": ("0 0.5 0.5 0.2 0.2", "does not end with a track id"),
    "a confidence in one line": ("0 0.1 0.1 0.5 0.1 0.5 0.5 0.9 3", "has another form than the lines before"),
    "text": ("dog 0.1 0.1 0.5 0.1 0.5 0.5 3", "is no line of numbers"),
    "pixels": ("0 10 10 50 10 50 50 3", "coordinates are shares of the frame, from 0 to 1"),
    "nan": ("0 nan 0.1 0.5 0.1 0.5 0.5 3", "coordinates are shares of the frame"),
    "other class": ("1 0.1 0.1 0.5 0.1 0.5 0.5 1", "the track 1 is a 'cat' here and a 'dog' elsewhere"),
}


@pytest.mark.parametrize("what", YOLO)
def test_yolo(what, tmp_path):
    line, said = YOLO[what]
    root = small.yolo(tmp_path / "labels")
    with (root / "dog/00002.txt").open("a") as file:
        file.write(f"{line}\n")
    refused("yolo", Source(root, small.frames(tmp_path / "frames"), strict=True), said)


def test_yolo_lines_without_an_id(tmp_path, log):
    root, frames = small.yolo(tmp_path / "labels"), small.frames(tmp_path / "frames")
    with (root / "dog/00002.txt").open("a") as file:
        file.write("0 0.1 0.1 0.5 0.1 0.5 0.53\n0 0.1 0.1 0.5 0.1 0.5 0.53 0.9\n")
    assert len(read_labels("yolo", Source(root, frames)).videos[0].tracks) == 2
    assert "lines without a track id, which are left out: 2 (first: dog/00002.txt, line 3)." in log.text
    for t in range(small.LENGTH):
        (root / f"dog/{t:05d}.txt").write_text("0 0.1 0.1 0.5 0.1 0.5 0.53\n")
    refused("yolo", Source(root, frames), "no line ends with a track id; write 'class x1 y1")


def test_yolo_files(tmp_path):
    root, frames = small.yolo(tmp_path / "labels"), small.frames(tmp_path / "frames")
    refused("yolo", Source(root), "yolo names no frames; add --frames DIR")
    refused("yolo", Source(root / "classes.txt", frames), "is no folder; give the one with the text files")
    for t in range(small.LENGTH):  # as ultralytics names those of a video
        (root / f"dog/{t:05d}.txt").rename(root / f"dog_{t + 1}.txt")
    assert len(read_labels("yolo", Source(root, frames)).videos[0].tracks) == 2
    (root / "dog_4.txt").write_text("")
    refused("yolo", Source(root, frames), "dog_4.txt: belongs to no frame in")
    (root / "classes.txt").write_text("dog\ndog\n")
    refused("yolo", Source(root, frames), "names a class twice")


MOTS = {
    "short": ("0 1001 1 24 32", "is no line 'frame object_id class_id height width rle'"),
    "no number": ("0 1001 a 24 32 0", "is no line"),
    "no frame": ("9 1001 1 24 32 0", "has the frame's number 9; extract all frames"),
    "size": ("0 1001 1 24 33 0", "differs from the frame's"),
    "broken": ("0 1001 1 24 32 00", "does not fill the frame's 768 pixels"),
}


@pytest.mark.parametrize("what", MOTS)
def test_mots(what, tmp_path):
    line, said = MOTS[what]
    (tmp_path / "dog.txt").write_text(f"\n{line}\n")
    refused("mots", Source(tmp_path / "dog.txt", small.frames(tmp_path / "frames")), said)


PNGS = {
    "eight bits": (np.zeros((24, 32), np.uint8), "is no grey PNG of 16 bits (its mode is L)"),
    "no class": (np.full((24, 32), 7, np.uint16), "holds 7, but a pixel is class * 1000 + id"),
    "size": (np.zeros((24, 33), np.uint16), "has 33x24 pixels, but the frames 32x24"),
}


@pytest.mark.parametrize("what", PNGS)
def test_mots_pngs(what, tmp_path):
    numbers, said = PNGS[what]
    (tmp_path / "masks/dog").mkdir(parents=True)
    Image.fromarray(numbers).save(tmp_path / "masks/dog/00001.png")
    source = Source(tmp_path / "masks", small.frames(tmp_path / "frames"))
    refused("mots", source, said)
    (tmp_path / "masks/dog/00001.png").write_text("no")
    refused("mots", source, "the PNG is truncated or broken")
    (tmp_path / "masks/dog/00001.png").rename(tmp_path / "masks/dog/00009.png")
    refused("mots", source, "00009.png: no picture of")


BITMASKS = {
    "three channels": (np.zeros((24, 32, 3), np.uint8), "is no PNG of four channels (its mode is RGB)"),
    "class": (np.full((24, 32, 4), 9, np.uint8), "holds class 9, and there are 8"),
    "size": (np.zeros((24, 33, 4), np.uint8), "has 33x24 pixels, but the frames 32x24"),
}


@pytest.mark.parametrize("what", BITMASKS)
def test_bdd100k(what, tmp_path):
    pixels, said = BITMASKS[what]
    (tmp_path / "masks/dog").mkdir(parents=True)
    path = tmp_path / "masks/dog/dog-0000001.png"
    Image.fromarray(pixels).save(path)
    source = Source(tmp_path / "masks", small.frames(tmp_path / "frames"))
    refused("bdd100k", source, said)
    path.write_text("no")
    refused("bdd100k", source, "the PNG is truncated or broken")
    path.rename(path.with_name("dog-0000009.png"))
    refused("bdd100k", source, "dog-0000009.png: no picture of")
    refused("bdd100k", Source(tmp_path / "frames/none", source.frames), "no such file or folder")


def test_indexed_pngs(tmp_path, log):
    source = Source(tmp_path / "masks", small.frames(tmp_path / "frames"))
    (tmp_path / "masks/dog").mkdir(parents=True)
    refused("davis", source, "has no folders of PNGs")
    for t in (0, 2):
        (tmp_path / f"masks/dog/{t:05d}.png").write_bytes(index_png(small.index_map(t)))
    assert read_labels("davis", source).videos[0].file_names == ["dog/00000.jpg", "dog/00002.jpg"]
    assert "frames without a PNG, which are left out: 1 (first: dog/00001.jpg)." in log.text
    refused("davis", Source(source.path, source.frames, strict=True), "dog: has no PNG of the frame 00001")
    refused(
        "davis", Source(source.path, source.frames, classes=["a", "b"]), "so all objects are of one; give one class"
    )
    refused("davis", Source(source.path), "davis names no frames; add --frames DIR")
    cv2.imwrite(str(tmp_path / "masks/dog/00001.png"), np.zeros((24, 32, 3), np.uint8))
    refused("davis", source, "has no palette (its mode is RGB)")


def test_frames_of_other_sizes_and_broken_ones(tmp_path):
    (tmp_path / "dog.xml").write_text(small.cvat_video())
    source = Source(tmp_path / "dog.xml", small.frames(tmp_path / "frames"))
    cv2.imwrite(str(tmp_path / "frames/dog/00001.jpg"), np.zeros((30, 32, 3), np.uint8))
    refused("cvat", source, "has 32x30 pixels, but the sequence's first frame 32x24")
    (tmp_path / "frames/dog/00001.jpg").write_text("no")
    refused("cvat", source, "is no readable image")


def test_cells_without_truth(tmp_path):
    (tmp_path / "01").mkdir()
    refused("cells", Source(tmp_path), "has no sequence with its truth, such as 01 and 01_GT")
