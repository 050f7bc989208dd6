"""XML of CVAT: 'CVAT for video' with tracks, and 'CVAT for images' with groups.

https://docs.cvat.ai/docs/manual/advanced/xml_format/
"""

from pathlib import Path

from mmvis_ext.annotations.json_file import read_bytes
from mmvis_ext.annotations.records import AnnotationFile
from mmvis_ext.annotations.xml_file import parse_xml
from mmvis_ext.utils.errors import InputError

from .cvat_images import image_drafts
from .cvat_shapes import class_names
from .cvat_video import video_draft
from .drafts import VideoDraft, gathered
from .frame_folders import in_order
from .source import Source

__all__ = ["read_cvat"]


def read_cvat(source: Source) -> AnnotationFile:
    """Read an XML file, or a folder with one per video: ``dog.xml`` or ``dog/annotations.xml``.

    'CVAT for video' numbers its frames, so the folder of the frames is needed. 'CVAT for images' names them; the images
    of one folder are one video, and ``group_id`` is the track id. Classes are those of the task, in its order.

    Raises:
        InputError: there is no XML, one is broken or an export of a whole project, or a shape cannot be understood.
    """
    videos: list[VideoDraft] = []
    classes: dict[str, None] = {}
    tolerance = source.tolerance()
    for name, path in _files(source.path):
        root = parse_xml(read_bytes(path), str(path))
        if root.tag != "annotations":
            raise InputError(f"{path}: starts with <{root.tag[:40]}>, not <annotations>; export XML 1.1 from CVAT.")
        if root.find("meta/project") is not None:
            raise InputError(f"{path}: is the export of a whole project; export each task of it.")
        classes |= dict.fromkeys(class_names(root))
        if root.find("image") is not None:
            videos += image_drafts(root, source, str(path), tolerance)
        else:
            videos.append(video_draft(root, source, name, str(path), tolerance))
    tolerance.warn()
    return gathered(source, videos, None if source.track_by == "label" else list(classes))


def _files(path: Path) -> list[tuple[str, Path]]:
    """Name of the video and path of each XML file."""
    if not path.is_dir():
        return [((path.stem == "annotations" and path.parent.name) or path.stem, path)]
    found = [(p.stem, p) for p in path.glob("*.xml")] + [(p.parent.name, p) for p in path.glob("*/annotations.xml")]
    return sorted(found, key=lambda pair: in_order(pair[0]))
