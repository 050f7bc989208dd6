"""Ground truth and predictions as tracks that are ready to be drawn, with the same colour and caption in all frames."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mmvis_ext.annotations.records import VideoRecord
from mmvis_ext.structures import RLE, VideoTracks, box_masks, boxes_of, mask_tube, tube_ious
from mmvis_ext.structures.stream import Detections

from .draw import draw_tracks
from .fonts import legible

__all__ = ["ShownTrack", "draw_shown", "shown_detections", "shown_prediction", "shown_truth", "take_colours"]


@dataclass(frozen=True)
class ShownTrack:
    """A track as it is drawn.

    Attributes:
        colour: number of its colour, see :func:`colour`.
        caption: text beside the object in every frame.
        masks: T RLEs, ``None`` where the track is absent.
        boxes: (T, 4) xyxy in pixels.
    """

    colour: int
    caption: str
    masks: list[RLE | None]
    boxes: np.ndarray


def draw_shown(
    frame: np.ndarray, tracks: Sequence[ShownTrack], t: int, scale: float = 1.0, with_boxes: bool = False
) -> np.ndarray:
    """Draw tracks as they are in frame ``t`` on that frame, (H, W, 3) uint8 RGB; see :func:`draw_tracks`."""
    return draw_tracks(
        frame,
        [track.masks[t] for track in tracks],
        np.array([track.boxes[t] for track in tracks]).reshape(-1, 4),
        [track.colour for track in tracks],
        [track.caption for track in tracks],
        scale,
        with_boxes,
    )


def shown_truth(video: VideoRecord, categories: Sequence[dict]) -> list[ShownTrack]:
    """Ground-truth tracks of one video; an empty list if it has no annotations.

    Args:
        video: a video whose tracks have masks, or only boxes, which are then drawn as filled rectangles.
        categories: dicts with ``id`` and ``name``.
    """
    names = {c["id"]: legible(c["name"], f"class {label}") for label, c in enumerate(categories)}
    shown = []
    for i, track in enumerate(video.tracks or ()):
        masks = track.segmentations or box_masks(track.boxes, track.visible, video.height, video.width)
        boxes = boxes_of(masks) if track.segmentations else track.boxes
        shown.append(ShownTrack(i, names[track.category_id], masks, boxes))
    return shown


def shown_prediction(tracks: VideoTracks, classes: Sequence[str], score_thr: float) -> list[ShownTrack]:
    """Tracks whose best class scores at least ``score_thr``, best first; the caption is that class and its score."""
    ranked = sorted(tracks, key=lambda track: -float(track.scores.max()))
    return [
        ShownTrack(
            t.track_id,
            _caption(classes, t.scores),
            t.segmentations or box_masks(t.boxes, t.visible, tracks.height, tracks.width),
            t.boxes,
        )
        for t in ranked
        if t.scores.max() >= score_thr
    ]


def shown_detections(
    detections: Detections, classes: Sequence[str], score_thr: float, size: tuple[int, int]
) -> list[ShownTrack]:
    """Tracks of one window, for drawing while the video is still being processed.

    Class and score of a track are therefore those of this window: the mean over the frames of the window in which it is
    visible. Slots without a track, and tracks whose best class scores below ``score_thr``, are left out.

    Args:
        detections: the window's detections.
        classes: class names in label order.
        score_thr: in 0..1.
        size: (H, W) of the frames, needed to draw boxes if there are no masks.
    """
    shown = []
    for i, track_id in enumerate(detections.track_ids):
        scores = detections.scores[i][detections.visible[i]]
        if track_id >= 0 and len(scores) and (mean := scores.mean(0)).max() >= score_thr:
            caption = _caption(classes, mean)
            boxes = detections.boxes[i]
            masks = box_masks(boxes, detections.visible[i], *size) if detections.masks is None else detections.masks[i]
            shown.append(ShownTrack(track_id, caption, masks, boxes))
    return shown


def take_colours(prediction: Sequence[ShownTrack], truth: Sequence[ShownTrack]) -> list[ShownTrack]:
    """Give each predicted track the colour of the ground truth that it overlaps most over the whole video.

    Each colour is used once, for the pair that overlaps most. The other predicted tracks get colours that no ground
    truth has, so that a second track on the same object can be recognised.
    """
    overlaps = tube_ious([mask_tube(p.masks) for p in prediction], [mask_tube(g.masks) for g in truth])
    colours: dict[int, int] = {}
    for flat in np.argsort(-overlaps, axis=None, kind="stable"):
        i, j = np.unravel_index(flat, overlaps.shape)
        wanted = truth[int(j)].colour
        if overlaps[i, j] > 0 and int(i) not in colours and wanted not in colours.values():
            colours[int(i)] = wanted
    unused = max((g.colour for g in truth), default=-1) + 1
    for i in range(len(prediction)):
        if i not in colours:
            colours[i], unused = unused, unused + 1
    return [replace(p, colour=colours[i]) for i, p in enumerate(prediction)]


def _caption(classes: Sequence[str], scores: np.ndarray) -> str:
    label = int(scores.argmax())
    return f"{legible(classes[label], f'class {label}')} {scores[label]:.2f}"
