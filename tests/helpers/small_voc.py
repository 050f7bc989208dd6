"""Pascal VOC 2012's segmentation as it unpacks, as small as it can be."""

from pathlib import Path

import cv2
import numpy as np
from small_davis import HEIGHT, WIDTH, index_map

from mmvis_ext.annotations.index_png import VOID, index_png

DOG, PERSON, AEROPLANE = 12, 15, 1
BORDER = (VOID, (8, 4, 12, 20))
IMAGES = {  # what the PNG of objects shows, the later above the earlier, and the class of each object
    "2007_000032": ([(1, (2, 4, 10, 20)), (2, (12, 4, 30, 20)), BORDER], {1: DOG, 2: PERSON}),
    "2008_000002": ([(3, (4, 4, 20, 20))], {3: AEROPLANE}),
    "2009_000001": ([BORDER], {}),
}


class SmallVOC:
    """The files, and what they are called."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name, (objects, classes) in IMAGES.items():
            self.write_image(name)
            self.write_png("Object", name, index_map(objects))
            self.write_png("Class", name, index_map([(classes.get(i, i), box) for i, box in objects]))
        self.write_list(["2007_000032", "2008_000002", "2009_000001"])

    def write_image(self, name: str, size=(HEIGHT, WIDTH)) -> None:
        self.image(name).parent.mkdir(parents=True, exist_ok=True)
        grey = np.linspace(0, 255, size[1], dtype=np.uint8)
        cv2.imwrite(str(self.image(name)), np.broadcast_to(grey[:, None], (*size, 3)).copy())

    def write_png(self, kind: str, name: str, content: np.ndarray) -> None:
        self.png(kind, name).parent.mkdir(parents=True, exist_ok=True)
        self.png(kind, name).write_bytes(index_png(content))

    def write_list(self, rows: list[str]) -> None:
        self.list.parent.mkdir(parents=True, exist_ok=True)
        self.list.write_text("".join(f"{row}\n" for row in rows))

    @property
    def list(self) -> Path:
        return self.root / "ImageSets/Segmentation/train.txt"

    def image(self, name: str) -> Path:
        return self.root / f"JPEGImages/{name}.jpg"

    def png(self, kind: str, name: str) -> Path:
        """Of the objects (``Object``) or of their classes (``Class``)."""
        return self.root / f"Segmentation{kind}/{name}.png"

    def config(self, **kwargs) -> dict:
        """Of the data set."""
        listed = str(self.list.relative_to(self.root))
        return dict(type="VOCPseudoVideoDataset", data_root=str(self.root), ann_file=listed, workers=1) | kwargs
