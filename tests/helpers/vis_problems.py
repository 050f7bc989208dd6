"""Small random problems for the evaluation: ground truth and results in the official form."""

import numpy as np
from pycocotools import mask as coco_mask

from mmvis_ext.annotations.youtube_vis import read_annotations
from mmvis_ext.evaluation import YTVISResult, evaluate_ytvis
from mmvis_ext.structures import encode


def rectangle(height: int, width: int, x: int, y: int, w: int, h: int) -> dict:
    """RLE of a filled rectangle, cut to the frame."""
    mask = np.zeros((1, height, width), dtype=bool)
    mask[0, max(y, 0) : max(y + h, 0), max(x, 0) : max(x + w, 0)] = True
    return encode(mask)[0]


def video(video_id: int, length: int, height: int, width: int) -> dict:
    names = [f"video_{video_id}/{t:05d}.jpg" for t in range(length)]
    return dict(id=video_id, length=length, height=height, width=width, file_names=names)


def annotation(annotation_id: int, of: dict, category_id: int, masks: list, iscrowd: int = 0) -> dict:
    """An annotation with the areas and boxes that the official files carry."""
    return dict(
        id=annotation_id,
        video_id=of["id"],
        category_id=category_id,
        iscrowd=iscrowd,
        height=of["height"],
        width=of["width"],
        length=of["length"],
        segmentations=masks,
        areas=[None if m is None else int(coco_mask.area(m)) for m in masks],
        bboxes=[None if m is None else coco_mask.toBbox(m).tolist() for m in masks],
    )


def result(of: dict, category_id: int, score: float, masks: list) -> dict:
    return dict(video_id=of["id"], category_id=category_id, score=score, segmentations=masks)


def truth(videos: list[dict], annotations: list[dict], classes: int = 2) -> dict:
    categories = [dict(id=k, name=f"class_{k}") for k in range(1, classes + 1)]
    return dict(videos=videos, categories=categories, annotations=annotations)


def judged(gt: dict, results: list[dict], iou_type: str = "segm", *args, **kwargs) -> YTVISResult:
    """The figures of results on ground truth in the official form, read as a file of it is."""
    file = read_annotations(gt, "gt.json", as_boxes=iou_type == "bbox")
    return evaluate_ytvis(file, results, iou_type, *args, **kwargs)


def random_problem(
    seed: int,
    videos: int = 4,
    objects: int = 6,
    found: int = 14,
    size: int = 500,
    classes: int = 3,
    crowds: bool = False,
) -> tuple[dict, list[dict]]:
    """Rectangles that drift, vanish and come back; results are shaken copies, some of another class, with tied scores.

    The sizes span all three area ranges; a class may be without ground truth, a video without objects.
    """
    rng = np.random.default_rng(seed)
    all_videos = [
        video(v, int(rng.integers(1, 7)), size, size - 20) for v in rng.permutation(videos * 3)[:videos].tolist()
    ]
    annotations, results = [], []
    for of in all_videos:
        paths = []
        for _ in range(int(rng.integers(0, objects + 1))):
            start = np.concatenate([rng.integers(-20, size - 40, 2), rng.integers(8, size * 3 // 4, 2)])
            path = start + np.concatenate(
                [rng.integers(-12, 13, (of["length"], 2)), rng.integers(-4, 5, (of["length"], 2))], 1
            )
            paths.append((path, int(rng.integers(1, classes + 1))))
            masks = _masks(of, path, rng)
            crowd = int(crowds and rng.random() < 0.3)
            annotations.append(annotation(len(annotations) + 1, of, paths[-1][1], masks, crowd))
        for _ in range(found if paths else 2):
            path, category = paths[rng.integers(len(paths))] if paths else (np.full((of["length"], 4), 60), 1)
            shaken = path + np.rint(rng.normal(0, 0.08, path.shape[1]) * path[0, 2:].mean()).astype(int)
            category = category if rng.random() < 0.8 else int(rng.integers(1, classes + 1))
            results.append(result(of, category, round(float(rng.uniform(0.1, 1)), 1), _masks(of, shaken, rng)))
    return truth(all_videos, annotations, classes), results


def _masks(of: dict, path: np.ndarray, rng: np.random.Generator) -> list:
    masks = [rectangle(of["height"], of["width"], *p) if rng.random() < 0.85 else None for p in path.tolist()]
    return [m if m is not None and coco_mask.area(m) else None for m in masks]
