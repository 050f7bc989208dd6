"""What a check of a data set finds, and how it is told."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["KINDS", "Finding", "findings_json", "findings_text", "in_report_order"]

KINDS = {
    "missing_frames": "frames that are not there; training stops at them",
    "broken_frames": "frames that are no pictures; training stops at them",
    "frame_size": "frames of another size than the file says; training stops at them",
    "no_tracks": "videos in which nothing is labelled; right only if they show nothing",
    "empty_track": "tracks that no frame shows; they count as missed objects in AP",
    "short_track": "tracks of a single frame; often a slip, and of no use to learn association",
    "duplicate_track": "tracks with the same masks; one of them can only be missed",
    "box_unlike_mask": "boxes that do not fit their masks; one of the two is wrong",
    "jump": "tracks that move farther than their size from one frame to the next; often two objects with one id",
    "swap": "tracks that exchange their places from one frame to the next; often ids that were mixed up",
    "rare_class": "classes with few tracks; they are hardly learned, and their AP is a matter of chance",
    "class_of_one_part": "classes that only one of train and val has",
    "near_equal_frames": "frames of val that look like frames of train; figures on val are then too good",
}
"""What can be found: what it is, and why it matters. The order is that of the report."""


@dataclass(frozen=True)
class Finding:
    """Something about a data set that somebody should look at.

    Attributes:
        kind: of :data:`KINDS`.
        text: a sentence that says what and where.
        weight: how bad it is; finds of one kind are told from the worst down.
        part: the part of the data that it is in, ``train`` or ``val``.
        video: id of the video, if it is about one.
        tracks: ids of the tracks that it is about.
        frames: indices of the frames to look at.
        like: for ``near_equal_frames``, the id of the video of the other part and the index of its frame.
    """

    kind: str
    text: str
    weight: float = 0.0
    part: str = "train"
    video: int | None = None
    tracks: tuple[int, ...] = ()
    frames: tuple[int, ...] = ()
    like: tuple[int, int] | None = None


def in_report_order(findings: Iterable[Finding]) -> list[Finding]:
    """By kind in the order of :data:`KINDS`, from the worst down."""
    order = list(KINDS)
    return sorted(findings, key=lambda finding: (order.index(finding.kind), -finding.weight))


def findings_text(findings: Sequence[Finding], most: int = 5) -> str:
    """A paragraph per kind with the ``most`` worst of it."""
    if not findings:
        return "Nothing was found."
    counts, lines = Counter(finding.kind for finding in findings), []
    told: Counter[str] = Counter()
    for finding in in_report_order(findings):
        if not told[finding.kind]:
            lines.append(f"{finding.kind} ({counts[finding.kind]}): {KINDS[finding.kind]}")
        if told[finding.kind] < most:
            lines.append(f"  {finding.part}: {finding.text}")
        elif told[finding.kind] == most:
            lines.append(f"  and {counts[finding.kind] - most} more")
        told[finding.kind] += 1
    return "\n".join(lines)


def findings_json(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """All findings in the order of the report, as plain data."""
    return [asdict(finding) for finding in in_report_order(findings)]
