"""Start a tool on several processes: torch's launcher, but what a user can mend ends in one sentence."""

import logging
import sys

from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.run import parse_args, run


def sentences(error: ChildFailedError) -> list[str]:
    """What the failed processes reported, each sentence once.

    That a process lost contact with another is said only where there is nothing else to say.
    """
    reports = [failure.error_file_data for failure in error.failures.values()]
    said = {r["message"]: r["lost"] for r in reports if "lost" in r}
    if len(said) < len({r["message"] for r in reports}):
        said["a process failed; its traceback stands above."] = False
    return [sentence for sentence, lost in said.items() if not lost] or list(said)


def main() -> int:
    # the launcher's own account of a failure is a page long
    logging.getLogger("torch.distributed.elastic").setLevel(logging.CRITICAL)
    try:
        run(parse_args(sys.argv[1:]))
    except ChildFailedError as error:
        for sentence in sentences(error):
            print(f"error: {sentence}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
