"""Work beside the main thread: reading ahead, and handing results on, each with a bounded queue."""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

__all__ = ["Handover", "read_ahead"]

Item = TypeVar("Item")
END = object()


def read_ahead(items: Iterable[Item], depth: int) -> Iterator[Item]:
    """Yield items that a thread takes from ``items`` in the meantime.

    Args:
        items: what is read; an error of it is raised here, in its turn.
        depth: how many items may wait, at least 1.
    """
    waiting: queue.Queue[Any] = queue.Queue(depth)
    left = threading.Event()

    def put(thing: Any) -> bool:
        while not left.is_set():
            try:
                waiting.put(thing, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def read() -> None:
        try:
            for item in items:
                if not put((item, None)):
                    return
            put((END, None))
        except BaseException as error:
            put((END, error))

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    try:
        while True:
            item, error = waiting.get()
            if error is not None:
                raise error
            if item is END:
                return
            yield item
            del item
    finally:
        left.set()
        thread.join()
        close = getattr(items, "close", None)
        if close is not None:
            close()


class Handover(Generic[Item]):
    """Hands items, in their order, to a function that runs in a thread of its own.

    ``with Handover(function, depth) as take: take(item)``. At the end of the block all items have been worked on.

    Args:
        function: called with one item at a time.
        depth: how many items may wait; further ones wait in :meth:`__call__`.

    Raises:
        Exception: whatever the function raised, at the next item or at the end; it is then called no more.
    """

    def __init__(self, function: Callable[[Item], object], depth: int) -> None:
        self._function = function
        self._waiting: queue.Queue[Any] = queue.Queue(depth)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, daemon=True)

    def _work(self) -> None:
        while (item := self._waiting.get()) is not END:
            if self._error is None:
                try:
                    self._function(item)
                except BaseException as error:
                    self._error = error
            del item

    def __enter__(self) -> "Handover[Item]":
        self._thread.start()
        return self

    def __call__(self, item: Item) -> None:
        """Hand an item over."""
        if self._error is not None:
            raise self._error
        self._waiting.put(item)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._waiting.put(END)
        self._thread.join()
        if kind is None and self._error is not None:
            raise self._error
