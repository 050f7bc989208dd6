"""The formats of exported steps: how each is written, and how its file is run.

A written step is bytes. A runner takes the inputs of a step as tensors, in their order, and returns its outputs.
"""

import importlib.util
import io
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from mmvis_ext.utils.errors import InputError

from .steps import ExportedStep

__all__ = ["FORMATS", "METADATA", "Format", "Runner", "load_format"]

METADATA = "mmvis"  # the name of the description inside a file
Runner = Callable[..., tuple[Tensor, ...]]


@dataclass(frozen=True)
class Format:
    """A format of files.

    Attributes:
        write: makes a file's content of a step and its description as JSON.
        load: makes a runner of a file's content.
        packages: what must be installed beside torch.
    """

    write: Callable[[ExportedStep, str], bytes]
    load: Callable[[bytes], Runner]
    packages: tuple[str, ...] = ()


def load_format(name: str) -> Format:
    """The format of this name.

    Raises:
        InputError: there is no such format, or a package that it needs is not installed.
    """
    if name not in FORMATS:
        raise InputError(f"format '{name}' is unknown; choose one of {', '.join(FORMATS)}.")
    missing = [package for package in FORMATS[name].packages if importlib.util.find_spec(package) is None]
    if missing:
        raise InputError(f"format '{name}' needs {', '.join(missing)}; pip install mmvis_ext[export].")
    return FORMATS[name]


def _program(step: ExportedStep) -> torch.export.ExportedProgram:
    with torch.no_grad():
        return torch.export.export(step, step.example, strict=False)


def _write_program(step: ExportedStep, description: str) -> bytes:
    buffer = io.BytesIO()
    with _quiet():
        torch.export.save(_program(step), buffer, extra_files={METADATA: description})
    return buffer.getvalue()


def _load_program(content: bytes) -> Runner:
    return torch.export.load(io.BytesIO(content)).module()


def _write_torchscript(step: ExportedStep, description: str) -> bytes:
    with torch.no_grad(), _quiet():
        traced = torch.jit.trace(step, step.example, check_trace=False)
    return traced.save_to_buffer(_extra_files={METADATA: description})


def _load_torchscript(content: bytes) -> Runner:
    return torch.jit.load(io.BytesIO(content))


def _write_onnx(step: ExportedStep, description: str) -> bytes:
    from .onnx_operators import TRANSLATIONS

    with _quiet():
        program = torch.onnx.export(
            _program(step), dynamo=True, input_names=step.input_names, output_names=step.output_names,
            custom_translation_table=TRANSLATIONS, verbose=False,
        )  # fmt: skip
    assert program is not None  # it is None where a file is given
    program.model.metadata_props[METADATA] = description
    return program.model_proto.SerializeToString()


def _load_onnx(content: bytes) -> Runner:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.enable_cpu_mem_arena = False  # it would keep a long clip's memory, which the model needs in its turn
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_inputs()]

    def run(*inputs: Tensor) -> tuple[Tensor, ...]:
        feeds = {name: value.numpy() for name, value in zip(names, inputs, strict=True)}
        return tuple(map(torch.from_numpy, session.run(None, feeds)))

    return run


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporters' notices of what they skip."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


FORMATS: dict[str, Format] = {
    "onnx": Format(_write_onnx, _load_onnx, ("onnx", "onnxscript", "onnxruntime")),
    "torchscript": Format(_write_torchscript, _load_torchscript),
    "exported-program": Format(_write_program, _load_program),
}
"""By name."""
