"""The result of a run: one JSON file, from which verdicts and page are made."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mmvis_ext.evaluation.video_shares import APShares, JFShares, read_shares
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import read_file, write_atomically

__all__ = ["RunResult", "config_hash", "read_result", "read_results", "result_path", "write_result"]


@dataclass(frozen=True)
class RunResult:
    """What a finished run leaves.

    Attributes:
        run: name of the run.
        rows: ids of the rows that it stands for.
        seed: of the training.
        data_seed: of ShapesVIS.
        config_hash: see :func:`config_hash`.
        code: version of this package, with the commit where it is known; ``-dirty`` marks uncommitted changes.
        torch: version of torch.
        machine: name of the CPU or GPU.
        cores: of the CPU.
        jobs: runs side by side.
        seconds: of training and test together, with all parts of an interrupted run.
        iterations: of the training; 0 where another run's weights are tested.
        resumed: the training was interrupted.
        figures: all figures of the test, by name, and ``FPS``; empty where other runs only start from this one.
        shares: what each video gives to AP or J&F, as :func:`read_shares` reads it, or ``None``.
        learning: minutes of training, with those of the run that it starts from, and AP or J&F of each validation;
            empty where nothing was validated.
    """

    run: str
    rows: tuple[str, ...]
    seed: int
    data_seed: int
    config_hash: str
    code: str
    torch: str
    machine: str
    cores: int
    jobs: int
    seconds: float
    iterations: int
    resumed: bool
    figures: dict[str, float]
    shares: dict[str, Any] | None = field(repr=False)
    learning: tuple[tuple[float, float], ...] = ()

    def per_video(self) -> APShares | JFShares:
        """The shares.

        Raises:
            InputError: the run has none.
        """
        if self.shares is None:
            raise InputError(f"{self.run}, seed {self.seed}: has no figures of single videos; remove it and run again.")
        return read_shares(self.shares)


def config_hash(config: dict[str, Any], data_seed: int, needed: str | None) -> str:
    """Sixteen hex digits that change with what a run's result depends on, but for the seed and the code.

    Args:
        config: the whole config.
        data_seed: of ShapesVIS.
        needed: the hash of the run that this one starts from or tests.
    """
    text = json.dumps([config, data_seed, needed], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def result_path(folder: Path, run: str, data_seed: int, seed: int) -> Path:
    """Where the result of a run lies."""
    return folder / f"{run}_data{data_seed}_seed{seed}.json"


def write_result(folder: Path, result: RunResult) -> None:
    """Write a result, whole or not at all."""
    lines = ",\n".join(f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in asdict(result).items())
    write_atomically(result_path(folder, result.run, result.data_seed, result.seed), f"{{\n{lines}\n}}\n".encode())


def read_result(path: Path) -> RunResult:
    """Read a result.

    Raises:
        InputError: the file is no result.
    """
    try:
        content = json.loads(read_file(path))
        learning = tuple(map(tuple, content.get("learning", ())))
        return RunResult(**(content | dict(rows=tuple(content["rows"]), learning=learning)))
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(
            f"{path}: is not the result of a run ({error}); remove it, and the run is done again."
        ) from None


def read_results(folder: Path) -> list[RunResult]:
    """All results of a folder, by name and seeds; none where there is no folder."""
    return [read_result(path) for path in sorted(folder.glob("*_data*_seed*.json"))]
