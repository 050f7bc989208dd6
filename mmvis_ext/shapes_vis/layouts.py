"""The file layouts of five public datasets, all written from the same truth and the same encoded frames."""

import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mmvis_ext.annotations.index_png import index_png
from mmvis_ext.structures.rle import to_rle

from .looks import CATEGORIES
from .truth import TrackTruth, VideoTruth

__all__ = ["LAYOUTS", "SPLITS", "Layout", "encode_jpeg", "write_json"]

SPLITS = ("train", "val")


class Layout:
    """How one dataset lays out its files. Stateless, so that worker processes can share it.

    Attributes:
        name: the folder it is written to, and what the command line calls it.
        stills: whether it holds single images, one from each scene, instead of videos.
    """

    name: str
    stills = False

    def write_video(self, root: Path, split: str, video: VideoTruth, jpegs: list[bytes]) -> None:
        """Write what belongs to one video alone; ``root`` is the layout's own folder."""
        raise NotImplementedError

    def write_split(self, root: Path, split: str, videos: list[VideoTruth], about: str) -> None:
        """Write the files that list all videos of a split, once the videos are written."""
        raise NotImplementedError


class YouTubeVIS(Layout):
    """``<split>.json`` (uncompressed RLE) and ``<split>/JPEGImages/<video>/00000.jpg``."""

    name = "youtube_vis"

    def write_video(self, root: Path, split: str, video: VideoTruth, jpegs: list[bytes]) -> None:
        _write_frames(self._frames(root, split), self._file_names(video), jpegs)

    def write_split(self, root: Path, split: str, videos: list[VideoTruth], about: str) -> None:
        records = [
            dict(
                id=number,
                width=video.width,
                height=video.height,
                length=video.length,
                file_names=self._file_names(video),
                license=1,
                date_captured="",
                flickr_url="",
                coco_url="",
            )
            for number, video in enumerate(videos, 1)
        ]
        annotations = [
            dict(
                id=number,
                video_id=video_id,
                category_id=CATEGORIES[track.label]["id"],
                iscrowd=0,
                width=video.width,
                height=video.height,
                length=video.length,
                **self._over_time(video, track),
            )
            for number, (video_id, video, track) in enumerate(_numbered(videos), 1)
        ]
        write_json(self._json(root, split), dict(_head(about), videos=records, annotations=annotations))

    def _json(self, root: Path, split: str) -> Path:
        return root / f"{split}.json"

    def _frames(self, root: Path, split: str) -> Path:
        return root / split / "JPEGImages"

    def _file_names(self, video: VideoTruth) -> list[str]:
        return [f"{video.name}/{t:05d}.jpg" for t in range(video.length)]

    def _over_time(self, video: VideoTruth, track: TrackTruth) -> dict[str, list]:
        size = [video.height, video.width]
        return dict(
            segmentations=[None if c is None else dict(size=size, counts=c) for c in track.counts],
            bboxes=[_in_floats(box) for box in track.boxes],
            areas=track.areas,
        )


class OVIS(YouTubeVIS):
    """``annotations_<train|valid>.json`` (compressed RLE) and ``<train|valid>/<video>/img_0000001.jpg``."""

    name = "ovis"
    split_names = {"train": "train", "val": "valid"}

    def _json(self, root: Path, split: str) -> Path:
        return root / f"annotations_{self.split_names[split]}.json"

    def _frames(self, root: Path, split: str) -> Path:
        return root / self.split_names[split]

    def _file_names(self, video: VideoTruth) -> list[str]:
        return [f"{video.name}/img_{t:07d}.jpg" for t in range(1, video.length + 1)]

    def _over_time(self, video: VideoTruth, track: TrackTruth) -> dict[str, list]:
        entries = super()._over_time(video, track)
        entries["segmentations"] = [_compressed(video, counts) for counts in track.counts]
        entries["occlusion"] = [_occlusion_level(hidden) for hidden in track.hidden]
        return entries


class DAVIS(Layout):
    """``JPEGImages``, ``Annotations_unsupervised`` (indexed PNGs: track k has index k + 1) and ``ImageSets/2017``."""

    name = "davis"

    def write_video(self, root: Path, split: str, video: VideoTruth, jpegs: list[bytes]) -> None:
        _write_frames(root / "JPEGImages/480p" / video.name, [f"{t:05d}.jpg" for t in range(video.length)], jpegs)
        folder = root / "Annotations_unsupervised/480p" / video.name
        folder.mkdir(parents=True, exist_ok=True)
        for t in range(video.length):
            (folder / f"{t:05d}.png").write_bytes(index_png(video.index_map(t)))

    def write_split(self, root: Path, split: str, videos: list[VideoTruth], about: str) -> None:
        _write_lines(root / f"ImageSets/2017/{split}.txt", (video.name for video in videos))


