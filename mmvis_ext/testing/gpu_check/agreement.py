"""A GPU against a CPU: the step and the losses of every model, tiny on both."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor

from mmvis_ext.engine.benchmarking import Stepper, generated_frames
from mmvis_ext.models import VideoModel

from .cases import EVERY, Options, System
from .comparing import CpuDraws, recorded_calls, require_near, set_tf32
from .outcome import Check
from .samples import moving_boxes

__all__ = ["agreement"]

SIZE = (64, 96)
LENGTH = 2  # frames of a training sample of models that take any number


def agreement(options: Options) -> Iterator[Check]:
    """For every model, its steps and its losses on the device against those on a CPU."""
    set_tf32(False)
    for system in options.chosen(*EVERY):
        yield f"{system.name}, step", partial(_steps_agree, system, options)
        yield f"{system.name}, losses", partial(_losses_agree, system, options)


def _models(system: System, options: Options) -> tuple[VideoModel, VideoModel]:
    """The same tiny model on the CPU and on the device, with weights so far from their start that boxes move."""
    model, other = Options("cpu", options.roi).model(system, tiny=True), options.model(system, tiny=True)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "backbone." not in name and "neck." not in name:
                parameter += 0.05 * torch.randn(parameter.shape, generator=generator)
    other.load_state_dict(model.state_dict())
    return model, other


def _steps_agree(system: System, options: Options) -> dict[str, Any]:
    found = []
    for model, device in zip(_models(system, options), ("cpu", options.device), strict=True):
        networks = [result for _, result in recorded_calls(model, SIZE, device)]
        detections = Stepper(model, generated_frames(model.window, SIZE, device), SIZE)()
        found.append((networks, torch.as_tensor(detections.scores), torch.as_tensor(detections.boxes)))
    expected, other = found
    return require_near(expected, other)


def _losses_agree(system: System, options: Options) -> dict[str, Any]:
    found = []
    for model in _models(system, options):
        frames, sample = moving_boxes(model.sample_length or LENGTH, SIZE, model.num_classes)
        torch.manual_seed(0)
        with CpuDraws():
            data = model.data_preprocessor(dict(inputs=[frames], data_samples=[sample]), True)
            losses = model.train().loss(**data)
        found.append({name: losses[name] for name in sorted(losses)})
    expected, other = found
    losses, there = ({name: _number(value) for name, value in values.items()} for values in found)
    return require_near(expected, other, losses=losses, on_device=there)


def _number(value: Tensor | list[Tensor]) -> float:
    return float(torch.as_tensor(sum(value) if isinstance(value, list) else value).detach())
