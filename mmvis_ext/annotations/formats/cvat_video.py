"""'CVAT for video': tracks of boxes, polygons and masks, of which ``outside`` says where an object is not seen."""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from mmvis_ext.annotations.tolerance import Tolerance
from mmvis_ext.structures.rle import RLE
from mmvis_ext.utils.errors import InputError

from .cvat_shapes import AREAS, mend_lines, number, read_shape, text_of, whole
from .drafts import VideoDraft
from .frame_folders import frames_of
from .labelme import class_of_label
from .source import Source

__all__ = ["video_draft"]

Given = dict[int, RLE | list[float] | None]  # by index of the frame; an object that is outside has none
MOST_FRAMES = 10**7


def video_draft(root: Element, source: Source, name: str, path: str, tolerance: Tolerance) -> VideoDraft:
    """The video of one XML file.

    A shape that is ``outside`` is absent, also from the frames that follow up to the next one. Between two boxes CVAT
    interpolates linearly, and after the last one the box stays to the end of the video; so it is done here. Polygons
    and masks are written out in CVAT's export for every frame; a track of them is absent from frames without one, which
    a warning counts.

    Args:
        root: of the XML.
        source: what is read; its folder of frames is needed.
        name: of the video.
        path: of the XML file, for errors.
        tolerance: counts gaps.

    Raises:
        InputError: there are too few frames or of another size, or a shape cannot be understood.
    """
    numbers = _frame_numbers(root, path)
    frames = frames_of(source, name, path, numbers)
    _check_size(root, frames.size, path)
    video = VideoDraft(frames.size, frames.file_names)
    numbers = numbers or list(range(len(frames.file_names)))
    place = {n: t for t, n in enumerate(numbers)}
    for node in root.iterfind("track"):
        where = f"{path}: track {text_of(node, 'id', path)}"
        label = text_of(node, "label", where)
        mend_lines(node, where, tolerance)
        by_label = source.track_by == "label"
        key, title = (label, class_of_label(label)) if by_label else (whole(node, "id", where), label)
        given = _given(node, place, frames.size, where)
        for t, shape in _over_time(given, len(place), where, tolerance):
            video.add(key, title, t, shape, f"{where}, frame {numbers[t]}")
    return video


def _frame_numbers(root: Element, path: str) -> list[int] | None:
    """CVAT's numbers of the frames that are labelled; ``None`` where the file does not say which."""
    for job in root.iterfind("meta/*"):
        first, last = (job.findtext(key) for key in ("start_frame", "stop_frame"))
        if first and last:
            step = re.search(r"step\s*=\s*([0-9]{1,6})", job.findtext("frame_filter") or "")
            start, stop = (int(number(text, "a frame of the task", path)) for text in (first, last))
            if 0 <= start <= stop < MOST_FRAMES:
                return list(range(start, stop + 1, max(int(step[1]), 1) if step else 1))
            raise InputError(f"{path}: the task goes from frame {start} to {stop}; export it from CVAT again.")
    return None


def _check_size(root: Element, size: tuple[int, int], path: str) -> None:
    node = root.find("meta/*/original_size")
    if node is not None:
        width, height = (number(node.findtext(key) or "", f"<{key}>", path) for key in ("width", "height"))
        if (height, width) != size:
            raise InputError(
                f"{path}: is of a video of {width:g}x{height:g} pixels, but the frames have {size[1]}x{size[0]}; "
                "extract them in full size."
            )


def _given(node: Element, place: dict[int, int], size: tuple[int, int], where: str) -> Given:
    """The shapes of a track as they are in the file, in the order of time."""
    found: Given = {}
    for child in node:
        if child.tag in AREAS:
            n = whole(child, "frame", where)
            if n not in place or place[n] in found:
                state = "stands twice" if n in place else f"is none of the video's {len(place)} frames"
                raise InputError(f"{where}: the frame {n} {state}; export it from CVAT again.")
            hidden = child.get("outside") == "1"
            found[place[n]] = None if hidden else read_shape(child, size, f"{where}, frame {n}")
    return dict(sorted(found.items()))


def _over_time(
    given: Given, length: int, where: str, tolerance: Tolerance
) -> Iterator[tuple[int, RLE | list[float] | None]]:
    """What a track is in each frame that shows it."""
    times = [*given, length]
    for (t, shape), after in zip(given.items(), times[1:], strict=True):
        if shape is None:
            continue
        yield t, shape
        if isinstance(shape, dict):
            if after > t + 1:
                kind = "gaps in tracks of polygons or masks, which are taken for absence"
                tolerance.mend(kind, where, f"{where}: has no shape after frame {t}; export it from CVAT again.")
            continue
        goal = given.get(after)
        for between in range(t + 1, after):
            share = (between - t) / (after - t) if isinstance(goal, list) else 0.0
            end = goal if isinstance(goal, list) else shape
            yield between, [a + (b - a) * share for a, b in zip(shape, end, strict=True)]
