"""Do exported files give what the model gives? They are run side by side over a short video."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mmvis_ext.utils.errors import InputError

from .formats import Runner
from .steps import NEXT, ExportedStep

__all__ = ["TOLERANCES", "WINDOWS", "check_agreement", "moving_squares", "same_objects"]

TOLERANCES = dict(scores=0.01, boxes=0.5, masks=0.01, state=0.01)
"""The largest difference that is accepted: boxes in pixels, the state's tensors relative to their largest value."""
WINDOWS = 3  # of the video that is run
EXACT = ("track_ids", "visible")
PIECE = 2**20  # numbers that are compared at a time: the masks of a long clip are many


def check_agreement(
    steps: Sequence[ExportedStep], runners: Sequence[Runner], video: Tensor | None = None
) -> dict[str, float]:
    """Compare exported files with the steps that they were made of.

    Args:
        steps: the steps; after the first window, the last of them is used.
        runners: the file of each step.
        video: (F,H,W,3) uint8 RGB frames, whole windows; :func:`moving_squares` if ``None``.

    Returns:
        The largest difference by name, see :data:`TOLERANCES`.

    Raises:
        InputError: one is too large, or other objects are visible.
    """
    worst = dict.fromkeys(TOLERANCES, 0.0)
    window = steps[0].model.window
    video = moving_squares(WINDOWS * window, steps[0].size) if video is None else video
    state = others = list(steps[0].state.values())
    for number, frames in enumerate(video.split(window)):
        step, runner = (steps[0], runners[0]) if number == 0 else (steps[-1], runners[-1])
        with torch.no_grad():
            ours, theirs = step(frames, *state), runner(frames, *others)
        found, wanted = same_objects(
            *(dict(zip(step.output_names, outputs, strict=True)) for outputs in (theirs, ours))
        )
        for name, a in wanted.items():
            b = found[name]
            if name in EXACT and not torch.equal(a, b):
                raise InputError(f"the exported file disagrees with the model in its {name}; choose another format.")
            kind = "state" if name.startswith(NEXT) else name
            if kind in worst:
                worst[kind] = max(worst[kind], _difference(a, b, relative=kind == "state"))
        state, others = (list(outputs[len(step.outputs) :]) for outputs in (ours, theirs))
        del ours, theirs, found, wanted, a, b  # the next window needs their memory
    for name, value in worst.items():
        if not value <= TOLERANCES[name]:
            raise InputError(
                f"the exported file disagrees with the model by {value:.2g} in its {name}, which is more than "
                f"{TOLERANCES[name]}; choose another format."
            )
    return worst


def same_objects(found: dict[str, Tensor], wanted: dict[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Leave out the objects that one side alone shows because others, with scores as low, fill the places of the other.

    Only the best M slots of a model are shown. Where several score alike at the end of these, rounding decides which.

    Args:
        found: outputs by name; those of objects are (M,...).
        wanted: the same of the other side.

    Returns:
        Both with the M' common objects, (M',...); unchanged where the objects differ in another way.
    """
    ids = [outputs["track_ids"] for outputs in (found, wanted)]
    shared = [torch.isin(ids[0], ids[1]), torch.isin(ids[1], ids[0])]
    alike = bool(shared[0].all() and shared[1].all())
    if alike or not shared[0].any() or shared[0].sum() != shared[1].sum():
        return found, wanted
    for outputs, common in zip((found, wanted), shared, strict=True):
        best = outputs["scores"].flatten(1).amax(1)
        if bool((best[~common] > best.min() + TOLERANCES["scores"]).any()):
            return found, wanted
    first, second = (
        {name: value if name.startswith(NEXT) else value[common] for name, value in outputs.items()}
        for outputs, common in zip((found, wanted), shared, strict=True)
    )
    return first, second


def _difference(ours: Tensor, theirs: Tensor, relative: bool) -> float:
    if ours.shape != theirs.shape or not ours.numel():
        return 0.0 if ours.shape == theirs.shape else float("inf")
    pieces = list(zip(ours.flatten().split(PIECE), theirs.flatten().split(PIECE), strict=True))
    scale = max(float(piece.double().nan_to_num().abs().max()) for piece, _ in pieces) if relative else 1.0
    return max(_apart(*pair) for pair in pieces) / max(1.0, scale)


def _apart(ours: Tensor, theirs: Tensor) -> float:
    """The largest difference of two (P,) tensors; NaN is like NaN alone."""
    ours, theirs = ours.double(), theirs.double()
    apart = torch.where(ours.isnan() & theirs.isnan(), 0.0, (ours - theirs).abs())
    return float(apart.nan_to_num(nan=torch.inf).max())


def moving_squares(length: int, size: tuple[int, int], seed: int = 0) -> Tensor:
    """A video of three squares that drift over noise.

    Args:
        length: F, number of frames.
        size: (H, W) in pixels.
        seed: of the noise, colours and places.

    Returns:
        (F,H,W,3) uint8 RGB.
    """
    generator = torch.Generator().manual_seed(seed)
    video = torch.randint(96, 160, (1, *size, 3), generator=generator, dtype=torch.uint8).repeat(length, 1, 1, 1)
    side = max(2, min(size) // 4)
    for colour in torch.randint(0, 256, (3, 3), generator=generator, dtype=torch.uint8):
        y, x = (int(torch.randint(0, max(edge - side, 1), (), generator=generator)) for edge in size)
        for t, frame in enumerate(video):
            frame[y : y + side, min(x + t, size[1] - side) : min(x + t, size[1] - side) + side] = colour
    return video
