"""A network as CUDA graphs: all of its kernels are launched at once."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_leaves, tree_map

from mmvis_ext.utils.errors import InputError

__all__ = ["CudaGraphs"]

WARMUP = 3


class Captured(NamedTuple):
    """A graph, the tensors that it reads and the result that it writes."""

    graph: torch.cuda.CUDAGraph
    inputs: list[Tensor]
    result: Any


class CudaGraphs:
    """Calls a network of static shapes by replaying what it launched the first time.

    A small network on a GPU waits for the CPU, which launches its kernels one by one. A graph launches them together.
    There is one graph for each combination of the arguments' structure, shapes and types, and of the precision; it is
    captured at the first call with them. Results are copies, so they stay as they are at later calls.

    Args:
        network: the function, such as a model's ``forward_window``. Its control flow must not depend on the values of
            tensors, and it must not wait for the GPU.
    """

    def __init__(self, network: Callable[..., Any]) -> None:
        self.network = network
        self.captured: dict[Any, Captured] = {}

    @torch.no_grad()
    def __call__(self, *args: Any) -> Any:
        """The network's result for arguments of any nested structure, with its tensors on one GPU.

        Raises:
            InputError: the network waits for the GPU, or does something else that a graph cannot.
        """
        leaves, structure = tree_flatten(args)
        forms = tuple((leaf.shape, leaf.dtype) if isinstance(leaf, Tensor) else leaf for leaf in leaves)
        key = (structure, forms, torch.is_autocast_enabled("cuda"), torch.get_autocast_dtype("cuda"))
        if key not in self.captured:
            self.captured[key] = self._capture(args)
        graph, inputs, result = self.captured[key]
        for mine, given in zip(inputs, (leaf for leaf in leaves if isinstance(leaf, Tensor)), strict=True):
            mine.copy_(given)
        graph.replay()
        return _copied(result)

    def _capture(self, args: tuple) -> Captured:
        args = _copied(args)
        # weights that autocast rounds once and keeps would be freed at its end, while the graph goes on to read them
        rounding = torch.autocast(
            "cuda", torch.get_autocast_dtype("cuda"), torch.is_autocast_enabled("cuda"), cache_enabled=False
        )
        side, graph = torch.cuda.Stream(), torch.cuda.CUDAGraph()
        side.wait_stream(torch.cuda.current_stream())
        with rounding:
            with torch.cuda.stream(side):
                for _ in range(WARMUP):
                    self.network(*args)
            torch.cuda.current_stream().wait_stream(side)
            try:
                with torch.cuda.graph(graph):
                    result = self.network(*args)
            except RuntimeError as error:
                raise InputError(
                    f"This model cannot run as a CUDA graph ({str(error).splitlines()[0]}); leave --compile out."
                ) from error
        return Captured(graph, [leaf for leaf in tree_leaves(args) if isinstance(leaf, Tensor)], result)


def _copied(values: Any) -> Any:
    return tree_map(lambda leaf: leaf.clone() if isinstance(leaf, Tensor) else leaf, values)
