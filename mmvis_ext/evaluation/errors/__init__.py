"""Where AP is lost: the errors of tracks, what each kind costs, and how objects of each size and length are found."""

from .analysis import TrackErrors, track_errors
from .gains import class_precision, gains, mean_precision, working_score
from .groups import Group, groups
from .judged import JudgedVideo, judge_video
from .kinds import BACKGROUND, KINDS, MISSED, PART, WELL
from .tracking import tracking_figures

__all__ = [
    "BACKGROUND", "KINDS", "MISSED", "PART", "WELL", "Group", "JudgedVideo", "TrackErrors", "class_precision", "gains",
    "groups", "judge_video", "mean_precision", "track_errors", "tracking_figures", "working_score",
]  # fmt: skip
