"""Photos that their EXIF data turns: pictures and masks fit, in training, at test and without annotations."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from mmvis_ext.annotations.index_png import index_png
from mmvis_ext.datasets import Draw
from mmvis_ext.registry import DATASETS
from mmvis_ext.structures import encode
from mmvis_ext.videos import open_video, read_frames

HEIGHT, WIDTH, LENGTH = 48, 64, 3  # of the stored pixels
SHOWN = {3: lambda a: np.rot90(a, 2), 6: lambda a: np.rot90(a, -1), 8: lambda a: np.rot90(a, 1), 1: lambda a: a}
"""What viewers make of the stored pixels."""


def mask(t: int) -> np.ndarray:
    """The object in the stored pixels of frame t; off the middle, so that every turn moves it."""
    out = np.zeros((HEIGHT, WIDTH), np.uint8)
    out[4 : 16 + t, 6:26] = 1
    return out


def write_frames(folder: Path, orientation: int) -> None:
    folder.mkdir(parents=True)
    for t in range(LENGTH):
        exif = Image.Exif()
        exif[0x0112] = orientation
        pixels = np.where(mask(t)[..., None] > 0, 230, 20).repeat(3, axis=2).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{t:05d}.jpg", exif=exif, quality=95)


def masks_of(kind: str, orientation: int) -> list[np.ndarray]:
    turn = SHOWN[orientation] if kind == "shown" else SHOWN[1]
    return [np.ascontiguousarray(turn(mask(t))) for t in range(LENGTH)]


def youtube_vis(root: Path, kind: str, orientation: int) -> dict:
    write_frames(root / "v", orientation)
    masks = masks_of(kind, orientation)
    height, width = masks[0].shape
    video = dict(id=1, height=height, width=width, file_names=[f"v/{t:05d}.jpg" for t in range(LENGTH)])
    track = dict(id=1, video_id=1, category_id=1, segmentations=encode(np.stack(masks)))
    file = dict(videos=[video], categories=[dict(id=1, name="a")], annotations=[track])
    (root / "a.json").write_text(json.dumps(file))
    return dict(type="YouTubeVISDataset", ann_file="a.json")


def davis(root: Path, kind: str, orientation: int) -> dict:
    write_frames(root / "s", orientation)
    (root / "list.txt").write_text("s\n")
    (root / "png/s").mkdir(parents=True)
    for t, m in enumerate(masks_of(kind, orientation)):
        (root / f"png/s/{t:05d}.png").write_bytes(index_png(m))
    prefix = dict(img_path="", ann_path="png")
    return dict(type="DAVISUnsupervisedDataset", ann_file="list.txt", workers=1, data_prefix=prefix)


def voc(root: Path, kind: str, orientation: int) -> dict:
    write_frames(root, orientation)
    (root / "list.txt").write_text("".join(f"{t:05d}\n" for t in range(LENGTH)))
    for t, m in enumerate(masks_of(kind, orientation)):
        for folder in ("objects", "classes"):
            (root / folder).mkdir(exist_ok=True)
            (root / folder / f"{t:05d}.png").write_bytes(index_png(m))
    prefix = dict(img_path="", ann_path="objects", class_path="classes")
    return dict(type="VOCPseudoVideoDataset", ann_file="list.txt", workers=1, data_prefix=prefix)


def dataset(cfg: dict, root: Path, **kwargs):
    load = [dict(type="LoadFrame"), dict(type="mmdet.LoadTrackAnnotations", with_mask=True)]
    if kwargs.get("test_mode"):
        load = load[:1]
    pipeline = [dict(type="TransformBroadcaster", transforms=load), dict(type="PackClip")]
    return DATASETS.build(cfg | dict(data_root=str(root), pipeline=pipeline) | kwargs)


# a half turn leaves the size as it is: only a viewer's picture can be meant
CASES = [(3, "shown"), (6, "shown"), (6, "stored"), (8, "shown"), (8, "stored"), (1, "stored")]


@pytest.mark.parametrize(("orientation", "kind"), CASES)
@pytest.mark.parametrize("layout", [youtube_vis, davis, voc])
def test_picture_and_masks_fit_in_training(layout, orientation, kind, tmp_path):
    clips = dict(type="ClipSample", clip_len=LENGTH)
    data = dataset(layout(tmp_path / "d", kind, orientation), tmp_path / "d", clips=clips)
    sample = data[Draw(0, 1)]
    for frame, truth in zip(sample["inputs"].numpy(), sample["data_samples"], strict=True):
        (m,) = truth.gt_instances.masks.masks
        assert frame.shape[1:] == m.shape
        assert ((frame[0] > 120) == m).mean() > 0.99


@pytest.mark.parametrize(("orientation", "kind"), CASES)
@pytest.mark.parametrize("layout", [youtube_vis, davis])
def test_picture_and_truth_fit_at_test(layout, orientation, kind, tmp_path):
    data = dataset(layout(tmp_path / "d", kind, orientation), tmp_path / "d", test_mode=True)
    sample = data[0]
    video = sample["data_samples"].metainfo["video"]
    for t, frame in enumerate(sample["inputs"].numpy()):
        assert frame.shape[1:] == (video["height"], video["width"])
        assert ((frame[0] > 120) == masks_of(kind, orientation)[t]).mean() > 0.99


@pytest.mark.parametrize("orientation", SHOWN)
def test_frames_without_annotations_are_turned_as_viewers_show_them(orientation, tmp_path):
    cfg = davis(tmp_path / "d", "shown", orientation)
    for path in (tmp_path / "d/png/s").iterdir():
        path.unlink()
    (tmp_path / "d/png/s").rmdir()
    inputs = dataset(cfg, tmp_path / "d", test_mode=True)[0]["inputs"].numpy()
    streamed = list(open_video(tmp_path / "d/s"))
    for t in range(LENGTH):
        expected = masks_of("shown", orientation)[t]
        assert ((inputs[t][0] > 120) == expected).mean() > 0.99
        assert ((streamed[t][..., 0] > 120) == expected).mean() > 0.99


def test_a_size_that_is_neither_is_refused(tmp_path):
    cfg = youtube_vis(tmp_path / "d", "shown", 6)
    file = json.loads((tmp_path / "d/a.json").read_text())
    file["videos"][0].update(height=50, width=50)
    file.pop("annotations")
    (tmp_path / "d/a.json").write_text(json.dumps(file))
    with pytest.raises(ValueError, match="the frame is 48x64 pixels but the annotation file says 50x50"):
        _ = dataset(cfg, tmp_path / "d", test_mode=True)[0]


def test_frames_of_which_only_some_are_turned_are_of_one_size_in_the_end(tmp_path):
    """A phone that was held upright, with pictures of another program among them."""
    cfg = davis(tmp_path / "d", "shown", 6)
    pixels = cv2.imread(str(tmp_path / "d/s/00001.jpg"))
    cv2.imwrite(str(tmp_path / "d/s/00001.jpg"), pixels)
    inputs = dataset(cfg, tmp_path / "d", test_mode=True)[0]["inputs"]
    assert tuple(inputs.shape[2:]) == (WIDTH, HEIGHT)


@pytest.mark.parametrize(("size", "orientation"), [((WIDTH, HEIGHT), 6), ((HEIGHT, WIDTH), 1), (None, 6)])
def test_pictures_with_masks_are_drawn_in_the_size_of_the_masks(size, orientation, tmp_path):
    """Frames that are read again to draw on them."""
    write_frames(tmp_path / "v", 6)
    for t, frame in enumerate(read_frames(sorted((tmp_path / "v").iterdir()), size)):
        assert ((frame[..., 0] > 120) == SHOWN[orientation](mask(t))).mean() > 0.99
