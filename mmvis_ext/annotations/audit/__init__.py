"""A check of a data set before training: is everything there, and does it look like what people mean to label."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mmvis_ext.annotations.records import AnnotationFile

from .classes import ClassShare, class_findings, class_shares, part_findings
from .findings import KINDS, Finding, findings_json, findings_text, in_report_order
from .frames import frame_findings, frame_path
from .likeness import likeness_findings
from .tracks import track_findings

__all__ = [
    "KINDS",
    "ClassShare",
    "Finding",
    "audit",
    "audit_parts",
    "class_shares",
    "findings_json",
    "findings_text",
    "frame_path",
    "in_report_order",
]


def audit(file: AnnotationFile, frames: Path, part: str = "train") -> list[Finding]:
    """Check one file and its frames.

    Args:
        file: the annotations, read and therefore without contradictions.
        frames: folder to which the names of the frames are relative.
        part: what the findings call it.

    Raises:
        InputError: a frame lies outside of the folder.
    """
    found = class_findings(class_shares(file)) if file.has_annotations else []
    for video in file.videos:
        found += frame_findings(video, frames, file.path) + track_findings(video)
    return [replace(finding, part=part) for finding in found]


def audit_parts(
    train: AnnotationFile,
    frames: Path,
    val: AnnotationFile | None = None,
    val_frames: Path | None = None,
    told: Callable[[str], None] = lambda what: None,
) -> list[Finding]:
    """Check a training set and, if there is one, the set that it is judged on, each alone and both together.

    Args:
        train: annotations to learn from.
        frames: folder of their frames.
        val: annotations to judge by.
        val_frames: folder of their frames; by default that of ``train``.
        told: called with what is done next.

    Raises:
        InputError: a frame lies outside of its folder.
    """
    told("train")
    found = audit(train, frames)
    if val is not None:
        told("val")
        found += audit(val, val_frames or frames, "val")
        found += part_findings(class_shares(train), class_shares(val))
        told("frames of train and val that look alike")
        found += likeness_findings(train, frames, val, val_frames or frames)
    return in_report_order(found)
