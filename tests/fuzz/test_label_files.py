"""Labels of other tools with something wrong in them are read, or refused in a sentence."""

import io
import json
import sys

import numpy as np
import pytest
import small_labels as small
from hypothesis import example, given
from hypothesis import strategies as st
from mutants import fuzz, harmless, mutants, spoiled
from PIL import Image

from mmvis_ext.annotations.formats import Source, official_json, read_labels
from mmvis_ext.annotations.index_png import index_png
from mmvis_ext.annotations.youtube_vis import read_annotations
from mmvis_ext.structures import encode
from mmvis_ext.utils.errors import InputError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits the memory as Linux does")


def convert(name, source) -> None:
    """What is converted must be read again without a complaint."""
    text = json.dumps(official_json(read_labels(name, source)))
    try:
        read_annotations(json.loads(text), "converted", as_boxes="segmentations" not in text)
    except InputError as error:
        raise AssertionError(f"was converted, but cannot be read: {error}") from error


def convert_in_both_ways(name, path, frames=None) -> None:
    for track_by, fill_boxes in (("id", True), ("label", False)):
        convert(name, Source(path, frames, track_by, fill_boxes=fill_boxes))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Frames of a video, and labels of all formats beside them, of which a test spoils some."""
    root = tmp_path_factory.mktemp("labels")
    small.frames(root / "frames")
    small.labelme(root / "labelme")
    small.yolo(root / "yolo")
    for name in ("mots", "pngs/dog", "davis/dog"):
        (root / name).mkdir(parents=True)
    for t in range(small.LENGTH):
        (root / f"davis/dog/{t:05d}.png").write_bytes(index_png(small.index_map(t)))
    return root


@pytest.fixture(scope="module")
def labelme_file(tmp_path_factory):
    root = small.labelme(tmp_path_factory.mktemp("labelme"))
    return json.loads((root / "dog/00001.json").read_text())


def with_all_shapes(document: dict) -> dict:
    """A file of labelme that also has a circle, a rectangle and a polygon."""
    (mask, *_) = document["shapes"]
    circle = dict(mask, shape_type="circle", points=[[9, 9], [12, 9]], group_id=3)
    rectangle = dict(mask, shape_type="rectangle", points=[[9, 9], [12, 12]], group_id=4)
    polygon = dict(mask, shape_type="polygon", points=[[9, 9], [12, 12], [3, 12.5]], group_id=5)
    return dict(document, shapes=[*document["shapes"], circle, rectangle, polygon])


@fuzz
@given(data=st.data())
def test_labelme(data, root, labelme_file):
    document = data.draw(mutants(with_all_shapes(labelme_file)))
    (root / "labelme/dog/00001.json").write_text(json.dumps(document))
    harmless(convert_in_both_ways, "labelme", root / "labelme")


BOMB = b'<!DOCTYPE a [<!ENTITY e0 "ha">' + b"".join(
    f'<!ENTITY e{i + 1} "{f"&e{i};" * 10}">'.encode() for i in range(12)
)
ELSEWHERE = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><annotations><track id="&x;"/></annotations>'
BOX = '<box frame="{}" outside="0" xtl="2" ytl="3" xbr="9" ybr="8" rotation="{}"/>'
TURNED = f'<track id="3" label="dog">{BOX.format(0, 0)}{BOX.format(2, 30)}</track>'
VIDEO = small.cvat_video().replace("</annotations>", TURNED + "</annotations>").encode()


@pytest.mark.parametrize("content", [VIDEO, small.cvat_images().encode()], ids=["video", "images"])
@fuzz
@given(data=st.data())
@example(data=BOMB + b"]><annotations>&e12;</annotations>")
@example(data=ELSEWHERE)
@example(data=b"<annotations>" * 100_000)
def test_cvat(content, data, root):
    path = root / "dog.xml"
    path.write_bytes(data if isinstance(data, bytes) else data.draw(spoiled(content)))
    harmless(convert_in_both_ways, "cvat", path, root / "frames")


COCO = small.coco()
COCO["annotations"][0]["bbox"] = [1, 2, 3, 4]
COCO["annotations"][1]["segmentation"] = None
COCO["annotations"][1]["bbox"] = [1, 2, 3, 4]


@fuzz
@given(document=mutants(COCO) | mutants(small.coco(False, "attributes")))
def test_coco(document, root):
    path = root / "coco.json"
    path.write_text(json.dumps(document))
    harmless(convert_in_both_ways, "coco", path)


@fuzz
@given(document=mutants(small.label_studio()))
def test_label_studio(document, root):
    path = root / "tasks.json"
    path.write_text(json.dumps(document))
    harmless(convert_in_both_ways, "label_studio", path, root / "frames")


LINES = b"0 0.1 0.2 0.5 0.2 0.5 0.9 0.8 1\n1 0.5 0.5 0.2 0.25 0.9 3\n"


@fuzz
@given(data=spoiled(LINES) | spoiled(LINES.replace(b" 0.8 1", b" 1").replace(b" 0.9 3", b" 3")))
def test_yolo(data, root):
    for t in range(small.LENGTH):
        (root / f"yolo/dog/{t:05d}.txt").write_bytes(data)
    harmless(convert_in_both_ways, "yolo", root / "yolo", root / "frames")


RLE = encode(small.mask(1, 0)[None])[0]["counts"]
MOTS = f"0 1001 1 24 32 {RLE}\n1 2001 2 24 32 {RLE}\n2 10001 10 24 32 {RLE}\n".encode()


@fuzz
@given(data=spoiled(MOTS))
def test_mots(data, root):
    (root / "mots/dog.txt").write_bytes(data)
    harmless(convert, "mots", Source(root / "mots", root / "frames"))


def png_of_16_bits() -> bytes:
    numbers, buffer = (
        1001 * small.mask(1, 1).astype(np.uint16) + 2007 * small.mask(7, 1).astype(np.uint16),
        io.BytesIO(),
    )
    Image.fromarray(numbers).save(buffer, "PNG")
    return buffer.getvalue()


@fuzz
@given(data=spoiled(png_of_16_bits()))
def test_mots_pngs(data, root):
    (root / "pngs/dog/00001.png").write_bytes(data)
    harmless(convert, "mots", Source(root / "pngs", root / "frames"))


@fuzz
@given(data=spoiled(index_png(small.index_map(1))))
def test_indexed_pngs(data, root):
    (root / "davis/dog/00001.png").write_bytes(data)
    harmless(convert, "davis", Source(root / "davis", root / "frames"))


def test_what_is_not_spoiled_is_read(tmp_path, labelme_file):
    frames = small.frames(tmp_path / "frames")
    for name, content in {
        "dog.xml": VIDEO, "images.xml": small.cvat_images().encode(), "coco.json": json.dumps(COCO).encode(),
        "tasks.json": json.dumps(small.label_studio()).encode(), "dog.txt": MOTS, "yolo/dog/00000.txt": LINES,
        "labelme/00001.json": json.dumps(with_all_shapes(labelme_file)).encode(),
        "pngs/dog/00001.png": png_of_16_bits(),
    }.items():  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    for name, path, tracks in (
        ("cvat", "dog.xml", 3), ("cvat", "images.xml", 2), ("coco", "coco.json", 2), ("yolo", "yolo", 2),
        ("label_studio", "tasks.json", 2), ("mots", "dog.txt", 3), ("mots", "pngs", 2), ("labelme", "labelme", 5),
    ):  # fmt: skip
        file = read_labels(name, Source(tmp_path / path, frames, fill_boxes=True))
        assert len(file.videos[0].tracks) == tracks, path
