"""Batches on their way from the loader to a model."""

from typing import Any

from mmdet.models.data_preprocessors import TrackDataPreprocessor
from mmengine.structures import BaseDataElement

from mmvis_ext.registry import MODELS

__all__ = ["VideoDataPreprocessor"]


@MODELS.register_module()
class VideoDataPreprocessor(TrackDataPreprocessor):
    """mmdet's preprocessor, which moves the frames to the device and leaves the annotations on the CPU.

    The losses gather the annotations of a sample into a few tensors, and only those go to the device. Moved one by one,
    the many small fields of each frame would cost a GPU more time than the backbone takes.
    """

    def cast_data(self, data: Any) -> Any:
        """As in mmengine, but samples stay where they are."""
        return data if isinstance(data, BaseDataElement) else super().cast_data(data)
