"""What becomes of a checkpoint's weights in another model."""

from collections import Counter
from dataclasses import dataclass, field

from torch import Tensor

__all__ = ["Conversion"]


@dataclass
class Conversion:
    """Weights of a model, and where each comes from.

    Attributes:
        state_dict: every weight of the model.
        mapped: the checkpoint's key -> the model's key and, where it did not go over as it stands, what was done.
        unused: the checkpoint's key -> why nothing in the model takes it.
        initial: the model's key -> why it keeps its initial value, wholly or in part.
    """

    state_dict: dict[str, Tensor]
    mapped: dict[str, tuple[str, str]] = field(default_factory=dict)
    unused: dict[str, str] = field(default_factory=dict)
    initial: dict[str, str] = field(default_factory=dict)

    def rows(self) -> list[tuple[str, str, int, str]]:
        """Each group of weights: what became of it, its name, how many there are, and a note."""
        counted = Counter(
            [("mapped", _family(key), note) for key, (_, note) in self.mapped.items()]
            + [("no counterpart", _family(key), note) for key, note in self.unused.items()]
            + [("left at initial", _family(key), note) for key, note in self.initial.items()]
        )
        return [(state, family, number, note) for (state, family, note), number in counted.items()]


def _family(key: str) -> str:
    """The group that a weight is shown in: numbers become ``*``, and what is inside a part is left out."""
    parts = ["*" if part.isdigit() else part for part in key.split(".")[:-1]]
    return parts[0] if parts[0] in {"backbone", "neck"} else ".".join(parts[:4])
