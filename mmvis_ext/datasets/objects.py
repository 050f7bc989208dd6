"""How many objects the videos of a training set show, and how many of them are crowds, which are not learned."""

import logging
from collections.abc import Sequence

from mmengine.logging import print_log

from mmvis_ext.utils.errors import InputError

__all__ = ["check_crowds", "count_objects"]

MANY_CROWDS = 0.1  # share of the objects; COCO has a hundredth


def count_objects(videos: Sequence[dict]) -> list[int]:
    """Number of tracks that are no crowds, for each video of a data set's list."""
    return [sum(not crowd for crowd in _crowds([video])) for video in videos]


def check_crowds(videos: Sequence[dict], where: str) -> None:
    """Warn of crowds where they are many.

    Args:
        videos: of a data set's list.
        where: names the data set.

    Raises:
        InputError: all objects are crowds.
    """
    crowds = _crowds(videos)
    number = sum(crowds)
    remedy = "set iscrowd to 0 where an annotation is one object"
    if number and number == len(crowds):
        raise InputError(
            f"{where}: no object is left to train on, since all {number} have iscrowd=1, which marks a crowd of many "
            f"objects; {remedy}."
        )
    if number > MANY_CROWDS * len(crowds):
        said = f"{where}: {number} of {len(crowds)} objects have iscrowd=1 and are not learned; {remedy}."
        print_log(said, "current", logging.WARNING)


def _crowds(videos: Sequence[dict]) -> list[bool]:
    """Of each track, whether it is a crowd."""
    return [track.iscrowd for video in videos if video["truth"] is not None for track in video["truth"].tracks]
