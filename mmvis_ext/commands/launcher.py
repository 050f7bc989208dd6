"""Commands in several processes, by torch's launcher, but with one-sentence messages for errors of the user."""

import logging
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmvis_ext.utils.errors import InputError

if TYPE_CHECKING:
    from torch.distributed.elastic.multiprocessing.errors import ProcessFailure

__all__ = ["in_processes", "launch"]


def in_processes(arguments: Sequence[str], number: int) -> int:
    """Run ``mmvis`` in several processes that work together.

    Args:
        arguments: what comes after ``mmvis``.
        number: of the processes on this machine.

    Returns:
        The exit code.

    Raises:
        InputError: the number is below one, or the environment says of several machines too little.
    """
    if number < 1:
        raise InputError(f"--gpus {number}: no process would run; give 1 or more.")
    own = [*_meeting(), "--nproc-per-node", str(number), "--module", "mmvis_ext"]
    return launch([*own, *arguments, "--launcher", "pytorch"])


def _meeting() -> list[str]:
    """Where the processes meet, as options of torch's launcher: on this machine, or on the first of several."""
    machines = os.environ.get("NNODES", "1")
    if machines == "1":
        return ["--standalone"]
    for name in ("NODE_RANK", "MASTER_ADDR"):
        if not os.environ.get(name):
            raise InputError(f"NNODES={machines}: several machines also need {name}; set it on each of them.")
    own = ["--node-rank", os.environ["NODE_RANK"], "--master-addr", os.environ["MASTER_ADDR"]]
    return ["--nnodes", machines, *own, "--master-port", os.environ.get("PORT", "29500")]


def launch(arguments: Sequence[str]) -> int:
    """Run torch's launcher and print what failed, each message once.

    Args:
        arguments: of torch's launcher.

    Returns:
        The exit code.
    """
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.run import parse_args, run

    # the launcher itself would log a page of text about a failure
    logging.getLogger("torch.distributed.elastic").setLevel(logging.CRITICAL)
    try:
        run(parse_args(list(arguments)))
    except ChildFailedError as error:
        for text in _sentences(list(error.failures.values())):
            print(f"error: {text}", file=sys.stderr)
        return 1
    except SignalException as error:
        return 128 + error.sigval
    return 0


def _sentence(failure: "ProcessFailure") -> str:
    """The error message that a failed process reported, or how it ended if it did not report one."""
    if "lost" in failure.error_file_data:
        return failure.message
    if failure.exitcode < 0:
        return f"a process was ended by {failure.signal_name()}; out of memory is a common cause."
    return "a process failed; its traceback stands above."


def _sentences(failures: "list[ProcessFailure]") -> list[str]:
    """The messages of all failures, each once.

    When one process fails, the others report that they lost contact with it. These messages are left out unless there
    are no others.
    """
    said = {_sentence(failure): failure.error_file_data.get("lost", False) for failure in failures}
    return [text for text, lost in said.items() if not lost] or list(said)
