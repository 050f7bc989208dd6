"""Documents and files with a few things wrong in them, and a check that they do no harm to the process that reads them.

``--fuzz N`` tries N mutants of each kind, other ones each time; without it there are few, the same ones each time.
"""

import copy
import faulthandler
import os
import resource
import signal
import traceback
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from mmvis_ext.utils.errors import InputError

FEW = 50
SECONDS, MEMORY = 60, 2**30  # that one mutant may take
ODD = [
    None, True, False, -1, 0, 1, 3, 1.5, -0.0, 10**9, 2**31, 2**63, 10**30, 10**400, 1e308, float("nan"), float("inf"),
    "", "no", "1", "\ud800", "a\0b", "../x", "http://127.0.0.1:9/x", "0TS3lL", [], {}, [[]], [None], [0, 0, 1, 1],
    [[0, 0, 1e300, 0, 0, 1e300]], {"size": [1, 1], "counts": [1]}, {"size": [2**20, 2**20], "counts": [2**40]},
]  # fmt: skip

number: int | None = None  # of mutants of each kind, as --fuzz says


def fuzz(test: Callable) -> Callable:
    """Settings of a test that draws mutants."""
    return settings(
        max_examples=number or FEW, derandomize=number is None, database=None, deadline=None,
        suppress_health_check=list(HealthCheck),
    )(test)  # fmt: skip


def places(node: Any, holder: Any = None, key: Any = None) -> list[tuple[Any, Any]]:
    """All (holder, key) in nested dicts and lists."""
    found = [] if holder is None else [(holder, key)]
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, value in inner:
        found += places(value, node, name)
    return found


@st.composite
def mutants(draw: st.DrawFn, document: Any) -> Any:
    """A document of dicts and lists with one to three values that are odd, gone, double, elsewhere or different."""
    document = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        holder, key = draw(st.sampled_from(places(document) or [([0], 0)]))
        value = holder[key]
        change = draw(st.sampled_from(["odd", "gone", "double", "elsewhere", "different", "different"]))
        if change == "gone":
            del holder[key]
        elif change == "double" and isinstance(holder, list):
            holder.insert(key, copy.deepcopy(value))
        elif change == "elsewhere":
            other, place = draw(st.sampled_from(places(document) or [([0], 0)]))
            holder[key] = copy.deepcopy(other[place])
        elif change == "different" and isinstance(value, str) and value:
            at = draw(st.integers(0, len(value) - 1))
            holder[key] = value[:at] + draw(st.characters(min_codepoint=40, max_codepoint=120)) + value[at + 1 :]
        elif change == "different" and type(value) is int:
            holder[key] = value + draw(st.integers(-3, 3) | st.integers())
        else:
            holder[key] = copy.deepcopy(draw(st.sampled_from(ODD)))
    return document


@st.composite
def spoiled(draw: st.DrawFn, content: bytes) -> bytes:
    """A file in which bytes are others, stretches are gone or double, or the end is cut off."""
    for _ in range(draw(st.integers(1, 3))):
        begin = draw(st.integers(0, max(len(content) - 1, 0)))
        end = min(len(content), begin + draw(st.integers(1, 40)))
        change = draw(st.sampled_from(["bytes", "bytes", "gone", "double", "cut"]))
        inside = dict(bytes=draw(st.binary(min_size=1, max_size=8)), double=content[begin:end] * 2).get(change, b"")
        after = b"" if change == "cut" else content[begin + len(inside) :] if change == "bytes" else content[end:]
        content = content[:begin] + inside + after
    return content


def harmless(function: Callable, *arguments: Any) -> None:
    """Call a function in a process of its own: it must return, or raise an InputError of one sentence.

    Raises:
        AssertionError: there was another error, the process crashed, or it took too long or too much memory.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _call(writer, function, arguments)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read().decode(errors="replace")
    _, status = os.waitpid(child, 0)
    assert status == 0, said or f"ended by {signal.Signals(os.WTERMSIG(status)).name}"


def _call(writer: int, function: Callable, arguments: tuple) -> None:
    """What the other process does; it ends here."""
    code = 1
    try:
        faulthandler.disable()
        with open("/proc/self/statm") as file:
            now = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, now + MEMORY))
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(SECONDS)
        try:
            function(*arguments)
            code = 0
        except InputError as error:
            code = 0 if str(error).endswith(".") and "\n" not in str(error) else 1
            if code:
                raise
    except BaseException:
        os.write(writer, traceback.format_exc().encode(errors="backslashreplace")[-4000:])
    finally:
        os._exit(code)
