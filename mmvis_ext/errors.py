"""Errors that a user can act on: one sentence that says what, where, and what to do."""

import functools
import re
import sys
from collections.abc import Callable
from typing import Any

__all__ = ["InputError", "command_line"]


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
            raised = re.findall(r"^mmvis_ext\.errors\.InputError: (.*)", str(current), flags=re.MULTILINE)
            return raised[-1] if raised else str(current)
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
        try:
            code = main(*args, **kwargs)
        except KeyboardInterrupt:
            sys.exit(130)
        except BrokenPipeError:
            sys.exit(1)
        except Exception as error:
            sentence = _sentence(error)
            if sentence is None:
                raise
            print(f"error: {sentence}", file=sys.stderr)
            sys.exit(1)
        sys.exit(code or 0)

    return run
