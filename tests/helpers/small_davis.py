"""DAVIS 2019 as it unpacks, as small as it can be."""

from pathlib import Path

import cv2
import numpy as np

from mmvis_ext.annotations.index_png import VOID, foreground_png, index_png

HEIGHT, WIDTH = 24, 32
SEQUENCES = {  # per frame: id and xyxy, the later above the earlier
    "dogs": [[(1, (2, 3, 12, 13)), (2, (10, 4, 30, 20))], [(VOID, (0, 0, 32, 24))], [(2, (12, 4, 32, 20))]],
    "boat": [[(1, (4, 4, 20, 20)), (VOID, (16, 16, 24, 24))]] * 2,
}
HIDDEN = {"plane": 3}  # of the test set: frames alone


def index_map(objects) -> np.ndarray:
    out = np.zeros((HEIGHT, WIDTH), np.uint8)
    for i, (x1, y1, x2, y2) in objects:
        out[y1:y2, x1:x2] = i
    return out


def pair(name: str, t: int) -> str:
    """A line of DAVIS 2016's lists."""
    return f"/JPEGImages/480p/{name}/{t:05d}.jpg /Annotations/480p/{name}/{t:05d}.png"


class SmallDAVIS:
    """The files, and what they are called."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name, frames in SEQUENCES.items():
            for t, objects in enumerate(frames):
                self.write_jpeg(name, t)
                self.write_png(name, t, index_map(objects))
        for name, length in HIDDEN.items():
            for t in range(length):
                self.write_jpeg(name, t)
        self.write_list("2017/train.txt", list(SEQUENCES))
        self.write_list("2017/val.txt", ["dogs"])
        self.write_list("2019/test-dev.txt", list(HIDDEN))

    def write_jpeg(self, name: str, t: int, size=(HEIGHT, WIDTH)) -> None:
        self.jpeg(name, t).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(self.jpeg(name, t)), np.full((*size, 3), 90, np.uint8))

    def write_png(self, name: str, t: int, content: np.ndarray) -> None:
        self.png(name, t).parent.mkdir(parents=True, exist_ok=True)
        self.png(name, t).write_bytes(index_png(content))

    def write_list(self, name: str, rows: list[str]) -> None:
        path = self.root / "ImageSets" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{row}\n" for row in rows))

    def write_2016(self) -> None:
        """The same frames as DAVIS 2016 has them: all objects of a frame are one, and lists name frames."""
        rows = []
        for name, frames in SEQUENCES.items():
            for t, objects in enumerate(frames):
                path = self.root / f"Annotations/480p/{name}/{t:05d}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(foreground_png(index_map(objects) % VOID))
                rows.append(pair(name, t))
        self.write_list("480p/train.txt", rows)
        self.write_list("480p/val.txt", rows[:3])

    def jpeg(self, name: str, t: int) -> Path:
        return self.root / f"JPEGImages/480p/{name}/{t:05d}.jpg"

    def png(self, name: str, t: int) -> Path:
        return self.root / f"Annotations_unsupervised/480p/{name}/{t:05d}.png"

    def config(self, names: str = "2017/train.txt", **kwargs) -> dict:
        """Of the data set."""
        cfg = dict(type="DAVISUnsupervisedDataset", data_root=str(self.root), ann_file=f"ImageSets/{names}", workers=1)
        return cfg | kwargs
