"""The end of the pipeline: frames and their instances as model input."""

from mmdet.datasets.transforms import PackTrackInputs

from mmvis_ext.registry import TRANSFORMS

__all__ = ["PackClip"]


@TRANSFORMS.register_module()
class PackClip(PackTrackInputs):
    """mmdet's packing of a list of frames, plus what belongs to the sample as a whole.

    The ``TrackDataSample`` gets ``num_clips`` (training) and ``video`` (test) as metainfo. In the pipeline each of the
    two is a list that repeats its value for every frame, because mmcv's broadcasting takes lists only. ``instances``
    are not kept as metainfo of the frames: they would hold the masks a second time.

    Args:
        meta_keys: further keys of the frames to keep as metainfo.
    """

    frame_keys = (
        "img_id", "img_path", "ori_shape", "img_shape", "scale_factor", "flip", "flip_direction", "frame_id",
        "video_id", "video_length", "ori_video_length",
    )  # fmt: skip
    sample_keys = ("num_clips", "video")

    def __init__(self, meta_keys: tuple[str, ...] = ()) -> None:
        super().__init__(meta_keys=tuple(meta_keys), default_meta_keys=self.frame_keys)

    def transform(self, results: dict) -> dict:
        """From a dict of lists over T frames: ``inputs`` (T, 3, H, W) uint8, ``data_samples`` a ``TrackDataSample``."""
        packed = super().transform(results)
        packed["inputs"] = packed["inputs"].contiguous()  # upstream's mmdet leaves a view of channels-last frames
        packed["data_samples"].set_metainfo({k: results[k][0] for k in self.sample_keys if k in results})
        return packed
