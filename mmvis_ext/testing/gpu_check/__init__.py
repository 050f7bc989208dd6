from .agreement import agreement
from .cases import EVERY, Options
from .driver import run_here, run_in_process
from .graphs import compiling, synchronisation
from .outcome import FailedError, SkippedError, run_checks, summary
from .processes import processes
from .roi_layers import ROI_LAYERS, PlainRoIAlign, choose_roi_layer, mmcv_runs_on
from .streaming import streaming
from .training import training

__all__ = [
    "EVERY",
    "PARTS",
    "ROI_LAYERS",
    "FailedError",
    "Options",
    "PlainRoIAlign",
    "SkippedError",
    "choose_roi_layer",
    "mmcv_runs_on",
    "run_checks",
    "run_here",
    "run_in_process",
    "summary",
]

PARTS = dict(
    agreement=agreement,
    synchronisation=synchronisation,
    streaming=streaming,
    processes=processes,
    training=training,
    compiling=compiling,
)
"""The parts of the check, in their order; the longest come last."""