class ImageNetVID(Layout):
    """``Data/VID/<split>/<video>/000000.JPEG``, an XML per frame under ``Annotations/VID``, and ``ImageSets/VID``.

    ``xmin`` and ``ymin`` are the first pixel, counted from 0; ``xmax`` and ``ymax`` are one past the last, so that
    the usual ``width = xmax - xmin`` holds. An object is ``occluded`` where any of its pixels in the frame is hidden.
    """

    name = "imagenet_vid"

    def write_video(self, root: Path, split: str, video: VideoTruth, jpegs: list[bytes]) -> None:
        names = [f"{t:06d}.JPEG" for t in range(video.length)]
        _write_frames(root / "Data/VID" / split / video.name, names, jpegs)
        folder = root / "Annotations/VID" / split / video.name
        for t in range(video.length):
            _write_lines(folder / f"{t:06d}.xml", _voc_lines(split, video, t))

    def write_split(self, root: Path, split: str, videos: list[VideoTruth], about: str) -> None:
        frames = [f"{video.name}/{t:06d}" for video in videos for t in range(video.length)]
        _write_lines(root / f"ImageSets/VID/{split}.txt", (f"{frame} {n}" for n, frame in enumerate(frames, 1)))


class COCO(Layout):
    """``<split>.json`` (instances, compressed RLE) and ``<split>/<image>.jpg``, each from a scene of its own."""

    name = "coco"
    stills = True

    def write_video(self, root: Path, split: str, video: VideoTruth, jpegs: list[bytes]) -> None:
        _write_frames(root / split, [f"{video.name}.jpg"], jpegs)

    def write_split(self, root: Path, split: str, videos: list[VideoTruth], about: str) -> None:
        images = [
            dict(id=number, width=v.width, height=v.height, file_name=f"{v.name}.jpg", license=1)
            for number, v in enumerate(videos, 1)
        ]
        annotations = [
            dict(
                id=number,
                image_id=image_id,
                category_id=CATEGORIES[track.label]["id"],
                iscrowd=0,
                area=track.areas[0],
                bbox=_in_floats(track.boxes[0]),
                segmentation=_compressed(still, track.counts[0]),
            )
            for number, (image_id, still, track) in enumerate(_numbered(videos), 1)
        ]
        write_json(root / f"{split}.json", dict(_head(about), images=images, annotations=annotations))


LAYOUTS: dict[str, Layout] = {layout.name: layout for layout in (YouTubeVIS(), DAVIS(), OVIS(), ImageNetVID(), COCO())}
"""By name, as the command line takes them."""


def encode_jpeg(frame: np.ndarray) -> bytes:
    """(H, W, 3) uint8 RGB as JPEG, its colour at full resolution: subsampling would blur the textures."""
    buffer = io.BytesIO()
    Image.fromarray(frame).save(buffer, "JPEG", quality=95, subsampling=0)
    return buffer.getvalue()


def write_json(path: Path, content: Any) -> None:
    """Write JSON with sorted keys and no blanks, so that equal contents are equal files; missing folders are made."""
    _write(path, (json.dumps(content, sort_keys=True, separators=(",", ":")) + "\n").encode())


def _numbered(videos: list[VideoTruth]) -> Iterable[tuple[int, VideoTruth, TrackTruth]]:
    return ((number, video, track) for number, video in enumerate(videos, 1) for track in video.tracks)


def _head(about: str) -> dict[str, Any]:
    # No date: it would make two runs differ.
    return dict(
        info=dict(description=about, version="1.0"),
        licenses=[dict(id=1, name="generated, free of rights", url="")],
        categories=list(CATEGORIES),
    )


def _compressed(video: VideoTruth, counts: list[int] | None) -> dict[str, Any] | None:
    if counts is None:
        return None
    return to_rle(dict(size=[video.height, video.width], counts=counts), video.height, video.width, video.name)


def _in_floats(box: list[int] | None) -> list[float] | None:
    return None if box is None else [float(v) for v in box]


def _occlusion_level(hidden: float | None) -> str | None:
    if hidden is None:
        return None
    return "no_occlusion" if hidden == 0 else "slight_occlusion" if hidden < 0.5 else "severe_occlusion"


def _voc_lines(split: str, video: VideoTruth, t: int) -> Iterable[str]:
    yield "<annotation>"
    yield f"  <folder>{split}/{video.name}</folder>"
    yield f"  <filename>{t:06d}</filename>"
    yield "  <source><database>ShapesVIS</database></source>"
    yield f"  <size><width>{video.width}</width><height>{video.height}</height></size>"
    for k, track in enumerate(video.tracks):
        box, hidden = track.boxes[t], track.hidden[t]
        if box is None or hidden is None:  # absent, as both say
            continue
        x, y, w, h = box
        yield "  <object>"
        yield f"    <trackid>{k}</trackid>"
        yield f"    <name>n{CATEGORIES[track.label]['id']:08d}</name>"
        yield f"    <bndbox><xmax>{x + w}</xmax><xmin>{x}</xmin><ymax>{y + h}</ymax><ymin>{y}</ymin></bndbox>"
        yield f"    <occluded>{int(hidden > 0)}</occluded>"
        yield "    <generated>0</generated>"
        yield "  </object>"
    yield "</annotation>"


def _write_frames(folder: Path, names: list[str], jpegs: list[bytes]) -> None:
    for name, jpeg in zip(names, jpegs, strict=True):
        _write(folder / name, jpeg)


def _write_lines(path: Path, lines: Iterable[str]) -> None:
    _write(path, "".join(f"{line}\n" for line in lines).encode())


def _write(path: Path, content: bytes) -> None:
    """Write bytes and not text, so that line ends are the same on every platform."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
