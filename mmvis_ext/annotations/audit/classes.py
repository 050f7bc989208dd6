"""How the classes are spread over tracks and videos."""

from typing import NamedTuple

from mmvis_ext.annotations.records import AnnotationFile

from .findings import Finding

__all__ = ["ClassShare", "class_findings", "class_shares", "part_findings"]

FEW = 5  # tracks of a class below which there is little to learn
SHARE = 100  # a class is rare, too, with fewer tracks than the largest class divided by this
NAMED = 8  # classes that a sentence names


class ClassShare(NamedTuple):
    """A class, and how many videos, tracks and masks (or boxes) it has."""

    name: str
    videos: int
    tracks: int
    shown: int


def class_shares(file: AnnotationFile) -> list[ClassShare]:
    """All classes, in the order of the file. Crowds do not count."""
    shares = []
    for category in file.categories:
        tracks = [
            (video.id, track)
            for video in file.videos
            for track in video.tracks or ()
            if track.category_id == category["id"] and not track.iscrowd
        ]
        shown = sum(int(track.visible.sum()) for _, track in tracks)
        shares.append(ClassShare(category["name"], len({video for video, _ in tracks}), len(tracks), shown))
    return shares


def class_findings(shares: list[ClassShare]) -> list[Finding]:
    """Classes with few tracks, one by one, and those without any together."""
    most = max((share.tracks for share in shares), default=0)
    found = [
        Finding("rare_class", f"the class {s.name!r} has {s.tracks} tracks in {s.videos} videos.", -float(s.tracks))
        for s in shares
        if 0 < s.tracks < max(FEW, most / SHARE)
    ]
    absent = [share.name for share in shares if not share.tracks]
    if absent:
        text = f"{len(absent)} of {len(shares)} classes have no track ({', '.join(absent[:NAMED])})."
        found.append(Finding("rare_class", text, float(len(absent))))
    return found


def part_findings(train: list[ClassShare], val: list[ClassShare]) -> list[Finding]:
    """Classes that only one part shows or lists; the order of the names must be the same, too."""
    found = []
    names = [{share.name for share in shares if share.tracks} for shares in (train, val)]
    for part, own, other in (("train", names[0], names[1]), ("val", names[1], names[0])):
        for name in sorted(own - other):
            text = f"the class {name!r} has tracks in {part} alone."
            found.append(Finding("class_of_one_part", text, float(part == "val"), part))
    if [share.name for share in train] != [share.name for share in val]:
        text = "the files list other classes, or in another order; choose them alike by metainfo or --classes."
        found.append(Finding("class_of_one_part", text, 2.0, "val"))
    return found
