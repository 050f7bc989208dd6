"""Labels of one tiny video, ``dog``, in many formats, and frames for them.

Two objects in three frames of 32x24 pixels: a rectangle that moves to the right, and one that only the last two frames
show. Their masks are written down as arrays, which nothing of the code under test has seen.
"""

import base64
import io
import json
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

HEIGHT, WIDTH, LENGTH = 24, 32, 3
BOXES = {1: {0: (2, 3, 10, 9), 1: (4, 3, 12, 9), 2: (6, 3, 14, 9)}, 7: {1: (20, 10, 28, 20), 2: (20, 12, 28, 22)}}
LABELS = {1: "dog", 7: "cat"}


def mask(track: int, t: int) -> np.ndarray:
    """(H, W) uint8; all 0 where the object is absent."""
    out = np.zeros((HEIGHT, WIDTH), np.uint8)
    if t in BOXES[track]:
        x1, y1, x2, y2 = BOXES[track][t]
        out[y1:y2, x1:x2] = 1
    return out


def index_map(t: int) -> np.ndarray:
    return sum(track * mask(track, t) for track in BOXES).astype(np.uint8)


def corners(track: int, t: int) -> list[list[int]]:
    x1, y1, x2, y2 = BOXES[track][t]
    return [[x1, y1], [x2, y1], [x2, y2], [x1, y2]]


def shown() -> list[tuple[int, int]]:
    """(track, frame) of all masks, frame by frame."""
    return [(track, t) for t in range(LENGTH) for track in BOXES if t in BOXES[track]]


def frames(root: Path, ending: str = "jpg", first: int = 0) -> Path:
    """Pictures of the video in a folder of its name."""
    (root / "dog").mkdir(parents=True, exist_ok=True)
    for t in range(LENGTH):
        picture = np.full((HEIGHT, WIDTH, 3), 60 + 20 * t, np.uint8)
        cv2.imwrite(str(root / "dog" / f"{t + first:05d}.{ending}"), picture)
    return root


def png_text(patch: np.ndarray) -> str:
    buffer = io.BytesIO()
    Image.fromarray(patch * np.uint8(255)).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def labelme(root: Path, t: int | None = None, change=None) -> Path:
    """A JSON file per frame; the second frame's shapes are masks, the others polygons."""
    frames(root)
    for i in range(LENGTH):
        shapes = []
        for track in (track for track, at in shown() if at == i):
            x1, y1, x2, y2 = BOXES[track][i]
            shape = dict(label=LABELS[track], group_id=track, shape_type="polygon", points=corners(track, i), flags={})
            if i == 1:
                patch = mask(track, i)[y1:y2, x1:x2]
                shape |= dict(shape_type="mask", points=[[x1, y1], [x2 - 1, y2 - 1]], mask=png_text(patch))
            shapes.append(shape)
        data = dict(version="5.4.1", flags={}, shapes=shapes, imagePath=f"{i:05d}.jpg", imageData=None,
                    imageHeight=HEIGHT, imageWidth=WIDTH)  # fmt: skip
        if i == t:
            data = change(data) or data
        (root / "dog" / f"{i:05d}.json").write_text(json.dumps(data))
    return root


META = f"""<version>1.1</version><meta><task><size>{LENGTH}</size><start_frame>0</start_frame><stop_frame>{LENGTH - 1}
</stop_frame><labels><label><name>dog</name></label><label><name>cat</name></label></labels>
<original_size><width>{WIDTH}</width><height>{HEIGHT}</height></original_size></task></meta>"""


def cvat_points(track: int, t: int) -> str:
    return ";".join(f"{x},{y}" for x, y in corners(track, t))


def cvat_mask(track: int, t: int) -> str:
    """Attributes of a mask that has a margin of one pixel to the left, so that it begins with background."""
    x1, y1, x2, y2 = BOXES[track][t]
    runs = [1, x2 - x1] * (y2 - y1)
    return f'rle="{", ".join(map(str, runs))}" left="{x1 - 1}" top="{y1}" width="{x2 - x1 + 1}" height="{y2 - y1}"'


