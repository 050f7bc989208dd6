"""Whether the frames of a data set are there, and have the size that the annotations say."""

import os
from pathlib import Path

from mmvis_ext.annotations.frames import frame_sizes
from mmvis_ext.annotations.lists import refuse_outside
from mmvis_ext.annotations.records import VideoRecord
from mmvis_ext.utils.errors import InputError

from .findings import Finding

__all__ = ["frame_findings", "frame_path"]


def frame_path(folder: Path, name: str, where: str) -> str:
    """The path of a frame in the folder of images.

    Raises:
        InputError: the name leads out of the folder; ``where`` is the file that has it.
    """
    refuse_outside(name, where)
    return os.path.join(folder, name.replace("\\", "/"))


def frame_findings(video: VideoRecord, folder: Path, where: str) -> list[Finding]:
    """What is wrong with the frames of a video, of which only headers are read.

    Args:
        video: of the file.
        folder: of the images.
        where: the file, for errors.

    Raises:
        InputError: a frame lies outside of the folder.
    """
    faults: dict[str, list[tuple[int, str]]] = dict(missing_frames=[], broken_frames=[], frame_size=[])
    for t, name in enumerate(video.file_names):
        path = frame_path(folder, name, where)
        try:
            sizes = frame_sizes(path)
        except FileNotFoundError:
            faults["missing_frames"].append((t, name))
        except (OSError, InputError):
            faults["broken_frames"].append((t, name))
        else:
            if (video.height, video.width) not in sizes:
                height, width = sizes[0]
                faults["frame_size"].append(
                    (t, f"{name} has {width}x{height} pixels, not {video.width}x{video.height}")
                )
    states = dict(missing_frames="are missing", broken_frames="are no pictures", frame_size="have another size")
    return [
        Finding(
            kind,
            f"{len(found)} of the {len(video.file_names)} frames of video {video.id} {states[kind]} ({found[0][1]}).",
            len(found),
            video=video.id,
            frames=(found[0][0],),
        )
        for kind, found in faults.items()
        if found
    ]
