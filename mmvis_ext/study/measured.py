"""What the results say about the rows and the claims of the papers' tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mmvis_ext.evaluation.video_shares import APShares, JFShares

from .claims import Claim, Inequality
from .results import RunResult
from .verdicts import DRAWS, Drawn, Effect, drawn, judge

__all__ = ["JudgedClaim", "Measured", "judge_claims"]


@dataclass(frozen=True)
class JudgedClaim:
    """A claim with what was measured.

    Attributes:
        claim: what the table says.
        paper: the value of each inequality in the paper's own figures, or ``None`` where it gives none.
        effects: of each inequality, or ``None`` where a row has no results.
    """

    claim: Claim
    paper: tuple[float | None, ...]
    effects: tuple[Effect | None, ...]

    @property
    def verdict(self) -> str:
        """``fails`` if an inequality does, ``holds`` if all do, ``not measured`` without results."""
        verdicts = {"not measured" if effect is None else effect.verdict for effect in self.effects}
        kinds = ("fails", "not measured", "within noise", "holds")
        return next(kind for kind in kinds if kind in verdicts)


@dataclass(frozen=True)
class Measured:
    """Results by row and seed.

    Attributes:
        results: of all runs.
        draws: of the bootstrap.
    """

    results: Sequence[RunResult]
    draws: int = DRAWS
    rows: dict[str, dict[tuple[int, int], Drawn]] = field(init=False, default_factory=dict)
    """For each row, its figures by data seed and seed."""
    shares: dict[str, dict[tuple[int, int], APShares | JFShares]] = field(init=False, default_factory=dict)
    """The same, what each video gives to them."""

    def __post_init__(self) -> None:
        for one in self.results:
            if one.shares is not None:
                shares = one.per_video()
                figures = drawn(shares, self.draws)
                for row in one.rows:
                    self.rows.setdefault(row, {})[one.data_seed, one.seed] = figures
                    self.shares.setdefault(row, {})[one.data_seed, one.seed] = shares

    def figures(self, row: str) -> list[float]:
        """AP or J&F of a row's seeds."""
        return [float(self.rows[row][key].scores[0]) for key in sorted(self.rows.get(row, {}))]

    def speed(self, row: str) -> list[float]:
        """Frames per second of a row's seeds, where they are known."""
        found = [one for one in self.results if row in one.rows and "FPS" in one.figures]
        return [one.figures["FPS"] for one in found]

    def pair(self, inequality: Inequality) -> tuple[APShares, APShares] | None:
        """The two rows of an inequality, with the first seed that both have; ``None`` for other numbers and figures."""
        shared = self._shared(inequality)
        found = [self.shares[row][shared[0]] for row in inequality.rows] if shared else []
        rows = [one for one in found if isinstance(one, APShares)]
        return (rows[0], rows[1]) if len(rows) == len(found) == 2 else None

    def _shared(self, inequality: Inequality) -> list[tuple[int, int]]:
        """The seeds that all rows have."""
        seeds = [self.rows.get(row, {}).keys() for row in inequality.rows]
        return sorted(set.intersection(*map(set, seeds)))

    def effect(self, inequality: Inequality) -> Effect | None:
        """From the seeds that all of its rows have; ``None`` where they share none."""
        shared = self._shared(inequality)
        if not shared:
            return None
        return judge(inequality, {row: [self.rows[row][key] for key in shared] for row in inequality.rows})


def judge_claims(claims: Sequence[Claim], paper: Mapping[str, float], measured: Measured) -> list[JudgedClaim]:
    """Judge all claims.

    Args:
        claims: of the papers' tables.
        paper: the papers' figures by row.
        measured: our own.
    """
    return [
        JudgedClaim(
            claim,
            tuple(one.value(paper) if paper.keys() >= set(one.rows) else None for one in claim.inequalities),
            tuple(map(measured.effect, claim.inequalities)),
        )
        for claim in claims
    ]
