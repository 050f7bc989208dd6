"""Errors that a user can act on: one sentence that says what, where, and what to do."""

import errno
import functools
import io
import json
import logging
import os
import pickle
import re
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from typing import Any

__all__ = ["ERROR_FILE", "InputError", "command_line", "unknown_error"]

TRACEBACK = "--traceback"
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

    So does any other error. Its sentence says in which log the traceback stands; with ``--traceback`` among the
    arguments, the traceback is shown instead.
    """

    @functools.wraps(main)
    def run(*args: Any, **kwargs: Any) -> None:
        logging.raiseExceptions = False  # a log file on a full disk must not print tracebacks of its own
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")  # the name of a file need not be text
        shown = TRACEBACK in sys.argv
        sys.argv = [argument for argument in sys.argv if argument != TRACEBACK]
        try:
            code = main(*args, **kwargs)
        except KeyboardInterrupt:
            sys.exit(130)
        except BrokenPipeError:
            sys.exit(1)
        except Exception as error:
            if shown:
                raise
            sentence = _sentence(error)
            lost = sentence is None and ERROR_FILE in os.environ and _lost_contact(error)
            if lost:
                sentence = "lost contact with another process, which may have failed."
            _report(sentence or unknown_error(error), lost)
            sys.exit(1)
        sys.exit(code or 0)

    return run


def unknown_error(error: Exception) -> str:
    """What to say of an error that nobody foresaw, whose traceback goes to a log."""
    said = str(error).strip().partition("\n")[0].rstrip(".")
    reason = f"{type(error).__name__}: {said}" if said else type(error).__name__
    return (
        f"stopped by an error that is not known here ({reason}); its traceback is in {_log(error)}, and {TRACEBACK} as "
        "an argument shows it; if you find no cause there, report it with that file."
    )


def _log(error: Exception) -> str:
    """Write a traceback to the run's log, or to a file of its own where there is none; returns the file's path."""
    text = "".join(traceback.format_exception(error))
    if "mmengine" in sys.modules:
        from mmengine.logging import MMLogger

        for handler in MMLogger.get_current_instance().handlers:
            if isinstance(handler, logging.FileHandler):
                handler.emit(logging.LogRecord("mmvis_ext", logging.ERROR, "", 0, text, None, None))
                return handler.baseFilename
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="mmvis_ext-", suffix=".log", delete=False, encoding="utf-8", errors="backslashreplace"
        ) as file:
            file.write(text)
        return file.name
    except OSError:
        return "no file, since none can be written"


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
