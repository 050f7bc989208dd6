"""Ways to link perfect detections of single frames over a video of ShapesVIS, and the AP that they reach.

A detection is the true mask of an object in one frame, with its true class. What a linker has to find out is only which
detections of different frames are the same object.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment
from vis_problems import annotation, judged, result, truth, video

from mmvis_ext.shapes_vis import Rendered, get_preset, render, sample_scene
from mmvis_ext.shapes_vis.truth import _box
from mmvis_ext.structures import encode


class Drawn(NamedTuple):
    """A video with what is known of it: its pictures and masks, the class of each object, and its difficulties."""

    rendered: Rendered
    labels: list[int]
    traits: frozenset[str]


class Found(NamedTuple):
    """A detection: its mask (H,W), class, and normalised colour histogram."""

    mask: np.ndarray
    label: int
    colours: np.ndarray


Linker = Callable[[list[list[Found]]], list[list[int]]]
"""Takes the detections of each frame; gives the track of each."""


def validation_videos(preset: str, number: int) -> list[Drawn]:
    scenes = [sample_scene(c, (0, 1, i)) for i, c in enumerate(get_preset(preset).knobs("val")[:number])]
    return [Drawn(render(s), [actor.look.label for actor in s.actors], frozenset(s.traits)) for s in scenes]


def detections(drawn: Drawn, t: int) -> list[tuple[int, Found]]:
    """Each visible object of a frame with its place among the objects, which a linker is not told."""
    frame = drawn.rendered.frames[t] // 32
    bins = frame[..., 0].astype(int) * 64 + frame[..., 1] * 8 + frame[..., 2]
    return [
        (k, Found(m, label, np.bincount(bins[m], minlength=512) / m.sum()))
        for k, (m, label) in enumerate(zip(drawn.rendered.masks[:, t], drawn.labels, strict=True))
        if m.any()
    ]


def by_position(frames: list[list[Found]]) -> list[list[int]]:
    """The k-th detection from the left is track k."""
    orders = [sorted(range(len(found)), key=lambda j: _box(found[j].mask)) for found in frames]
    return [[order.index(j) for j in range(len(order))] for order in orders]


def shuffled(frames: list[list[Found]]) -> list[list[int]]:
    """The k-th detection is track k, where detections come in any order."""
    rng = np.random.default_rng(0)
    return [rng.permutation(len(found)).tolist() for found in frames]


def by_colour(frames: list[list[Found]]) -> list[list[int]]:
    """The detections of a frame go to the tracks of their class whose last colours are most alike; few start a new one.

    All pairs are looked at together. A new track costs as much as a pair whose histograms share half of the pixels.
    """
    tracks: list[Found] = []
    out = []
    for found in frames:
        cost = np.full((len(found), len(tracks) + len(found)), 0.5)
        for j, one in enumerate(found):
            for k, track in enumerate(tracks):
                alike = np.minimum(one.colours, track.colours).sum()
                cost[j, k] = 1 - alike if one.label == track.label else 9.0
        owners = linear_sum_assignment(cost)[1].tolist()
        for j, k in enumerate(owners):
            if k >= len(tracks):
                owners[j] = len(tracks)
                tracks.append(found[j])
            else:
                tracks[k] = found[j]
        out.append(owners)
    return out


def ap_of(videos: Sequence[Drawn], link: Linker | None) -> float:
    """AP in 0..100 of the linked masks; ``None`` links as is true."""
    infos, annotations, results = [], [], []
    for drawn in videos:
        length, height, width = drawn.rendered.frames.shape[:3]
        info = video(len(infos) + 1, length, height, width)
        infos.append(info)
        numbered = [detections(drawn, t) for t in range(length)]
        true = [[k for k, _ in found] for found in numbered]
        frames = [[one for _, one in found] for found in numbered]
        for label, masks in _tracks(true, frames):
            annotations.append(annotation(len(annotations) + 1, info, label + 1, masks))
        linked = true if link is None else link(frames)
        results += [result(info, label + 1, 1.0, masks) for label, masks in _tracks(linked, frames)]
    return float(judged(truth(infos, annotations, classes=5), results).summary()["AP"])


def _tracks(owners: list[list[int]], frames: list[list[Found]]) -> list[tuple[int, list[dict | None]]]:
    """The class and the masks of each track; its class is that of most of its detections."""
    tracks: dict[int, tuple[list[int], list[dict | None]]] = {}
    for t, (ks, found) in enumerate(zip(owners, frames, strict=True)):
        for k, one in zip(ks, found, strict=True):
            labels, masks = tracks.setdefault(k, ([], [None] * len(frames)))
            labels.append(one.label)
            masks[t] = encode(one.mask[None])[0]
    return [(max(labels, key=labels.count), masks) for _, (labels, masks) in sorted(tracks.items())]
