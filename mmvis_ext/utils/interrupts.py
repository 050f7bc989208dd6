"""Ending long work in good order when somebody asks for it."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["Stop", "stopping"]

SIGNALS = (signal.SIGINT, signal.SIGTERM)  # Ctrl-C, and what schedulers send before they end a process


class Stop:
    """Whether somebody asked to stop."""

    asked = False


@contextmanager
def stopping(what: str) -> Iterator[Stop]:
    """Note Ctrl-C and SIGTERM instead of ending at once; the second one ends the program as usual.

    Args:
        what: is told on stderr, such as ``finishing what was begun``.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def note(number: int, _: FrameType | None) -> None:
        if stop.asked:
            raise KeyboardInterrupt
        stop.asked = True
        print(f"\n{signal.Signals(number).name}: {what}; once more ends at once", file=sys.stderr, flush=True)

    before = {number: signal.signal(number, note) for number in SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
