"""Start a tool on several processes: torch's launcher, but what a user can mend ends in one sentence."""

import logging
import sys

from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure
from torch.distributed.run import parse_args, run


def sentence(failure: ProcessFailure) -> str:
    """What a failed process reported, or how it ended where it reported nothing."""
    if "lost" in failure.error_file_data:
        return failure.message
    if failure.exitcode < 0:
        return f"a process was ended by {failure.signal_name()}; out of memory is a common cause."
    return "a process failed; its traceback stands above."


def sentences(failures: list[ProcessFailure]) -> list[str]:
    """Each sentence once; that a process lost contact with another is said only where there is nothing else to say."""
    said = {sentence(failure): failure.error_file_data.get("lost", False) for failure in failures}
    return [text for text, lost in said.items() if not lost] or list(said)


def main() -> int:
    # the launcher's own account of a failure is a page long
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
