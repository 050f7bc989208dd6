"""'CVAT for images': named images with shapes, whose group is the track."""

import posixpath
from xml.etree.ElementTree import Element

from mmvis_ext.annotations.checks import frame_size
from mmvis_ext.annotations.lists import refuse_outside
from mmvis_ext.annotations.tolerance import Tolerance
from mmvis_ext.utils.errors import InputError

from .cvat_shapes import AREAS, mend_lines, read_shape, text_of, whole
from .drafts import VideoDraft
from .frame_folders import in_order
from .labelme import class_of_label
from .source import Source

__all__ = ["image_drafts"]


def image_drafts(root: Element, source: Source, path: str, tolerance: Tolerance) -> list[VideoDraft]:
    """The videos of one XML file: the images of a folder are one, in the order of the numbers in their names.

    Args:
        root: of the XML.
        source: what is read; ``track_by`` is as in :func:`read_labelme`.
        path: of the XML file, for errors.
        tolerance: counts lines and points, which are left out.

    Raises:
        InputError: images of a folder differ in size, one stands twice, or a shape has no group.
    """
    folders: dict[str, dict[str, Element]] = {}
    for node in root.iterfind("image"):
        name = text_of(node, "name", path).replace("\\", "/")
        refuse_outside(name, path)
        images = folders.setdefault(posixpath.dirname(name), {})
        if name in images:
            raise InputError(f"{path}: the image {name!r} stands twice; export the task from CVAT again.")
        images[name] = node
    return [_draft(folders[folder], source, path, tolerance) for folder in sorted(folders, key=in_order)]


def _draft(images: dict[str, Element], source: Source, path: str, tolerance: Tolerance) -> VideoDraft:
    names = sorted(images, key=in_order)
    sizes = [frame_size({k: whole(images[n], k, f"{path}: {n}") for k in ("height", "width")}, path) for n in names]
    other = next((i for i, size in enumerate(sizes) if size != sizes[0]), None)
    if other is not None:
        raise InputError(
            f"{path}: {names[other]} has another size than {names[0]}, and all images of a folder are one video; give "
            "each video its own folder."
        )
    video = VideoDraft(sizes[0], names)
    for t, name in enumerate(names):
        mend_lines(images[name], f"{path}: {name}", tolerance)
        for node in images[name]:
            if node.tag in AREAS:
                where = f"{path}: {name}, <{node.tag}>"
                label = text_of(node, "label", where)
                key, title = _track_of(node, label, source.track_by, where)
                video.add(key, title, t, read_shape(node, sizes[0], where), where)
    return video


def _track_of(node: Element, label: str, track_by: str, where: str) -> tuple[int | str, str]:
    if track_by == "label":
        return label, class_of_label(label)
    if not node.get("group_id"):
        raise InputError(
            f"{where}: the {label!r} has no group_id, which tells objects apart over time; group its shapes in CVAT, "
            "or add --track-by label where every label is one object."
        )
    return whole(node, "group_id", where), label
