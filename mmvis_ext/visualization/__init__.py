from .draw import draw_tracks, readable_scale
from .palette import colour
from .sheets import Row, cell_scale, comparison_sheet, contact_sheet, side_by_side, spread
from .shown import ShownTrack, draw_shown, shown_detections, shown_prediction, shown_truth, take_colours
from .video_io import VideoSource, VideoWriter, open_video, read_frames

__all__ = [
    "Row",
    "ShownTrack",
    "VideoSource",
    "VideoWriter",
    "cell_scale",
    "colour",
    "comparison_sheet",
    "contact_sheet",
    "draw_shown",
    "draw_tracks",
    "open_video",
    "read_frames",
    "readable_scale",
    "shown_detections",
    "shown_prediction",
    "shown_truth",
    "side_by_side",
    "spread",
    "take_colours",
]
