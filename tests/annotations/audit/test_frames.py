"""Frames that are missing, broken, of another size, or in both parts of a data set."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from mmvis_ext.annotations.audit import audit_parts
from mmvis_ext.annotations.audit.frames import frame_findings
from mmvis_ext.annotations.audit.likeness import difference_hash, likeness_findings
from mmvis_ext.annotations.records import AnnotationFile, VideoRecord
from mmvis_ext.utils.errors import InputError

HEIGHT, WIDTH = 48, 64


def scene(seed: int) -> np.ndarray:
    """A soft picture, another one for each seed."""
    rough = np.random.default_rng(seed).integers(0, 255, (5, 6, 3), dtype=np.uint8)
    return cv2.resize(rough, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)


def write(root: Path, name: str, picture: np.ndarray) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(root / name), picture)


def video(number: int, names: list[str]) -> VideoRecord:
    return VideoRecord(number, HEIGHT, WIDTH, names, list(range(len(names))), tracks=None)


def file_of(*videos: VideoRecord) -> AnnotationFile:
    return AnnotationFile("a.json", [dict(id=1, name="dog")], list(videos))


def test_frames_that_are_wrong(tmp_path):
    names = [f"a/{t}.jpg" for t in range(6)]
    for t in (0, 3, 5):
        write(tmp_path, names[t], scene(t))
    write(tmp_path, names[3], scene(3)[:-8])
    (tmp_path / names[4]).write_text("no")
    found = {f.kind: f for f in frame_findings(video(7, names), tmp_path, "a.json")}
    assert {kind: (f.text, f.frames, f.weight) for kind, f in found.items()} == {
        "missing_frames": ("2 of the 6 frames of video 7 are missing (a/1.jpg).", (1,), 2),
        "broken_frames": ("1 of the 6 frames of video 7 are no pictures (a/4.jpg).", (4,), 1),
        "frame_size": (
            "1 of the 6 frames of video 7 have another size (a/3.jpg has 64x40 pixels, not 64x48).",
            (3,),
            1,
        ),
    }


@pytest.mark.parametrize("name", ["../a.jpg", "/etc/a.jpg"])
def test_frames_outside_are_not_opened(name, tmp_path):
    with pytest.raises(InputError, match="leads out of the folder of the data set"):
        frame_findings(video(1, [name]), tmp_path, "a.json")


def slow_hash(frame: np.ndarray) -> list[bool]:
    """The same bits from the mean of each of 9 x 8 fields, which have whole numbers of pixels here."""
    grey = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY).astype(float)
    h, w = grey.shape[0] // 8, grey.shape[1] // 9
    fields = [[round(grey[y * h : y * h + h, x * w : x * w + w].mean()) for x in range(9)] for y in range(8)]
    return [row[x + 1] > row[x] for row in fields for x in range(8)]


def test_the_hash():
    frame = cv2.resize(scene(1), (72, 48))
    assert np.unpackbits(difference_hash(frame)).astype(bool).tolist() == slow_hash(frame)
    assert difference_hash(np.full((48, 64, 3), 90, np.uint8)) is None


def test_frames_in_both_parts(tmp_path):
    for number in range(6):
        for t in range(3):
            write(tmp_path, f"{number}/{t}.jpg", scene(10 * number + t))
    small = cv2.resize(scene(31), (WIDTH // 2, HEIGHT // 2), interpolation=cv2.INTER_AREA)
    write(tmp_path, "9/0.png", cv2.convertScaleAbs(small, alpha=0.9, beta=5))  # the middle frame of video 3
    write(tmp_path, "9/1.png", np.zeros((8, 8, 3), np.uint8))
    train = file_of(*(video(n, [f"{n}/{t}.jpg" for t in range(3)]) for n in range(4)))
    val = file_of(*(video(n, [f"{n}/{t}.jpg" for t in range(3)]) for n in (4, 5)), video(9, ["9/0.png", "9/1.png"]))
    (finding,) = likeness_findings(train, tmp_path, val, tmp_path)
    assert (finding.kind, finding.video, finding.frames, finding.like) == ("near_equal_frames", 9, (0,), (3, 1))
    assert finding.text.startswith("frame 9/0.png (video 9) looks like 3/1.jpg (video 3) of train; ")
    assert likeness_findings(file_of(video(1, ["no.jpg"])), tmp_path, val, tmp_path) == []


def test_both_parts_are_told_apart(tmp_path):
    told = []
    found = audit_parts(file_of(video(1, ["a.jpg"])), tmp_path, file_of(video(2, ["b.jpg"])), None, told.append)
    assert [(f.part, f.kind, f.video) for f in found] == [("train", "missing_frames", 1), ("val", "missing_frames", 2)]
    assert told == ["train", "val", "frames of train and val that look alike"]
