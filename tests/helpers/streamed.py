"""What the tests of streaming models share."""

import numpy as np
import torch
from small_model import empty_sample

from mmvis_ext.models import VideoModel
from mmvis_ext.structures import VideoTracks
from mmvis_ext.structures.geometry import FrameGeometry


def tracks_of(model: VideoModel, frames: torch.Tensor, geometry: FrameGeometry) -> VideoTracks:
    """The whole video at once."""
    sample = empty_sample(len(frames))
    for frame in sample.video_data_samples:
        frame.set_metainfo(dict(ori_shape=geometry.original, img_shape=geometry.resized, video_id=7))
    (sample,) = model.predict(frames[None], [sample])
    return sample.pred_tracks


def streamed(model: VideoModel, frames: torch.Tensor, geometry: FrameGeometry) -> VideoTracks:
    """The video window by window, as it comes."""
    stream = model.open_stream(geometry)
    for window in frames.split(model.window):
        model.advance(window, stream)
    return stream.book.close(7, geometry)


def assert_same_tracks(a: VideoTracks, b: VideoTracks) -> None:
    assert (a.video_id, a.height, a.width, a.length, len(a)) == (b.video_id, b.height, b.width, b.length, len(b))
    for x, y in zip(a, b, strict=True):
        assert x.track_id == y.track_id
        assert x.segmentations == y.segmentations
        assert np.array_equal(x.scores, y.scores)
        assert np.array_equal(x.boxes, y.boxes)


def assert_same_detections(a, b) -> None:
    assert a.track_ids == b.track_ids
    assert a.masks == b.masks
    assert all(np.array_equal(getattr(a, k), getattr(b, k)) for k in ("scores", "boxes", "visible"))


def stored_numbers(state) -> int:
    """Numbers in all tensors that a state holds."""
    if torch.is_tensor(state):
        assert state.untyped_storage().nbytes() == state.numel() * state.element_size(), "a view holds more"
        return state.numel()
    parts = state if isinstance(state, tuple) else vars(state).values() if hasattr(state, "__dict__") else ()
    return sum(stored_numbers(part) for part in parts)
