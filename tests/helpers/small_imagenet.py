"""ImageNet VID and DET as they unpack, as small as they can be."""

from pathlib import Path

import cv2
import numpy as np

from mmvis_ext.annotations.imagenet import Tree

HEIGHT, WIDTH = 24, 32
DOG, CAT, CAR, CHAIR = "n02084071", "n02121808", "n02958343", "n03001627"  # chairs are in DET alone
FIRST, SECOND = (
    "ILSVRC2015_VID_train_0000/ILSVRC2015_train_00000000",
    "ILSVRC2015_VID_train_0001/ILSVRC2015_train_00001000",
)
VIDEOS = {  # per frame (track, class, xyxy); track 0 is an id, frame 1 is empty, track 3 comes late
    FIRST: [
        [(0, DOG, (2, 3, 12, 13)), (7, CAR, (10, 4, 30, 20))],
        [],
        [(7, CAR, (12, 4, 32, 20)), (0, DOG, (4, 3, 14, 13)), (3, CAT, (0, 0, 5, 5))],
    ],
    SECOND: [[(1, CAT, (1, 1, 9, 9))]],
}
IMAGES = {  # the chair alone is no image of VID's classes
    "ILSVRC2014_train_0000/ILSVRC2014_train_00000001": [(None, CHAIR, (0, 0, 9, 9)), (None, CAR, (3, 4, 20, 16))],
    "n03001627/n03001627_8": [(None, CHAIR, (2, 2, 9, 9))],
    "n02084071/n02084071_12": [(None, DOG, (1, 1, 8, 8)), (None, DOG, (10, 2, 31, 22))],
}


def xml_of(objects, size=(WIDTH, HEIGHT)) -> str:
    """An annotation as ImageNet writes it."""
    lines = [f"<size><width>{size[0]}</width><height>{size[1]}</height></size>"]
    for track, wnid, (x1, y1, x2, y2) in objects:
        track_id = "" if track is None else f"<trackid>{track}</trackid>"
        ends = f"<xmax>{x2}</xmax><xmin>{x1}</xmin><ymax>{y2}</ymax><ymin>{y1}</ymin>"
        lines.append(f"<object>{track_id}<name>{wnid}</name><bndbox>{ends}</bndbox></object>")
    return f"<annotation><folder>a</folder><filename>b</filename>{''.join(lines)}</annotation>\n"


class SmallImageNet:
    """The files, and what they are called."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder, frames in VIDEOS.items():
            for t, objects in enumerate(frames):
                self.write_frame("VID", f"{folder}/{t:06d}", objects)
        for name, objects in IMAGES.items():
            self.write_frame("DET", name, objects)
        # a video stands in the list of each class that it shows
        self.write_list("VID/train_1.txt", [f"{FIRST} 1"])
        self.write_list("VID/train_2.txt", [f"{FIRST} 1", f"{SECOND} 1"])
        frames = [f"{folder}/{t:06d}" for folder, frames in VIDEOS.items() for t in range(len(frames))]
        self.write_list("VID/frames.txt", [f"{name} {n}" for n, name in enumerate(frames, 1)])
        first, chair, dogs = IMAGES
        self.write_list("DET/train_1.txt", [f"{first} 1", "ILSVRC2013_DET_train_extra0/ILSVRC2013_train_00000009 -1"])
        self.write_list("DET/train_2.txt", [f"{first} -1", f"{chair} 1", "n03001627/n03001627_9 0"])
        self.write_list("DET/train_10.txt", [f"{dogs} 1"])

    def write_frame(self, kind: str, name: str, objects) -> None:
        for path in (self.xml(kind, name), self.jpeg(kind, name)):
            path.parent.mkdir(parents=True, exist_ok=True)
        self.xml(kind, name).write_text(xml_of(objects))
        cv2.imwrite(
            str(self.jpeg(kind, name)), np.full((HEIGHT, WIDTH, 3), 90, np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 90]
        )

    def write_list(self, name: str, rows: list[str]) -> Path:
        path = self.root / "ImageSets" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{row}\n" for row in rows))
        return path

    def xml(self, kind: str, name: str) -> Path:
        return self.root / f"Annotations/{kind}/train/{name}.xml"

    def jpeg(self, kind: str, name: str) -> Path:
        return self.root / f"Data/{kind}/train/{name}.JPEG"

    def tree(self, kind: str, categories: dict[str, int]) -> Tree:
        return Tree(str(self.root / f"Data/{kind}/train"), str(self.root / f"Annotations/{kind}/train"), categories)

    def config(self, kind: str, lists: str = "train_*.txt", **kwargs) -> dict:
        """Of the data set."""
        cfg = dict(
            type=f"ImageNet{kind}Dataset",
            data_root=str(self.root),
            ann_file=f"ImageSets/{kind}/{lists}",
            data_prefix=dict(img_path=f"Data/{kind}/train", ann_path=f"Annotations/{kind}/train"),
            workers=1,
        )
        return cfg | kwargs
