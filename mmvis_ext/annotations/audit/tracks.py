"""What is odd about the tracks of a video: empty ones, twins, jumps, exchanged ids, boxes that fit no mask."""

import numpy as np

from mmvis_ext.annotations.records import TrackAnnotation, VideoRecord
from mmvis_ext.structures import box_tube, boxes_of, mask_tube, tube_ious

from .findings import Finding

__all__ = ["LIKE", "TWIN", "track_findings"]

TWIN = 0.9  # overlap from which two tracks are the same
LIKE = 0.5  # overlap of a box with that of its mask below which they do not fit
CROSS = 0.3  # by which each of two exchanged boxes overlaps the other one's place more than its own


def track_findings(video: VideoRecord) -> list[Finding]:
    """All findings about the tracks of a video that has annotations.

    A jump is a centre that moves farther from one frame to the next than the box is long, in the larger of its two
    frames. An exchange is a pair of tracks each of which overlaps the other one's former place more than its own; its
    tracks are then not told again as jumps. Objects that are really fast, that appear behind another one, or that cross
    in one frame are false alarms.
    """
    if video.tracks is None:
        return []
    if not video.tracks:
        return [Finding("no_tracks", f"video {_name(video)} has no track.", len(video.file_names), video=video.id)]
    shown = [track for track in video.tracks if track.visible.any() and not track.iscrowd]
    swaps = _swaps(video, shown)
    exchanged = {(track, finding.frames[0]) for finding in swaps for track in finding.tracks}
    found = _lengths(video) + _twins(video, shown) + swaps
    for track in shown:
        found += _jumps(video, track, exchanged) + _boxes(video, track)
    return found


def _name(video: VideoRecord) -> str:
    return f"{video.id} ({video.file_names[0]})"


def _lengths(video: VideoRecord) -> list[Finding]:
    found = []
    for track in video.tracks or ():
        times = np.flatnonzero(track.visible).tolist()
        about = f"track {track.id} of video {_name(video)}"
        if not times:
            found.append(Finding("empty_track", f"{about} is in no frame.", video=video.id, tracks=(track.id,)))
        elif len(times) == 1 and len(video.file_names) > 1:
            text = f"{about} is in frame {times[0]} alone."
            found.append(Finding("short_track", text, video=video.id, tracks=(track.id,), frames=(times[0],)))
    return found


def _twins(video: VideoRecord, tracks: list[TrackAnnotation]) -> list[Finding]:
    """Pairs of tracks that overlap nearly everywhere; tracks of masks are compared with such, boxes with boxes."""
    found = []
    for by_masks in (True, False):
        alike = [track for track in tracks if bool(track.segmentations) == by_masks]
        if len(alike) < 2:
            continue
        tubes = [mask_tube(t.segmentations) if by_masks else box_tube(t.boxes) for t in alike]
        overlaps = np.triu(tube_ious(tubes, tubes), 1)
        for i, j in np.argwhere(overlaps >= TWIN).tolist():
            a, b, share = alike[i], alike[j], float(overlaps[i, j])
            frame = int(np.flatnonzero(a.visible & b.visible)[0])
            text = f"tracks {a.id} and {b.id} of video {_name(video)} overlap by {share:.0%}."
            found.append(Finding("duplicate_track", text, share, video=video.id, tracks=(a.id, b.id), frames=(frame,)))
    return found


def _boxes(video: VideoRecord, track: TrackAnnotation) -> list[Finding]:
    if not track.segmentations:
        return []
    times = np.flatnonzero(track.visible)
    overlaps = _overlaps(track.boxes[times], boxes_of(track.segmentations)[times])
    worst, bad = int(overlaps.argmin()), int((overlaps < LIKE).sum())
    if not bad:
        return []
    frame = int(times[worst])
    text = (
        f"{bad} boxes of track {track.id} of video {_name(video)} do not fit its masks (in frame {frame} they overlap "
        f"by {overlaps[worst]:.0%})."
    )
    return [Finding("box_unlike_mask", text, bad, video=video.id, tracks=(track.id,), frames=(frame,))]


def _jumps(video: VideoRecord, track: TrackAnnotation, exchanged: set[tuple[int, int]]) -> list[Finding]:
    found = []
    centres = (track.boxes[:, :2] + track.boxes[:, 2:]) / 2
    sides = (track.boxes[:, 2:] - track.boxes[:, :2]).max(axis=1)
    moved = np.linalg.norm(np.diff(centres, axis=0), axis=1)
    length = np.maximum(sides[1:], sides[:-1])
    both = track.visible[1:] & track.visible[:-1]
    for t in np.flatnonzero(both & (moved > length)).tolist():
        if (track.id, t) not in exchanged:
            text = (
                f"track {track.id} of video {_name(video)} moves by {moved[t]:.0f} pixels from frame {t} to {t + 1}, "
                f"and is {length[t]:.0f} long."
            )
            weight = float(moved[t] / length[t])
            found.append(Finding("jump", text, weight, video=video.id, tracks=(track.id,), frames=(t, t + 1)))
    return found


def _swaps(video: VideoRecord, tracks: list[TrackAnnotation]) -> list[Finding]:
    found = []
    for i, a in enumerate(tracks):
        for b in tracks[i + 1 :]:
            both = a.visible & b.visible
            times = np.flatnonzero(both[1:] & both[:-1])
            if not len(times):
                continue
            own = [_overlaps(x.boxes[times], x.boxes[times + 1]) for x in (a, b)]
            cross = [_overlaps(x.boxes[times], y.boxes[times + 1]) for x, y in ((a, b), (b, a))]
            more = np.min([c - o for c, o in zip(cross, own, strict=True)], axis=0)
            for k in np.flatnonzero(more > CROSS).tolist():
                t = int(times[k])
                text = f"tracks {a.id} and {b.id} of video {_name(video)} exchange places from frame {t} to {t + 1}."
                weight = float(more[k])
                found.append(Finding("swap", text, weight, video=video.id, tracks=(a.id, b.id), frames=(t, t + 1)))
    return found


def _overlaps(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(n,) intersection over union of (n, 4) xyxy boxes with others, one by one."""
    low, high = np.maximum(boxes[:, :2], others[:, :2]), np.minimum(boxes[:, 2:], others[:, 2:])
    shared = (high - low).clip(0).prod(axis=1)
    areas = ((b[:, 2:] - b[:, :2]).clip(0).prod(axis=1) for b in (boxes, others))
    return shared / np.maximum(sum(areas) - shared, np.finfo(float).tiny)
