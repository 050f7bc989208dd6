"""Results that are the truth with errors of all kinds."""

from pathlib import Path

import numpy as np

from mmvis_ext.annotations.youtube_vis import read_annotation_file
from mmvis_ext.structures import decode, encode


def disturbed(ann_file: Path, seed: int = 0) -> list[dict]:
    """Results for an annotation file: some tracks right, others shifted, broken, exchanged or doubled."""
    rng = np.random.default_rng(seed)
    file = read_annotation_file(ann_file)
    ids = [c["id"] for c in file.categories]
    results = []
    for video in file.videos:
        tracks = [(t.category_id, list(t.segmentations)) for t in video.tracks]
        half = len(video.file_names) // 2
        if len(tracks) > 1 and rng.random() < 0.25:  # two objects in one track
            (c, one), (k, other) = tracks[:2]
            tracks[:2] = [(c, one[:half] + other[half:]), (k, other[:half] + one[half:])]
        for category, masks in tracks:
            masks = _moved(masks, video, int(rng.integers(0, 3)))
            chance, score = rng.random(), rng.uniform(0.5, 1)
            parts = [(category, score, masks)]
            if chance < 0.1:
                parts = [(ids[(ids.index(category) + 1) % len(ids)], score, masks)]
            elif chance < 0.22:
                start, rest = masks[:half] + [None] * (len(masks) - half), [None] * half + masks[half:]
                parts = [(category, score, start), (category, score - 0.1, rest)]
            elif chance < 0.34:
                parts = [(category, score, _moved(masks, video, video.width // 12))]
            elif chance < 0.44:
                parts.append((category, score - 0.2, _moved(masks, video, 2)))
            elif chance < 0.54:
                parts = []
            elif chance < 0.6:
                parts.append((category, 0.6, [None if m is None else _flipped(m, video) for m in masks]))
            results += [dict(video_id=video.id, category_id=c, score=s, segmentations=m) for c, s, m in parts]
    return results


def _moved(masks: list, video, by: int) -> list:
    rolled = np.roll(decode(masks, video.height, video.width), by, axis=2)
    return [encode(m[None])[0] if m.any() else None for m in rolled]


def _flipped(mask: dict, video) -> dict:
    return encode(decode([mask], video.height, video.width)[:, ::-1, ::-1])[0]
