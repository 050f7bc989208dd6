"""The result of converting a checkpoint's weights to another model."""

from collections import Counter
from dataclasses import dataclass, field

from torch import Tensor, nn

__all__ = ["Conversion"]


@dataclass
class Conversion:
    """Weights of a model, and where each of them comes from.

    Attributes:
        state_dict: all weights of the model.
        mapped: checkpoint key -> (model key, note); the note says how the weight was changed, empty if it was not.
        unused: checkpoint key -> why it is not used.
        initial: model key -> why it keeps its initial value, or which part of it does (such as ``the other classes``).
    """

    state_dict: dict[str, Tensor]
    mapped: dict[str, tuple[str, str]] = field(default_factory=dict)
    unused: dict[str, str] = field(default_factory=dict)
    initial: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, model: nn.Module) -> "Conversion":
        """A conversion to a model that begins with copies of its initial weights, of which none is taken yet."""
        return cls({key: value.clone() for key, value in model.state_dict().items()})

    def close(self) -> None:
        """Note for all weights of the model that nothing was taken for that they keep their initial values."""
        reached = {target for target, _ in self.mapped.values()}
        left = (key for key in self.state_dict if key not in reached and key not in self.initial)
        self.initial.update(dict.fromkeys(left, "nothing like it in the checkpoint"))

    def rows(self) -> list[tuple[str, str, int, str]]:
        """A summary by groups of weights: what became of the group, its name, number of weights, and a note."""
        counted = Counter(
            [("mapped", _family(key), note) for key, (_, note) in self.mapped.items()]
            + [("no counterpart", _family(key), note) for key, note in self.unused.items()]
            + [("left at initial", _family(key), note) for key, note in self.initial.items()]
        )
        return [(state, family, number, note) for (state, family, note), number in counted.items()]


def _family(key: str) -> str:
    """The group of a weight: its module's name up to four parts, numbers as ``*``; or ``backbone`` or ``neck``."""
    parts = ["*" if part.isdigit() else part for part in key.split(".")[:-1]]
    return parts[0] if parts[0] in {"backbone", "neck"} else ".".join(parts[:4])
