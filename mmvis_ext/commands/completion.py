"""Completion by the Tab key, in the shells that the optional package shtab knows."""

import argparse
import importlib.util
import re
from pathlib import Path
from typing import Any

from mmvis_ext.utils.errors import InputError

__all__ = ["SHELLS", "PrintCompletion", "completion"]

PATHS = re.compile(r"FILE|PATH|CONFIG|json|config|checkpoint|video|file|results|truth|^out$")  # names of arguments
SHELLS = ("bash", "zsh", "fish")


class PrintCompletion(argparse.Action):
    """The option that prints a shell's completion script and ends the program."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, choices=SHELLS, help="print the completion script of a shell, and end")

    def __call__(self, parser: Any, namespace: Any, shell: Any, option_string: Any = None) -> None:
        """As in argparse."""
        print(completion(parser, shell))
        parser.exit()


def completion(parser: Any, shell: str) -> str:
    """The script with which a shell completes commands, options, choices and paths.

    Args:
        parser: of the whole program (``CommandParser``).
        shell: one of :data:`SHELLS`.

    Raises:
        InputError: shtab is not installed.
    """
    if importlib.util.find_spec("shtab") is None:
        raise InputError("--print-completion: needs the package shtab, which is not installed; run pip install shtab.")
    import shtab

    _complete(parser, shtab)
    return shtab.complete(parser, shell)


def _complete(parser: Any, shtab: Any) -> None:
    """Fill the parsers of all commands, and say which arguments are paths."""
    parser.fill()
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                _complete(inner, shtab)
        elif action.metavar == "DIR":
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
        elif action.choices is None and (action.type is Path or PATHS.search(str(action.metavar or action.dest))):
            action.complete = shtab.FILE  # type: ignore[attr-defined]
