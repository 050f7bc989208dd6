"""A small annotation file in the official form, the same in the CocoVID form, and its frames as images of COCO."""

import copy

import numpy as np

from mmvis_ext.structures import encode

HEIGHT, WIDTH = 24, 32
# category ids are neither dense nor sorted; video 4's tracks leave frames 1 and 2 empty; video 9 shows nothing
CATEGORIES = [dict(id=7, name="cat"), dict(id=3, name="dog"), dict(id=5, name="fox")]
LENGTHS = {4: 5, 2: 1, 9: 3}
TRACKS = [  # (id in the file, track id in CocoVID, video, category, frames that show it)
    (0, 0, 4, 3, (0, 3, 4)),
    (6, 1, 4, 7, (3,)),
    (5, 0, 2, 7, (0,)),
]


def rectangle(track: int, t: int) -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[2 + t : 10 + t + track, 3 + track : 15 + track] = 1
    return mask


def frame_name(video: int, t: int) -> str:
    return f"v{video}/{t:05d}.jpg"


def official_file() -> dict:
    """The annotation file as YouTube-VIS writes it."""
    annotations = [
        dict(
            id=track,
            video_id=video,
            category_id=category,
            iscrowd=0,
            segmentations=[encode(rectangle(track, t)[None])[0] if t in shown else None for t in range(LENGTHS[video])],
        )
        for track, _, video, category, shown in TRACKS
    ]
    videos = [
        dict(id=v, height=HEIGHT, width=WIDTH, length=n, file_names=[frame_name(v, t) for t in range(n)])
        for v, n in LENGTHS.items()
    ]
    return dict(categories=copy.deepcopy(CATEGORIES), videos=videos, annotations=annotations)


def cocovid_file() -> dict:
    """The same as mmdet's converter writes it; images and annotations stand in no order."""
    images = [
        dict(id=100 * v + t, video_id=v, frame_id=t, file_name=frame_name(v, t), height=HEIGHT, width=WIDTH)
        for v, n in LENGTHS.items()
        for t in reversed(range(n))
    ]
    annotations = []
    for file_id, track, video, category, shown in TRACKS:
        for t in reversed(shown):
            rle = encode(rectangle(file_id, t)[None])[0]
            annotations.append(
                dict(id=len(annotations), image_id=100 * video + t, video_id=video, instance_id=track,
                     category_id=category, iscrowd=0, segmentation=rle)
            )  # fmt: skip
    videos = [dict(id=v, name=f"v{v}") for v in LENGTHS]
    return dict(categories=copy.deepcopy(CATEGORIES), videos=videos, images=images, annotations=annotations)


def coco_file() -> dict:
    """Every frame as an image of its own, with polygons; the last image's id does not fit 32 bits, nor do objects'."""
    images = [
        dict(id=2**32 + v if (v, t) == (9, 2) else 100 * v + t, file_name=frame_name(v, t), height=HEIGHT, width=WIDTH)
        for v, n in LENGTHS.items()
        for t in range(n)
    ]
    annotations = []
    for file_id, _, video, category, shown in TRACKS:
        for t in shown:
            x, y, w, h = 3 + file_id, 2 + t, 12, 8 + file_id
            outline = [x, y, x + w, y, x + w, y + h, x, y + h]
            annotations.append(
                dict(id=2**33 + len(annotations), image_id=100 * video + t, category_id=category, iscrowd=0,
                     segmentation=[outline], bbox=[x, y, w, h], area=w * h)
            )  # fmt: skip
    return dict(categories=copy.deepcopy(CATEGORIES), images=images, annotations=annotations)
