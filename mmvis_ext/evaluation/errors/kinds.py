"""The kinds of errors of tracks, and the thresholds that tell them apart: this module is their only owner."""

__all__ = ["BACKGROUND", "KINDS", "MISSED", "PART", "WELL"]

BACKGROUND = 0.1
"""Tube IoU below which a result has nothing to do with a ground truth (that of TIDE)."""

WELL = 0.5
"""IoU from which on a result covers a ground truth well: in a frame, or in the frames that the result shows."""

PART = 0.1
"""Share of a track's frames that a part of it needs to count as one."""

MISSED = "missed"
"""The kind of a ground truth; all other kinds are those of results."""

KINDS = {
    "merged": "two objects in one",
    "broken": "broken in parts",
    "duplicate": "duplicate",
    "class": "wrong class",
    "masks": "poor masks",
    "both": "wrong class and poor masks",
    "background": "background",
    MISSED: "missed",
}
"""What each kind is called, in the order in which they are asked for: a result has the first that fits."""
