"""Check a data set before training: frames, tracks, classes, and whether train and val share pictures."""

import argparse
import contextlib
import json
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import atomic_folder, read_file, write_atomically

from .arguments import add_json

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from mmvis_ext.annotations.audit import Finding
    from mmvis_ext.annotations.records import AnnotationFile, VideoRecord

__all__ = ["EXAMPLE", "add_arguments", "run"]

EXAMPLE = (
    "mmvis check data/shapes_vis/mini/youtube_vis/train.json --frames data/shapes_vis/mini/youtube_vis/train/JPEGImages"
)
PICTURES = 3  # of each kind of finding


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("ann_file", type=Path, metavar="ANN", help="annotations in the official or the CocoVID form")
    parser.add_argument("--frames", type=Path, required=True, metavar="DIR", help="folder of the images")
    parser.add_argument("--val", type=Path, metavar="ANN", help="annotations of the set that is judged on")
    parser.add_argument("--val-frames", type=Path, metavar="DIR", help="folder of its images (default: --frames)")
    parser.add_argument("--boxes", action="store_true", help="the tracks have boxes and need no masks")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for pictures of the worst and findings.json")
    add_json(parser)


def run(args: argparse.Namespace) -> None:
    """Check the data set."""
    from mmvis_ext.annotations.audit import audit_parts, class_shares, findings_json, findings_text
    from mmvis_ext.annotations.youtube_vis import read_annotation_file

    for folder in filter(None, (args.frames, args.val_frames)):
        if not folder.is_dir():
            raise InputError(f"{folder}: no such folder of frames; check the path.")
    if args.out is not None and args.out.exists() and not _is_ours(args.out):
        raise InputError(f"{args.out}: holds other files than those of a check; choose another --out.")
    files = {"train": read_annotation_file(args.ann_file, as_boxes=args.boxes)}
    folders = {"train": args.frames, "val": args.val_frames or args.frames}
    if args.val is not None:
        files["val"] = read_annotation_file(args.val, as_boxes=args.boxes)
    found = audit_parts(files["train"], args.frames, files.get("val"), folders["val"])
    content = json.dumps(
        dict(
            classes={part: [share._asdict() for share in class_shares(file)] for part, file in files.items()},
            findings=findings_json(found),
        )
    )
    if args.out is not None:
        _write_pictures(found, files, folders, content, args.out)
    if args.json not in (None, "-"):
        write_atomically(args.json, f"{content}\n".encode())
    print(content if args.json == "-" else f"{_table(files)}\n{findings_text(found)}")


def _table(files: dict[str, "AnnotationFile"]) -> str:
    """How many videos, tracks and masks (or boxes) each class has in each part; classes without any are left out."""
    from terminaltables import AsciiTable

    from mmvis_ext.annotations.audit import class_shares

    shares = {part: {share.name: share for share in class_shares(file)} for part, file in files.items()}
    names = {name: None for own in shares.values() for name, share in own.items() if share.tracks}
    head = ["class", *(f"{what} in {part}" for part in files for what in ("videos", "tracks", "masks"))]
    rows = [[name, *(n for own in shares.values() for n in own.get(name, (name, 0, 0, 0))[1:])] for name in names]
    return AsciiTable([head, *rows]).table


def _is_ours(folder: Path) -> bool:
    ours = re.compile(r"findings\.json|[a-z_]+_[0-9]+\.png")
    return folder.is_dir() and all(ours.fullmatch(path.name) for path in folder.iterdir())


def _write_pictures(
    found: list["Finding"], files: dict[str, "AnnotationFile"], folders: dict[str, Path], content: str, out: Path
) -> None:
    """Write the worst of each kind as pictures, and all findings as JSON."""
    import cv2

    from mmvis_ext.annotations.audit import frame_path
    from mmvis_ext.annotations.frames import load_frame
    from mmvis_ext.visualization.finding_sheets import finding_sheet

    def reader(part: str) -> "Callable[[VideoRecord, int], np.ndarray]":
        def read(video: "VideoRecord", t: int) -> "np.ndarray":
            path = frame_path(folders[part], video.file_names[t], files[part].path)
            return load_frame(lambda: read_file(path), path, (video.height, video.width))[..., ::-1]

        return read

    drawn: Counter[str] = Counter()
    with atomic_folder(out) as folder:
        (folder / "findings.json").write_text(content)
        for finding in found:
            if drawn[finding.kind] == PICTURES:
                continue
            other = "train" if finding.part == "val" else "val"
            with contextlib.suppress(InputError):  # a frame that cannot be read is itself a finding
                sheet = finding_sheet(
                    finding, files[finding.part], reader(finding.part), files.get(other), reader(other)
                )
                if sheet is not None:
                    drawn[finding.kind] += 1
                    name = f"{finding.kind}_{drawn[finding.kind]}.png"
                    (folder / name).write_bytes(cv2.imencode(".png", sheet[..., ::-1])[1].tobytes())
