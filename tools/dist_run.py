"""Start a tool in several processes, like torch's launcher, but with one-sentence messages for errors of the user."""

import logging
import sys

from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure
from torch.distributed.run import parse_args, run


def sentence(failure: ProcessFailure) -> str:
    """The error message that a failed process reported, or how it ended if it did not report one."""
    if "lost" in failure.error_file_data:
        return failure.message
    if failure.exitcode < 0:
        return f"a process was ended by {failure.signal_name()}; out of memory is a common cause."
    return "a process failed; its traceback stands above."


def sentences(failures: list[ProcessFailure]) -> list[str]:
    """The messages of all failures, each once.

    When one process fails, the others report that they lost contact with it. These messages are left out unless there
    are no others.
    """
    said = {sentence(failure): failure.error_file_data.get("lost", False) for failure in failures}
    return [text for text, lost in said.items() if not lost] or list(said)


def main() -> int:
    # the launcher itself would log a page of text about a failure
    logging.getLogger("torch.distributed.elastic").setLevel(logging.CRITICAL)
    try:
        run(parse_args(sys.argv[1:]))
    except ChildFailedError as error:
        for text in sentences(list(error.failures.values())):
            print(f"error: {text}", file=sys.stderr)
        return 1
    except SignalException as error:
        return 128 + error.sigval
    return 0


if __name__ == "__main__":
    sys.exit(main())
