"""Checks, how they end, and what is reported of them."""

import gc
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch

__all__ = ["LATE", "Check", "FailedError", "SkippedError", "run_checks", "summary"]

LATE = "the time of this part was over"  # why a check was not made, or not to its end
Check = tuple[str, Callable[[], dict[str, Any]]]
"""A name, and a function that returns figures or raises one of the errors below."""


class SkippedError(Exception):
    """A check cannot be made here; the message is the reason."""


class FailedError(Exception):
    """A check found what should not be.

    Args:
        reason: what that is.
        figures: what was measured.
    """

    def __init__(self, reason: str, **figures: Any) -> None:
        super().__init__(reason)
        self.figures = figures


def run_checks(checks: Iterable[Check], seconds: float) -> Iterator[dict[str, Any]]:
    """Make checks one by one; one that fails does not stop the others.

    Args:
        checks: the checks, in their order.
        seconds: no check is begun later than this.

    Yields:
        For every check first ``name`` with the ``status`` ``running`` and the time when it ``began``. Then its outcome:
        the status ``passed``, ``failed`` or ``skipped``, its ``seconds``, its figures and, unless it passed, the
        ``reason``.
    """
    start = time.monotonic()
    for name, check in checks:
        if time.monotonic() - start > seconds:
            yield dict(name=name, status="skipped", reason=LATE)
            continue
        yield dict(name=name, status="running", began=time.time())
        began = time.monotonic()
        outcome = _outcome(check)
        yield dict(name=name, seconds=round(time.monotonic() - began, 3), **outcome)
        gc.collect()  # so that no check pays for the memory of those before
        torch.cuda.empty_cache()


def _outcome(check: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return dict(status="passed", **check())
    except SkippedError as skipped:
        return dict(status="skipped", reason=str(skipped))
    except FailedError as failed:
        return dict(status="failed", reason=str(failed), **failed.figures)
    except Exception as error:  # whatever goes wrong is what the check is there to report
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        return dict(status="failed", reason=reason, traceback=traceback.format_exc())


def summary(checks: list[dict[str, Any]]) -> str:
    """The status of several checks together: ``failed`` if one is, ``skipped`` if all are, else ``passed``."""
    found = {check["status"] for check in checks}
    return "failed" if found - {"passed", "skipped"} else "passed" if "passed" in found else "skipped"
