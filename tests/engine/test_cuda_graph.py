"""Networks as CUDA graphs; all but the choice needs a GPU."""

import pytest
import torch
from small_model import CASES

from mmvis_ext.engine.benchmarking import compile_step, compiled
from mmvis_ext.engine.cuda_graph import CudaGraphs
from mmvis_ext.registry import MODELS
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.testing.gpu_check import choose_roi_layer
from mmvis_ext.testing.gpu_check.roi_layers import with_roi_layer
from mmvis_ext.utils.errors import InputError

SIZE = (64, 96)


def test_a_gpu_gets_graphs_and_a_cpu_a_compiled_function():
    assert isinstance(compiled(torch.sin, on_gpu=True), CudaGraphs)
    assert not isinstance(compiled(torch.sin, on_gpu=False), CudaGraphs)


@pytest.mark.gpu
@pytest.mark.parametrize("half", [False, True])
def test_replays_have_the_results_of_the_network_and_keep_them(half):
    layer = torch.nn.Linear(5, 3).cuda()

    def network(x, scale, state):
        return dict(y=layer(x) * scale), (state["sum"] + x.sum(),)

    graphs, results = CudaGraphs(network), []
    with torch.no_grad(), torch.autocast("cuda", torch.bfloat16, enabled=half):
        for rows in (4, 4, 2, 4):
            x, state = torch.randn(rows, 5, device="cuda"), dict(sum=torch.randn((), device="cuda"))
            results.append((graphs(x, 2.0, state), network(x, 2.0, state)))
    for found, expected in results:
        torch.testing.assert_close(found, expected)
    assert len(graphs.captured) == 2


@pytest.mark.gpu
def test_a_network_that_waits_is_refused():
    with pytest.raises(InputError, match="leave --compile out"):
        CudaGraphs(lambda x: x[: int(x.sum())])(torch.ones(3, device="cuda"))
    torch.cuda.synchronize()


@pytest.mark.gpu
@pytest.mark.parametrize("case", ["efficientvis", "inspro", "inspro-lite", "srnet"])
def test_streams_are_those_of_the_model_as_it_is(case):
    streams = []
    for fast in (False, True):
        torch.manual_seed(0)
        model = MODELS.build(with_roi_layer(CASES[case](), choose_roi_layer("cuda"))).cuda().eval()
        if case == "srnet":
            model.clustering["min_score"] = 0.0  # untrained, it would find nothing
        if fast:
            compile_step(model)
        state, scores = model.init_state(FrameGeometry(SIZE, SIZE)), []
        frames = torch.randn(2 * model.window, 3, *SIZE, generator=torch.Generator().manual_seed(1)).cuda()
        for window in frames.split(model.window):
            detections, state = model.step(window, state)
            scores.append(torch.as_tensor(detections.scores))
        streams.append(scores)
    for one, other in zip(*streams, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-3)
