"""Small models that can be exported, videos for them, and a run of their steps."""

from collections.abc import Callable, Iterator, Sequence

import torch
from small_model import CASES, VARIANTS
from torch import Tensor

from mmvis_ext.export import ExportedStep
from mmvis_ext.models import SRNet, VideoModel
from mmvis_ext.registry import MODELS

SIZE = (29, 45)  # frames are padded
OBJECTS = 4  # as many as the queries of the small models
STEPS = [
    "efficientvis",
    "inspro",
    "inspro, boxes alone",
    "inspro, nothing propagated",
    "inspro, no bank",
    "inspro-lite",
    "srnet",
    "srnet with classes",
    "srnet, predicted centre",
    "srnet, no heatmap",
    "srnet, no temporal feature",
    "srnet, no extra dimensions",
    "srnet, finer maps",
]


def model_of(case: str, seed: int = 0) -> VideoModel:
    """A model in test mode whose weights are so far from their start that frames differ."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = MODELS.build((CASES | VARIANTS)[case]())
        model.init_weights()
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if not name.startswith(("backbone", "neck")):
                    parameter += 0.1 * torch.randn_like(parameter)
                if name.endswith("bias") and (model.is_classifier(name) or ".objectness." in name):
                    parameter.fill_(".objectness." in name)
    if isinstance(model, SRNet):
        model.clustering["max_instances"] = OBJECTS
    return model.eval()


def video_for(case: str, windows: int = 3) -> Tensor:
    """(F,H,W,3) uint8 frames that change little by little."""
    generator, length = torch.Generator().manual_seed(1), windows * model_of(case).window
    still = 255 * torch.rand(1, *SIZE, 3, generator=generator)
    return (still + 30 * torch.randn(length, *SIZE, 3, generator=generator)).clamp(0, 255).to(torch.uint8)


def outputs_over(steps: Sequence[ExportedStep], runs: Sequence[Callable], frames: Tensor) -> Iterator[dict]:
    """What each window gives, by name; of two steps, the first is that of key frames."""
    state, model = list(steps[0].state.values()), steps[0].model
    for number, window in enumerate(frames.split(model.window)):
        run = runs[number % getattr(model, "key_interval", 1) > 0]
        with torch.no_grad():
            out = dict(zip(steps[0].output_names, run(window, *state), strict=True))
        state = [out["next." + name] for name in steps[0].state]
        yield out
