"""What is amiss in real files and can be read all the same: it is mended, counted, and told once per kind."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field

from mmengine.logging import print_log

from mmvis_ext.utils.errors import InputError

__all__ = ["Tolerance"]


@dataclass
class Tolerance:
    """What the reader of one file has mended so far, or that it must not mend anything.

    Attributes:
        file: the file or folder that is read.
        strict: refuse what could be mended.
        found: by kind of fault, how often it was met and where first.
    """

    file: str
    strict: bool = False
    found: dict[str, tuple[int, str]] = field(default_factory=dict)

    def mend(self, kind: str, place: str, refusal: str) -> None:
        """Count a fault, which the caller then mends.

        Args:
            kind: what is wrong, in the plural, and how it is read, such as "boxes that are turned over, whose sides
                are swapped".
            place: where it was met; it may begin with the name of the file.
            refusal: the sentence with which a strict reader ends.

        Raises:
            InputError: the reader is strict.
        """
        if self.strict:
            raise InputError(refusal)
        number, first = self.found.get(kind, (0, place.removeprefix(self.file).lstrip(":/ ")))
        self.found[kind] = (number + 1, first)

    def add(self, others: Iterable["Tolerance"]) -> None:
        """Count what other readers of parts of the file have mended, in the order of the parts."""
        for other in others:
            for kind, (more, place) in other.found.items():
                number, first = self.found.get(kind, (0, place))
                self.found[kind] = (number + more, first)

    def warn(self) -> None:
        """Log one line for each kind of fault."""
        for kind, (number, first) in self.found.items():
            print_log(f"{self.file}: {kind}: {number} (first: {first}).", "current", logging.WARNING)
