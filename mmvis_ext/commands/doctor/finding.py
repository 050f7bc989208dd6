"""What a check finds, and a check that fails itself."""

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

__all__ = ["Check", "Finding", "Level", "findings_of"]

Level = Literal["ok", "warning", "problem"]
"""How good it is what was found."""


@dataclass(frozen=True)
class Finding:
    """One line of the output.

    Attributes:
        level: whether all is well.
        text: what was found.
        remedy: what to do, where something is wrong.
    """

    level: Level
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        line = f"{self.level:8} {self.text}"
        return f"{line}\n{'':8} -> {self.remedy}" if self.remedy else line


Check = Callable[[argparse.Namespace], Iterable[Finding]]
"""A function from the command's arguments to findings."""


def findings_of(name: str, check: Check, args: argparse.Namespace) -> list[Finding]:
    """The findings of a check. One that breaks off is a problem itself.

    Args:
        name: what the check looks at.
        check: the check.
        args: the command's arguments.
    """
    found: list[Finding] = []
    try:
        found.extend(check(args))
    except Exception as error:  # whatever a broken installation raises must not end the command
        said = str(error).strip().partition("\n")[0]
        remedy = "run `bash tools/setup.sh`; if that does not help, report it"
        found.append(Finding("problem", f"{name}: cannot be checked ({type(error).__name__}: {said})", remedy))
    return found
