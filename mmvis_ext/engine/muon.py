"""An optimizer with which models learn from scratch in fewer iterations than with AdamW."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.adamw import adamw

from mmvis_ext.registry import OPTIMIZERS

__all__ = ["MuonAdamW", "orthogonalise"]

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the quintic that brings the singular values of a matrix near one; from Jordan's Muon."""


def orthogonalise(matrices: Tensor, steps: int = 5) -> Tensor:
    """Bring the singular values of each matrix near one by Newton-Schulz iterations: to between 0.6 and 1.25.

    After five iterations those below a twentieth of the largest can still be smaller.

    Computed in bfloat16 on a GPU and on a CPU that has instructions for it, and in float32 otherwise.

    Args:
        matrices: (n,a,b) of any scale.
        steps: number of iterations.

    Returns:
        (n,a,b) float32; a matrix of zeros stays so.
    """
    fast = matrices.is_cuda or (torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported())
    x = matrices.to(torch.bfloat16 if fast else torch.float32)
    tall = x.size(-2) > x.size(-1)
    if tall:
        x = x.mT
    x = x / x.norm(dim=(-2, -1), keepdim=True).clamp(min=1e-7)  # the largest singular value is at most one
    a, b, c = COEFFICIENTS
    for _ in range(steps):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return (x.mT if tall else x).float()


@OPTIMIZERS.register_module()
class MuonAdamW(Optimizer):
    """Muon for matrices and filters of convolutions, AdamW for all other weights.

    Muon's steps go equally far in all directions of a matrix, where those of AdamW follow the few directions that
    dominate the gradient. An update has the size of one of AdamW, so both share the learning rate, weight decay and
    the factors of ``paramwise_cfg``. ``torch.optim.Muon`` takes matrices only, one after the other; here matrices of
    one shape are orthogonalised together.

    Source: Jordan et al., "Muon: An optimizer for hidden layers in neural networks" (2024); the size of updates from
    Liu et al., "Muon is Scalable for LLM Training" (2025).

    Args:
        params: the weights, or groups of them.
        lr: learning rate.
        weight_decay: decoupled from the gradient, as in AdamW.
        momentum: of Muon, with Nesterov's step.
        betas: of AdamW.
        eps: of AdamW.
        least_side: filters, with all but their first dimension flattened, count as matrices from this number of rows
            and columns; smaller ones, such as depthwise filters, are left to AdamW.

    Raises:
        ValueError: ``lr`` or ``weight_decay`` is negative, or ``momentum`` or one of ``betas`` outside [0,1).
    """

    def __init__(
        self, params: Iterable, lr: float = 1e-3, weight_decay: float = 1e-2, momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8, least_side: int = 16,
    ) -> None:  # fmt: skip
        for name, value in dict(lr=lr, weight_decay=weight_decay).items():
            if value < 0:
                raise ValueError(f"{name}={value} must not be negative.")
        for name, value in {"momentum": momentum, "betas[0]": betas[0], "betas[1]": betas[1]}.items():
            if not 0 <= value < 1:
                raise ValueError(f"{name}={value} must be at least 0 and below 1.")
        super().__init__(
            params,
            dict(lr=lr, weight_decay=weight_decay, momentum=momentum, betas=betas, eps=eps, least_side=least_side),
        )

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One update of all weights that have a gradient; returns what ``closure`` does."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        shapes = defaultdict(list)
        for group in self.param_groups:
            rest = []
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                if min(_rows_and_columns(weight)) >= group["least_side"]:
                    shapes[_rows_and_columns(weight)].append((weight, group))
                else:
                    rest.append(weight)
            self._adamw(rest, group)
        for matrices in shapes.values():
            self._muon(matrices)
        return loss

    def _muon(self, matrices: list[tuple[Tensor, dict]]) -> None:
        """Update weights that are matrices of one shape, each with its group."""
        updates = []
        for weight, group in matrices:
            assert weight.grad is not None
            state = self.state[weight]
            if not state:
                state["momentum_buffer"] = torch.zeros_like(weight)
            average = state["momentum_buffer"].lerp_(weight.grad, 1 - group["momentum"])
            updates.append(weight.grad.lerp(average, group["momentum"]).flatten(1))
        for (weight, group), update in zip(matrices, orthogonalise(torch.stack(updates)), strict=True):
            weight.mul_(1 - group["lr"] * group["weight_decay"])
            # entries of an orthogonal matrix are about 1 / sqrt(longer side), those of an update of AdamW about 0.2
            weight.add_(update.view_as(weight), alpha=-group["lr"] * 0.2 * max(update.shape) ** 0.5)

    def _adamw(self, weights: list[Tensor], group: dict) -> None:
        """Update the weights of a group by torch's AdamW."""
        for weight in weights:
            state = self.state[weight]
            if not state:
                state.update(
                    step=torch.zeros((), dtype=torch.float32, device=weight.device),
                    exp_avg=torch.zeros_like(weight),
                    exp_avg_sq=torch.zeros_like(weight),
                )
        states = [self.state[weight] for weight in weights]
        adamw(
            weights,
            [weight.grad for weight in weights if weight.grad is not None],
            [state["exp_avg"] for state in states],
            [state["exp_avg_sq"] for state in states],
            [],
            [state["step"] for state in states],
            fused=True,
            amsgrad=False,
            beta1=group["betas"][0],
            beta2=group["betas"][1],
            lr=group["lr"],
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            maximize=False,
        )


def _rows_and_columns(weight: Tensor) -> tuple[int, int]:
    """Of a weight as a matrix; zero rows where it is a vector or a number."""
    return (len(weight), weight[0].numel()) if weight.ndim > 1 else (0, 0)
