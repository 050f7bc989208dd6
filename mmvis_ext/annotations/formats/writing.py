"""What the writers of folders share: names of videos and frames, tracks with masks, and what a form cannot hold."""

import logging
from pathlib import PurePosixPath

from mmengine.logging import print_log

from mmvis_ext.annotations.lists import refuse_outside
from mmvis_ext.annotations.records import AnnotationFile, TrackAnnotation, VideoRecord
from mmvis_ext.utils.errors import InputError

__all__ = ["frame_stems", "tracks_of_masks", "video_names", "warn_lost"]


def video_names(file: AnnotationFile) -> list[str]:
    """A name per video, all different: the folder of its frames, with the video's id where folders have one name.

    Raises:
        InputError: a frame lies outside of the folder of images.
    """
    for video in file.videos:
        for name in video.file_names:
            refuse_outside(name, file.path)
    names = [PurePosixPath(video.file_names[0].replace("\\", "/")).parent.name for video in file.videos]
    different = len(set(names)) == len(names)
    return [
        name if name and different else f"{name or 'video'}_{v.id}" for name, v in zip(names, file.videos, strict=True)
    ]


def frame_stems(video: VideoRecord, where: str) -> list[str]:
    """The name of each frame without folder and ending.

    Raises:
        InputError: two frames have the same, or one has none.
    """
    stems = [PurePosixPath(name.replace("\\", "/")).stem for name in video.file_names]
    if len(set(stems)) != len(stems) or not all(stem.strip(".") for stem in stems):
        raise InputError(f"{where}: video {video.id}: two frames have the same name without its ending; rename one.")
    return stems


def tracks_of_masks(video: VideoRecord, where: str) -> list[TrackAnnotation]:
    """The tracks of a video, all of which have masks.

    Raises:
        InputError: one has boxes alone.
    """
    tracks = video.tracks or []
    if not all(track.segmentations for track in tracks):
        raise InputError(f"{where}: video {video.id} has tracks of boxes alone, and this form has masks; draw masks.")
    return tracks


def warn_lost(file: AnnotationFile, what: str, number: int) -> None:
    """Warn of ``number`` things that the form cannot hold, if there are any."""
    if number:
        print_log(f"{file.path}: {what}: {number}.", "current", logging.WARNING)
