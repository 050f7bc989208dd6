from .draw import draw_tracks, readable_scale
from .palette import colour
from .sheets import Row, cell_scale, comparison_sheet, contact_sheet, side_by_side, spread
from .shown import ShownTrack, draw_shown, shown_detections, shown_prediction, shown_truth, take_colours

__all__ = [
    "Row",
    "ShownTrack",
    "cell_scale",
    "colour",
    "comparison_sheet",
    "contact_sheet",
    "draw_shown",
    "draw_tracks",
    "readable_scale",
    "shown_detections",
    "shown_prediction",
    "shown_truth",
    "side_by_side",
    "spread",
    "take_colours",
]
