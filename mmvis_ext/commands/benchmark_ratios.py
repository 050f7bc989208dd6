"""Ratios of speed that a file states, and whether a machine still reaches them."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import require_writable_file, write_atomically

__all__ = ["TOLERANCE", "Entry", "check_ratios", "read_entries"]

TOLERANCE = 0.1  # how much of a ratio may be lost: two runs on the same machine differ by several percent
SETTINGS = dict(
    config=str, against=str, cfg_options=dict, size=str, frames=int, held=int, repeat=int, warmup=int
)  # fmt: skip
"""The arguments of the command that an entry may give, and their types."""


class Entry(NamedTuple):
    """One run of the benchmark, and what is known of it.

    Attributes:
        settings: arguments of the command by name, as ``config``, ``against`` and ``size``.
        ratios: by name, as far as known: ``ratio``, the speed of the whole step divided by that of backbone and neck,
            and ``speedup`` over the model of ``against``.
    """

    settings: dict[str, Any]
    ratios: dict[str, float]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the ratios that a run with these settings gives."""
        return ("ratio", "speedup") if "against" in self.settings else ("ratio",)


def read_entries(path: str | Path, incomplete: bool = False) -> list[Entry]:
    """Read a file of ratios: a JSON list of objects that hold settings and ratios side by side.

    Args:
        path: path of the file. Configs in it are relative to the current folder, as on a command line.
        incomplete: entries may lack their ratios.

    Raises:
        InputError: the file or a config is missing, or an entry is not understood; names the file and the entry.
    """
    from mmvis_ext.annotations.json_file import load_json

    if not Path(path).exists():
        raise InputError(f"{path}: no such file of ratios; check the path, docs/benchmark.json is one.")
    content = load_json(path)
    if not isinstance(content, list) or not content:
        raise InputError(f"{path}: must be a list of entries, and one at least; see docs/benchmark.json.")
    return [_entry(item, f"{path}: entry {i}", incomplete) for i, item in enumerate(content, start=1)]


def _entry(item: Any, where: str, incomplete: bool) -> Entry:
    if not isinstance(item, dict) or "config" not in item:
        raise InputError(f"{where} must be an object with a config; correct it.")
    settings = {name: value for name, value in item.items() if name in SETTINGS}
    entry = Entry(settings, {name: value for name, value in item.items() if name not in SETTINGS})
    for name, value in settings.items():
        if type(value) is not SETTINGS[name]:
            raise InputError(f"{where}: {name} {value!r} must be of type {SETTINGS[name].__name__}; correct it.")
    for name in ("config", "against"):
        if name in settings and not Path(settings[name]).is_file():
            raise InputError(
                f"{where}: {name} {settings[name]} is no file; correct its path, which begins in the current folder."
            )
    for name, value in entry.ratios.items():
        if name not in entry.names:
            known = ", ".join((*SETTINGS, *entry.names))
            raise InputError(f"{where}: {name} is not known here; there are {known}.")
        if type(value) not in (int, float) or not value > 0:
            raise InputError(f"{where}: {name} {value!r} must be a number above 0; correct it.")
    missing = [name for name in entry.names if name not in entry.ratios]
    if missing and not incomplete:
        raise InputError(f"{where} has no {missing[0]} to compare with; write the measured one with --update.")
    return entry


def check_ratios(path: str, entries: Sequence[Entry], runs: Iterable[dict[str, Any]], update: bool = False) -> int:
    """Print how measured ratios differ from those of a file, and write them to it if asked to.

    Ratios are compared, since they say something on any machine; frames per second do not.

    Args:
        path: path of the file.
        entries: what it holds, see :func:`read_entries`.
        runs: for each entry, the figures of the benchmark's run, as ``measurement.speed`` gives them. Each is asked for
            when it is its turn, so that lines appear as things are measured.
        update: write the measured ratios to the file.

    Returns:
        The exit code: 1 if an entry fell by more than :data:`TOLERANCE` and the file stays as it is, else 0.

    Raises:
        InputError: the file is to be updated and cannot be written.
    """
    if update:
        require_writable_file(path)
    fell, measured = 0, list[dict[str, Any]]()
    for entry, figures in zip(entries, runs, strict=True):
        now = {name: round(_ten_held(figures[name]), 3) for name in entry.names}
        changes = {name: now[name] / entry.ratios[name] - 1 for name in now if name in entry.ratios}
        fell += any(change < -TOLERANCE for change in changes.values())
        said = ", ".join(_change(name, entry.ratios.get(name), now[name], changes.get(name)) for name in now)
        print(f"{entry.settings['config']}: {said}", flush=True)
        measured.append(entry.settings | now)
    if update:
        write_atomically(path, f"{json.dumps(measured, indent=2)}\n".encode())
        print(f"{path} has the measured ratios now.")
        return 0
    print(f"{fell} of {len(entries)} fell by more than {TOLERANCE:.0%}.")
    return int(fell > 0)


def _ten_held(figure: dict[str, float]) -> float:
    """The figure of the step with visible objects, or of the plain step in models that cannot be made to show any."""
    return figure.get("step_some_visible", figure["step"])


def _change(name: str, before: float | None, now: float, change: float | None) -> str:
    if before is None or change is None:
        return f"{name} {now:.2f} (new)"
    word = ", fell" if change < -TOLERANCE else ", rose" if change > TOLERANCE else ""
    return f"{name} {before:.2f} -> {now:.2f} ({change:+.0%}{word})"
