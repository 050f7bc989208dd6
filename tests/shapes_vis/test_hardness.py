"""Perfect masks in each frame are not enough: who is who has to be worked out, and can be."""

import numpy as np
import pytest

from mmvis_ext.shapes_vis import Rendered, get_preset, render, sample_scene
from mmvis_ext.shapes_vis.truth import _box


@pytest.fixture(scope="module")
def videos() -> dict[str, list[Rendered]]:
    """The first validation videos of the settings."""
    return {
        name: [render(sample_scene(c, (0, 1, i))) for i, c in enumerate(get_preset(name).knobs("val")[:12])]
        for name in ("study", "claims", "claims-motion", "study-fast", "study-lookalike")
    }


def detections(masks: np.ndarray, t: int) -> list[np.ndarray]:
    """What a perfect detector of single frames finds: the masks, from left to right."""
    return sorted((m for m in masks[:, t] if m.any()), key=_box)


def link_by_index(masks: np.ndarray) -> dict[int, np.ndarray]:
    """The k-th detection of every frame is track k."""
    tracks = {k: np.zeros(masks.shape[1:], dtype=bool) for k in range(len(masks))}
    for t in range(masks.shape[1]):
        for k, mask in enumerate(detections(masks, t)):
            tracks[k][t] = mask
    return tracks


def best_pairs(scores: dict[tuple[int, int], float]) -> dict[int, int]:
    """For detections their tracks: the pairs with the highest scores first, each detection and track once."""
    owner: dict[int, int] = {}
    for j, k in sorted(scores, key=lambda pair: (scores[pair], pair), reverse=True):
        if j not in owner and k not in owner.values():
            owner[j] = k
    return owner


def link_by_overlap(masks: np.ndarray) -> dict[int, np.ndarray]:
    """A detection joins the track whose last box it overlaps most, best pairs first; else it starts one."""
    tracks: dict[int, np.ndarray] = {}
    last: dict[int, list[int]] = {}
    for t in range(masks.shape[1]):
        found = detections(masks, t)
        boxes = [_box(mask) for mask in found]
        overlaps = {(j, k): iou(box, last[k]) for j, box in enumerate(boxes) for k in last}
        owner = best_pairs({pair: overlap for pair, overlap in overlaps.items() if overlap > 0})
        for j, mask in enumerate(found):
            k = owner.get(j, len(tracks))
            tracks.setdefault(k, np.zeros(masks.shape[1:], dtype=bool))[t] = mask
            last[k] = boxes[j]
    return tracks


def iou(a: list[int], b: list[int]) -> float:
    w = max(0, min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0]))
    h = max(0, min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1]))
    return w * h / (a[2] * a[3] + b[2] * b[3] - w * h)


def recall(videos: list[Rendered], link) -> float:
    """Share of the true tracks that some linked track covers with a mask IoU over time of 0.75."""
    hits = []
    for video in videos:
        tracks = link(video.masks).values()
        for true in video.masks[video.masks.any(axis=(1, 2, 3))]:
            hits.append(max((true & t).sum() / (true | t).sum() for t in tracks) >= 0.75)
    return float(np.mean(hits))


def test_an_oracle_finds_everything(videos):
    assert all(recall(some, lambda masks: dict(enumerate(masks))) == 1.0 for some in videos.values())


def test_linking_by_index_fails(videos):
    assert recall(videos["study"], link_by_index) < 0.5
    assert recall(videos["claims"], link_by_index) < 0.5
    assert recall(videos["study-fast"], link_by_index) < 0.2
    assert recall(videos["study-lookalike"], link_by_index) < 0.5


def link_by_nearest_centre(masks: np.ndarray) -> dict[int, np.ndarray]:
    """A detection joins the track of the last frame whose centre is nearest, best pairs first; else it starts one."""
    tracks: dict[int, np.ndarray] = {}
    last: dict[int, np.ndarray] = {}
    for t in range(masks.shape[1]):
        found = detections(masks, t)
        centres = [np.argwhere(mask).mean(axis=0) for mask in found]
        owner = best_pairs(
            {(j, k): -float(np.linalg.norm(centre - last[k])) for j, centre in enumerate(centres) for k in last}
        )
        last = {}
        for j, mask in enumerate(found):
            k = owner.get(j, len(tracks))
            tracks.setdefault(k, np.zeros(masks.shape[1:], dtype=bool))[t] = mask
            last[k] = centres[j]
    return tracks


def test_who_does_not_know_where_an_object_was_loses_it_at_a_third_of_the_frame_rate(videos):
    assert recall(videos["claims"], link_by_nearest_centre) > 0.7
    assert recall(videos["claims-motion"], link_by_nearest_centre) < 0.65


def test_linking_by_overlap_fails_at_a_low_frame_rate(videos):
    assert recall(videos["study-fast"], link_by_overlap) < 0.3
    assert recall(videos["study"], link_by_overlap) < 0.95


def test_yet_every_object_keeps_its_own_look(videos):
    """In the fast videos, appearance alone tells who is who: each object's first colour is its own."""
    for i, config in enumerate(get_preset("study-fast").with_knobs(blur=0.0).knobs("val")[:6]):
        scene = sample_scene(config, (0, 1, i))
        video = render(scene)
        for actor, masks in zip(scene.actors, video.masks, strict=True):
            for frame, mask in zip(video.frames, masks, strict=True):
                assert {tuple(c) for c in frame[mask].tolist()} <= set(actor.look.colours)
        assert len({actor.look.colours[0] for actor in scene.actors}) == len(scene.actors)


def overlap(found: np.ndarray, masks: np.ndarray) -> float:
    """IoU of (T,H,W) pixels with those of all objects, over a whole video."""
    objects = masks.any(axis=0)
    return (found & objects).sum() / (found | objects).sum()


def test_camouflaged_objects_show_by_their_motion_and_not_by_their_colours():
    """Colours: the saturated pixels. Motion, where the camera stands still: what differs from the video's median."""
    colours: dict[bool, list[float]] = {False: [], True: []}
    motion = []
    for i, config in enumerate(get_preset("claims-motion").knobs("val")[:16]):
        scene = sample_scene(config, (0, 1, i))
        frames, masks, _ = render(scene)
        hidden, values = "camouflage" in scene.traits, frames.astype(int)
        colours[hidden].append(overlap(np.ptp(values, axis=-1) > 60, masks))
        if hidden and scene.pan == (0, 0):
            motion.append(overlap(np.abs(values - np.median(values, axis=0)).max(axis=-1) > 10, masks))
    assert np.mean(colours[False]) > 0.7
    assert np.mean(colours[True]) < 0.01
    assert np.mean(motion) > 0.25
