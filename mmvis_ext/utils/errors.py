"""Errors that a user can act on: one sentence that says what, where, and what to do."""

import errno
import functools
import json
import logging
import os
import pickle
import re
import sys
import time
from collections.abc import Callable
from typing import Any

__all__ = ["ERROR_FILE", "InputError", "command_line"]

ERROR_FILE = "TORCHELASTIC_ERROR_FILE"  # where torch's launcher looks for what a process has to say


class InputError(ValueError):
    """Bad input: the message is one sentence that names the file, video, frame or field and the remedy."""


def _sentence(error: BaseException) -> str | None:
    """The sentence of an :class:`InputError` anywhere in the chain of causes, also when a worker raised it.

    A data-loading worker's error is raised again in the main process with the whole traceback as its message;
    the sentence is then what follows the class name in the last line that names it.
    """
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        if isinstance(current, InputError):
            raised = re.findall(rf"^{__name__}\.InputError: (.*)", str(current), flags=re.MULTILINE)
            return raised[-1] if raised else str(current)
        if isinstance(current, pickle.UnpicklingError):
            return "a checkpoint was refused: it holds more than plain tensors and could run code; see load_from."
        if isinstance(current, OSError) and current.errno == errno.ENOSPC and not current.filename:
            return "the disk is full: make room where this writes (its output, its work dir, the temporary folder)."
        if isinstance(current, OSError) and current.errno is not None:
            where = f" ({current.filename})" if current.filename else ""
            return f"{current.strerror}{where}: check that the path exists, is writable and has space left."
        current = current.__cause__
    return None


def command_line(main: Callable[..., int | None]) -> Callable[..., None]:
    """Run ``main`` as a program: an :class:`InputError` ends it with its sentence on stderr and exit code 1.

    Any other error keeps its traceback, because it is a defect and not bad input.
    """

    @functools.wraps(main)
    def run(*args: Any, **kwargs: Any) -> None:
        logging.raiseExceptions = False  # a log file on a full disk must not print tracebacks of its own
        try:
            code = main(*args, **kwargs)
        except KeyboardInterrupt:
            sys.exit(130)
        except BrokenPipeError:
            sys.exit(1)
        except Exception as error:
            sentence = _sentence(error)
            if sentence is None:
                if ERROR_FILE not in os.environ or not _lost_contact(error):
                    raise
                _report("lost contact with another process, which may have failed.", lost=True)
                sys.exit(1)
            _report(sentence)
            sys.exit(1)
        sys.exit(code or 0)

    return run


def _report(sentence: str, lost: bool = False) -> None:
    """Print the sentence; under a launcher, leave it in the launcher's file, which then prints each sentence once."""
    try:
        with open(os.environ[ERROR_FILE], "w") as file:
            json.dump(dict(message=sentence, timestamp=int(time.time()), lost=lost), file)
    except (KeyError, OSError):  # there is no launcher, or no room on the disk for its file
        print(f"error: {sentence}", file=sys.stderr)


def _lost_contact(error: BaseException) -> bool:
    """Whether a process failed because another one did: gloo and NCCL then say one of these."""
    text = str(error).lower()
    return any(sign in text for sign in ("connection closed by peer", "connection reset by peer", "socket closed"))
