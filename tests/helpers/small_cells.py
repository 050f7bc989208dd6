"""A data set of the Cell Tracking Challenge, as small as it can be."""

from pathlib import Path

import numpy as np
from PIL import Image

HEIGHT, WIDTH, LENGTH = 24, 32, 5
LINEAGE = "1 0 4 0\n300 0 1 0\n4 2 4 300\n7 3 4 300\n"
# label of a track: its first frame, and its box in xyxy from there on; 300 divides, and 7 is seen a frame later than 4
TRACKS = {
    1: (0, [(2 + t, 2, 10 + t, 10) for t in range(5)]),
    300: (0, [(16, 4, 26, 12), (17, 4, 27, 12)]),
    4: (2, [(15, 4, 21, 11), (14, 4, 20, 11), (14, 3, 20, 10)]),
    7: (3, [(24, 12, 30, 20), (24, 13, 30, 21)]),
}
GOLD = {1: {1: 5, 300: 1}, 4: {4: 1, 1: 2, 7: 3}}  # in these frames: label of the gold mask of a track


def labels_of(boxes: dict[int, tuple[int, int, int, int]]) -> np.ndarray:
    """(H, W) uint16, the later above the earlier."""
    out = np.zeros((HEIGHT, WIDTH), np.uint16)
    for label, (x1, y1, x2, y2) in boxes.items():
        out[y1:y2, x1:x2] = label
    return out


def boxes_at(t: int, shrink: int = 0) -> dict[int, tuple[int, int, int, int]]:
    """The boxes of the cells of a frame, with ``shrink`` pixels less on each side."""
    found = {label: boxes[t - first] for label, (first, boxes) in TRACKS.items() if 0 <= t - first < len(boxes)}
    return {label: (x1 + shrink, y1 + shrink, x2 - shrink, y2 - shrink) for label, (x1, y1, x2, y2) in found.items()}


class SmallCells:
    """The files: sequence 01 with markers, gold masks of two frames and silver masks, and 02 with frames alone."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for t in range(LENGTH):
            self.write(self.frame("01", t), self.grey(t))
            self.write(self.frame("02", t), self.grey(t).astype(np.uint8))
            self.write(self.marker(t), labels_of(boxes_at(t, shrink=2)))
            self.write(self.silver(t), labels_of(boxes_at(t, shrink=1)))
        for t, names in GOLD.items():
            boxes = boxes_at(t)
            self.write(self.gold(t), labels_of({own: boxes[label] for label, own in names.items()}))
        self.lineage.write_text(LINEAGE)

    def grey(self, t: int) -> np.ndarray:
        """A dark frame of 16 bits in which cells are a little brighter."""
        noise = np.random.default_rng(t).integers(0, 40, (HEIGHT, WIDTH))
        return (300 + noise + 400 * (labels_of(boxes_at(t)) > 0)).astype(np.uint16)

    def write(self, path: Path, content: np.ndarray) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(content).save(path, compression="tiff_lzw")

    def frame(self, name: str, t: int) -> Path:
        return self.root / f"{name}/t{t:03d}.tif"

    def marker(self, t: int) -> Path:
        return self.root / f"01_GT/TRA/man_track{t:03d}.tif"

    def gold(self, t: int) -> Path:
        return self.root / f"01_GT/SEG/man_seg{t:03d}.tif"

    def silver(self, t: int) -> Path:
        return self.root / f"01_ST/SEG/man_seg{t:03d}.tif"

    @property
    def lineage(self) -> Path:
        return self.root / "01_GT/TRA/man_track.txt"

    def config(self, **kwargs) -> dict:
        """Of the data set."""
        return dict(type="CellTrackingDataset", data_root=str(self.root), workers=1) | kwargs
