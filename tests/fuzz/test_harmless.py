"""The check itself: what is harmful is noticed."""

import ctypes
import itertools
import sys

import mutants
import numpy as np
import pytest
from mutants import harmless

from mmvis_ext.utils.errors import InputError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits the memory as Linux does")


def fail(error: Exception):
    raise error


HARMFUL = {
    "KeyError": lambda: {}["x"],
    "no sentence": lambda: fail(InputError("no sentence")),
    "more than": lambda: fail(InputError("more than.\none line.")),
    "MemoryError": lambda: np.ones(2 * mutants.MEMORY, np.uint8),
    "SIGSEGV": lambda: ctypes.string_at(0),
    "SIGALRM": lambda: sum(itertools.repeat(0)),  # inside C, where no Ctrl-C is heard
}


@pytest.mark.parametrize("what", HARMFUL)
def test_what_is_harmful_is_noticed(what, monkeypatch):
    monkeypatch.setattr(mutants, "SECONDS", 1 if what == "SIGALRM" else 60)
    with pytest.raises(AssertionError, match=what):
        harmless(HARMFUL[what])


def test_what_is_read_or_refused_is_harmless():
    harmless(lambda: 3)
    harmless(fail, InputError("a.json: is wrong; correct it."))
