"""The loops by step refuse what would silently give wrong tracks."""

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.model import MMDistributedDataParallel
from small_model import SIZE, T, build_model, empty_sample
from torch import nn

from mmvis_ext.engine import VideoTestLoop, VideoValLoop
from mmvis_ext.engine.stopwatch import Stopwatch
from mmvis_ext.models import VideoStream
from mmvis_ext.models.video_model import unwrapped
from mmvis_ext.utils.errors import InputError


def window_from(start: int, stream: VideoStream | None = None, length: int = 3 * T) -> VideoStream:
    """Run the window of video 7 that begins at ``start``."""
    sample = empty_sample(T)
    sample.set_metainfo(dict(video=dict(id=7, start=start, length=length)))
    frames = np.random.default_rng(0).integers(0, 255, (T, 3, *SIZE), dtype=np.uint8)
    runner = SimpleNamespace(model=build_model().eval(), call_hook=lambda *args, **kwargs: None)
    loop = SimpleNamespace(runner=runner, phase="test", fp16=False)
    batch = dict(inputs=[torch.from_numpy(frames)], data_samples=[sample])
    return VideoTestLoop.run_window(loop, 0, batch, stream, Stopwatch())


def test_windows_come_in_time_order():
    first = window_from(0)
    assert first.book.length == T
    assert window_from(T, first) is first
    assert window_from(0, first) is not first  # the next video
    with pytest.raises(ValueError, match="Video 7: the sampler must give all of its windows, in time order"):
        window_from(T)
    with pytest.raises(ValueError, match="in time order"):
        window_from(T, window_from(T, window_from(0)))


def test_the_model_itself_is_found_and_no_other_will_do():
    model = build_model()
    wrapped = MMDistributedDataParallel.__new__(MMDistributedDataParallel)
    nn.Module.__init__(wrapped)
    wrapped.module = model
    assert unwrapped(model) is unwrapped(wrapped) is model
    with pytest.raises(TypeError, match="Linear is no VideoModel"):
        unwrapped(nn.Linear(1, 1))


@pytest.mark.parametrize("kind", [VideoValLoop, VideoTestLoop])
@pytest.mark.parametrize("loader", [dict(batch_size=2), SimpleNamespace(batch_size=2)])
def test_several_videos_at_a_time_are_refused_when_the_loop_is_built(kind, loader):
    with pytest.raises(InputError, match=rf"{kind.phase}_dataloader: batch_size is 2, .* set it to 1"):
        kind(SimpleNamespace(), loader, evaluator=[])


@pytest.mark.parametrize("fp16", [False, True])
def test_the_model_is_prepared_for_its_windows_and_as_it_was_for_the_hooks_around(fp16):
    """A hook that has a moving average of the weights exchanges them before and after, weight by weight."""
    model, sample = build_model(), empty_sample(T)
    sample.set_metainfo(dict(video=dict(id=7, start=0, length=T)))
    batch = dict(inputs=[torch.zeros(T, 3, *SIZE, dtype=torch.uint8)], data_samples=[sample])
    names, seen = [name for name, _ in model.named_parameters()], {}

    def call_hook(hook: str, **_) -> None:
        dtypes = {weight.dtype for weight in model.parameters()}
        seen[hook] = ([name for name, _ in model.named_parameters()] == names, torch.bfloat16 in dtypes)

    class Loader(list):
        dataset = range(1)

    runner = SimpleNamespace(model=model, call_hook=call_hook, logger=SimpleNamespace(info=lambda text: None))
    evaluator = SimpleNamespace(process=lambda **_: None, evaluate=lambda size: dict(videos=size))
    loop = SimpleNamespace(runner=runner, phase="test", fp16=fp16, dataloader=Loader([batch]), evaluator=evaluator)
    loop.run_window = partial(VideoTestLoop.run_window, loop)
    assert VideoTestLoop.run(loop) == dict(videos=1)
    around = ("before_test", "before_test_epoch", "after_test_epoch", "after_test")
    assert {hook: seen.pop(hook) for hook in around} == dict.fromkeys(around, (True, False))
    assert seen == dict.fromkeys(("before_test_iter", "after_test_iter"), (False, fp16))
