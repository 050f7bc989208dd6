"""The claims of the papers' tables as inequalities over their rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import read_file

__all__ = ["Claim", "Inequality", "parse_inequality", "read_claims"]


@dataclass(frozen=True)
class Inequality:
    """A weighted sum of rows that a claim says is above zero.

    Attributes:
        text: as it was written.
        terms: the weight of each row's AP or J&F.
        offset: added to the sum, in points.
    """

    text: str
    terms: tuple[tuple[str, float], ...]
    offset: float

    def value(self, figures: Mapping[str, float]) -> float:
        """The sum for the figures of the rows, in points: how far the claim is from failing."""
        return sum(weight * figures[row] for row, weight in self.terms) + self.offset

    @property
    def rows(self) -> list[str]:
        """Ids of the rows."""
        return [row for row, _ in self.terms]


@dataclass(frozen=True)
class Claim:
    """What a table says.

    Attributes:
        table: beginning of its rows' ids.
        says: the paper's claim, a sentence.
        inequalities: what must be true for it.
        found: what was found out about its verdict, sentences; empty where nothing was.
    """

    table: str
    says: str
    inequalities: tuple[Inequality, ...]
    found: str = ""


def parse_inequality(text: str) -> Inequality:
    """Read an inequality such as ``e1e-cl > 2 * e1e-wo-cl`` or ``a > b - 2``; words are separated by spaces.

    Raises:
        InputError: it is none.
    """
    words = text.split()
    signs = [word for word in words if word in ("<", ">")]
    if len(signs) != 1:
        raise InputError(f"'{text}': an inequality has one '<' or '>' between spaces; correct it.")
    at = words.index(signs[0])
    terms: dict[str, float] = {}
    offset = 0.0
    for side, sign in ((words[:at], 1.0), (words[at + 1 :], -1.0)):
        for row, weight in _sum(side, text):
            weight *= sign if signs[0] == ">" else -sign
            if row is None:
                offset += weight
            else:
                terms[row] = terms.get(row, 0.0) + weight
    return Inequality(text, tuple(terms.items()), offset)


def _sum(words: list[str], text: str) -> list[tuple[str | None, float]]:
    """Rows with their weights; ``None`` stands for a number without a row."""
    parts: list[tuple[str | None, float]] = []
    sign = 1.0
    while words:
        product = words[:3] if words[1:2] == ["*"] else words[:1]
        words = words[len(product) :]
        number = _number(product[0])
        row = product[-1] if len(product) == 3 or number is None else None
        if (len(product) == 3 and number is None) or len(product) == 2 or row in ("+", "-", "*"):
            break
        parts.append((row, sign * (1.0 if number is None else number)))
        if not words:
            return parts
        sign, words = {"+": 1.0, "-": -1.0}.get(words[0], 0.0), words[1:]
        if not sign:
            break
    raise InputError(f"'{text}': a side is a sum of rows, numbers and 'number * row', between spaces; correct it.")


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None


def read_claims(path: Path) -> list[Claim]:
    """Read ``claims.yaml``: a list of ``table``, ``says``, ``claim``, a list of inequalities, and if need be ``found``.

    Raises:
        InputError: an entry is not understood.
    """
    claims = []
    for entry in yaml.safe_load(read_file(path)) or []:
        if not isinstance(entry, dict) or entry.keys() - {"found"} != {"table", "says", "claim"}:
            raise InputError(
                f"{path}: a claim has the keys table, says and claim, and may have found, not {entry!r}; correct it."
            )
        inequalities = tuple(parse_inequality(text) for text in entry["claim"])
        claims.append(Claim(entry["table"], entry["says"], inequalities, entry.get("found", "")))
    return claims