def cvat_video() -> str:
    """One track of polygons and one of a mask and a polygon."""
    dog = "".join(f'<polygon frame="{t}" outside="0" keyframe="1" points="{cvat_points(1, t)}"/>' for t in range(3))
    cat = (
        f'<mask frame="1" outside="0" occluded="1" {cvat_mask(7, 1)}/>'
        f'<polygon frame="2" outside="0" points="{cvat_points(7, 2)}"/>'
    )
    tracks = f'<track id="1" label="dog">{dog}</track><track id="7" label="cat">{cat}</track>'
    return f"<annotations>{META}{tracks}</annotations>"


def cvat_images() -> str:
    images = ""
    for t in range(LENGTH):
        shapes = "".join(
            f'<polygon label="{LABELS[track]}" points="{cvat_points(track, t)}" group_id="{track}"/>'
            for track, at in shown()
            if at == t
        )
        images += f'<image id="{t}" name="dog/{t:05d}.jpg" width="{WIDTH}" height="{HEIGHT}">{shapes}</image>'
    return f"<annotations>{META}{images}</annotations>"


def coco(by_id: bool = True, key: str = "track_id") -> dict:
    """With ``video_id`` or by folder, and the track id as a key of the annotation or under ``attributes``."""
    images = [dict(id=10 + t, file_name=f"dog/{t:05d}.jpg", height=HEIGHT, width=WIDTH) for t in range(LENGTH)]
    for t, image in enumerate(images):
        image |= dict(video_id=5, frame_id=t) if by_id else {}
    annotations = []
    for track, t in shown():
        outline = [value for corner in corners(track, t) for value in corner]
        entry = dict(id=len(annotations) + 1, image_id=10 + t, category_id={1: 3, 7: 2}[track], segmentation=[outline])
        annotations.append(entry | ({key: track} if key != "attributes" else dict(attributes=dict(track_id=track))))
    categories = [dict(id=2, name="cat"), dict(id=3, name="dog")]
    return dict(categories=categories, images=images[::-1], annotations=annotations)


def label_studio() -> list:
    """Boxes at key frames: the dog moves linearly, the cat comes in the second frame and jumps."""

    def key(track: int, t: int, enabled: bool = True) -> dict:
        x1, y1, x2, y2 = BOXES[track][t]
        numbers = dict(x=x1 / WIDTH, y=y1 / HEIGHT, width=(x2 - x1) / WIDTH, height=(y2 - y1) / HEIGHT)
        return dict(frame=t + 1, enabled=enabled, rotation=0, **{k: 100 * v for k, v in numbers.items()})

    def region(label: str, keys: list) -> dict:
        return dict(type="videorectangle", value=dict(framesCount=LENGTH, sequence=keys, labels=[label]))

    result = [region("dog", [key(1, 0), key(1, 2)]), region("cat", [key(7, 1), key(7, 2, False)])]
    return [dict(id=1, data=dict(video="/data/upload/1/dog.mp4"), annotations=[dict(result=result)])]


def yolo(root: Path, confidence: str = "") -> Path:
    """Polygons through the centres of the outermost pixels, as cv2.findContours gives them."""
    (root / "dog").mkdir(parents=True, exist_ok=True)
    rows: dict[int, str] = {}
    for track, t in shown():
        x1, y1, x2, y2 = BOXES[track][t]
        points = [(x1, y1), (x2 - 1, y1), (x2 - 1, y2 - 1), (x1, y2 - 1)]
        text = " ".join(f"{x / WIDTH:.6g} {y / HEIGHT:.6g}" for x, y in points)
        rows[t] = rows.get(t, "") + f"{dict(dog=0, cat=1)[LABELS[track]]} {text} {confidence}{track}\n"
    for t, text in rows.items():
        (root / "dog" / f"{t:05d}.txt").write_text(text)
    (root / "classes.txt").write_text("dog\ncat\n")
    return root
