"""SRNet: what its pixels say, and the heatmap that a frame starts from (Sec. 3.1 to 3.4)."""

from collections.abc import Iterable, Sequence

import numpy as np

from mmvis_ext.inference import VISInferencer
from mmvis_ext.models import SRNet
from mmvis_ext.visualization import Row, cell_scale, contact_sheet, draw_tracks
from mmvis_ext.visualization.draw import resized

from .colours import directions, heat
from .looks import Look, looks, require_kind

__all__ = ["map_figure"]

OBJECT = 0.5  # where the objectness is below this, vectors mean nothing and are left black


def map_figure(inferencer: VISInferencer, pictures: Iterable[np.ndarray], frames: Sequence[int]) -> np.ndarray:
    """Rows of objects, pixel offsets, objectness, tracking vectors and the heatmap of the frame before.

    Args:
        inferencer: holds an SRNet.
        pictures: the video's frames, (H,W,3) uint8 RGB.
        frames: numbers of the frames to show.

    Returns:
        (h,w,3) uint8 RGB.

    Raises:
        InputError: the model is another one, or a frame cannot be taken.
    """
    require_kind(inferencer.model, SRNet, "maps of pixels")
    rows: dict[str, list[np.ndarray]] = {}
    for look in looks(inferencer, pictures):
        if look.start in frames:
            for name, cell in _cells(look).items():
                rows.setdefault(name, []).append(cell)
    notes = [f"frame {n}" for n in sorted(frames)]
    return contact_sheet([Row(name, cells, () if i else notes) for i, (name, cells) in enumerate(rows.items())])


def _cells(look: Look) -> dict[str, np.ndarray]:
    """The pictures of one frame, by the names of their rows."""
    picture, scale = look.pictures[0], cell_scale(*look.pictures[0].shape[:2])
    cell, found = resized(picture, scale), look.detections
    objectness = _without_padding(look.result.objectness[0], look)
    inside = objectness > OBJECT
    vectors = {
        name: directions(_without_padding(maps[0, :2], look) * inside, cell.shape[:2])
        for name, maps in (("offsets", look.result.offsets), ("tracking vectors", look.result.tracking))
    }
    heatmap = _without_padding(look.arguments[2].heatmap[0, 0], look)
    return {
        "objects": draw_tracks(picture, [row[0] for row in found.masks or ()], None, found.track_ids, scale=scale),
        "offsets": vectors["offsets"],
        "objectness": heat(objectness, cell, 0.0, 1.0),
        "tracking vectors": vectors["tracking vectors"],
        "heatmap": heat(heatmap, cell, 0.0, 1.0),
    }


def _without_padding(maps: object, look: Look) -> np.ndarray:
    """The part of a map (...,h,w) over the padded frame that lies on the frame itself."""
    values = np.asarray(maps.float().cpu())  # type: ignore[attr-defined]
    padded = look.arguments[0].shape[-2:]
    (h, w), (full_h, full_w) = look.geometry.resized, padded
    rows, columns = (
        round(n * small / full) for n, small, full in ((h, values.shape[-2], full_h), (w, values.shape[-1], full_w))
    )
    return values[..., : max(rows, 1), : max(columns, 1)]
