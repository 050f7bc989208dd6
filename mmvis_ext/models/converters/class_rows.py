"""Classifier weights of one list of classes, for the classes of another list that have the same names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from .conversion import Conversion

__all__ = ["ClassRows"]


@dataclass(frozen=True)
class ClassRows:
    """Which classes of a checkpoint are those of a model.

    Attributes:
        pairs: (label in the model, label in the checkpoint) of each class that both have.
        here: number of the model's classes.
        there: number of the checkpoint's classes.
    """

    pairs: list[tuple[int, int]]
    here: int
    there: int

    @classmethod
    def by_name(
        cls, here: Sequence[str], there: Sequence[str], class_map: Mapping[str, str | None] | None = None
    ) -> "ClassRows":
        """Pair the classes with the same name; ``Sea_turtle`` and ``sea turtle`` are the same name.

        Only names are compared, so that without a class map an animal ``mouse`` is paired with COCO's ``mouse``, which
        is a computer mouse.

        Args:
            here: class names of the model in label order.
            there: class names of the checkpoint in label order.
            class_map: for classes of the checkpoint that have another name here, that name; ``None`` for no class. A
                name that the model lacks does not count.
        """
        renamed = {name: to for name, to in (class_map or {}).items() if to is None or to in here}
        names = [renamed.get(name, name) for name in there]
        labels = {_plain(name): label for label, name in enumerate(names) if name is not None}
        pairs = [(label, labels[_plain(name)]) for label, name in enumerate(here) if _plain(name) in labels]
        return cls(pairs, len(here), len(there))

    def take(self, value: Tensor, own: Tensor) -> Tensor | None:
        """The model's classifier weight with the rows of the common classes taken from the checkpoint's.

        A weight has r rows for each class (four where boxes depend on the class), and perhaps one row for background
        behind them, which is taken too.

        Args:
            value: the checkpoint's weight, (there*r [+1], ...).
            own: the model's weight, (here*r [+1], ...).

        Returns:
            Like ``own``; ``None`` if the two layers are not of the same form.
        """
        size, background = divmod(len(value), self.there)
        if own.shape[1:] != value.shape[1:] or background > 1 or len(own) != self.here * size + background:
            return None
        result = own.clone()
        for mine, theirs in self.pairs:
            result[mine * size : (mine + 1) * size] = value[theirs * size : (theirs + 1) * size]
        if background:
            result[-1] = value[-1]
        return result

    def convert(self, conversion: Conversion, key: str, value: Tensor, target: str) -> None:
        """Take the rows of a weight, (there*r [+1], ...), for the model's weight ``target``, and note it as ``key``."""
        taken = self.take(value, conversion.state_dict[target])
        if taken is None:
            conversion.unused[key] = f"has the shape {tuple(value.shape)}"
            return
        conversion.state_dict[target] = taken
        conversion.mapped[key] = (target, f"{len(self.pairs)} of {self.here} classes, by name")
        if len(self.pairs) < self.here:
            conversion.initial[target] = "the other classes"


def _plain(name: str) -> str:
    return name.lower().replace("_", " ")
