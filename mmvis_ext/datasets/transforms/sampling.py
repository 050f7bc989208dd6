"""Which frames of a video make a training sample."""

import itertools
import random
from typing import Any

from mmdet.datasets.transforms import BaseFrameSample

from mmvis_ext.registry import TRANSFORMS
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.mirror import mirrored

__all__ = ["ClipSample"]


@TRANSFORMS.register_module()
class ClipSample(BaseFrameSample):
    """Draw one clip, or several of the same video for correspondence learning (EfficientVIS, Sec. 3.3).

    A clip is ``clip_len`` frames, ``stride`` apart. Two clips do not overlap where the video is long enough, and
    overlap as little as it allows otherwise; their order is random. A video shorter than a clip is continued
    back and forth (0 1 2 1 0 1 ...), so that its motion stays plausible; a still image is repeated.

    A video that is no longer than a clip has no second one. For two clips it is cut into halves, and each is continued
    back and forth: two equal clips would cost as much and teach nothing about correspondence.

    A scattered clip (InsPro, Sec. 4.2) is ``clip_len`` different frames from anywhere in the video, in time order.
    Several scattered clips are drawn independently.

    Args:
        clip_len: T, frames per clip.
        num_clips: clips per sample.
        stride: frames from one to the next; a pair (low, high) draws it per sample. It is lowered where the video is
            too short for it.
        scattered: draw scattered clips; ``stride`` must then be 1.
        kwargs: of mmdet's ``BaseFrameSample``.

    Added keys: those of the frames as lists over ``num_clips * clip_len`` frames, clip after clip, and ``num_clips``.
    """

    def __init__(
        self,
        clip_len: int,
        num_clips: int = 1,
        stride: int | tuple[int, int] = 1,
        scattered: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        low, high = (stride, stride) if isinstance(stride, int) else stride
        if clip_len < 1 or num_clips < 1 or not 1 <= low <= high:
            raise InputError(
                f"ClipSample: clip_len={clip_len}, num_clips={num_clips} and stride={stride} must be at least 1 "
                "and a stride pair must rise; correct the config."
            )
        if scattered and (low, high) != (1, 1):
            raise InputError(
                f"ClipSample: the frames of a scattered clip stand anywhere, so stride={stride} has no meaning; "
                "leave one of the two out."
            )
        self.clip_len, self.num_clips, self.stride, self.scattered = clip_len, num_clips, (low, high), scattered

    def starts(self, length: int, span: int) -> list[int]:
        """First frames of the clips, each ``span`` frames long, in a video of ``length`` frames."""
        free = max(length - span, 0)
        if self.num_clips == 1:
            return [random.randint(0, free)]
        slack = length - self.num_clips * span
        if slack >= 0:
            gaps = sorted(random.randint(0, slack) for _ in range(self.num_clips))
            starts = [gap + i * span for i, gap in enumerate(gaps)]
        else:
            starts = [round(i * free / (self.num_clips - 1)) for i in range(self.num_clips)]
        random.shuffle(starts)
        return starts

    def parts(self, length: int) -> list[list[int]]:
        """The frames of each clip, from one part each of a video of ``length`` frames."""
        bounds = [length * i // self.num_clips for i in range(self.num_clips + 1)]
        spans = [(first, max(last - first, 1)) for first, last in itertools.pairwise(bounds)]
        random.shuffle(spans)
        return [[first + mirrored(i, span) for i in range(self.clip_len)] for first, span in spans]

    def sample(self, length: int) -> list[int]:
        """Frame numbers of all clips in a video of ``length`` frames."""
        if self.scattered and self.clip_len < length:
            return [t for _ in range(self.num_clips) for t in sorted(random.sample(range(length), self.clip_len))]
        if self.num_clips > 1 and length <= self.clip_len and not self.scattered:
            return [t for part in self.parts(length) for t in part]
        stride = random.randint(*self.stride)
        if self.clip_len > 1:
            stride = max(1, min(stride, (length - 1) // (self.clip_len - 1)))
        span = (self.clip_len - 1) * stride + 1
        return [
            mirrored(start + i * stride, length) for start in self.starts(length, span) for i in range(self.clip_len)
        ]

    def transform(self, video_infos: dict) -> dict:
        """Draw frames from the data set's dict of a video; returns a dict of lists with one item per drawn frame.

        Where the dict has a ``donor``, another video, so has the result: the frames drawn from that one.
        """
        frames = self.sample(video_infos["video_length"])
        results = self.prepare_data(video_infos, frames)
        results["num_clips"] = [self.num_clips] * len(frames)
        if "donor" in video_infos:
            results["donor"] = self.transform(video_infos["donor"])
        return results
