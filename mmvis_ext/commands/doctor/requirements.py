"""What this project asks of other packages: the files of ``requirements/`` and the extras of the installed package."""

import importlib.metadata
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mmvis_ext.utils.shipped import ROOT

if TYPE_CHECKING:
    from packaging.requirements import Requirement

__all__ = ["extras", "installed_version", "modules_of", "required"]

FOLDER = ROOT / "requirements"


def required(name: str) -> "list[Requirement]":
    """The requirements that a file of ``requirements/`` lists."""
    from packaging.requirements import Requirement

    lines = (line.partition("#")[0].strip() for line in (FOLDER / name).read_text().splitlines())
    return [Requirement(line) for line in lines if line]


def extras() -> "Iterator[tuple[str, Requirement]]":
    """The optional packages, each with the name of the extra that it belongs to.

    Raises:
        importlib.metadata.PackageNotFoundError: this package itself is not installed.
    """
    from packaging.requirements import Requirement

    about = importlib.metadata.metadata("mmvis_ext")
    listed = [Requirement(line) for line in about.get_all("Requires-Dist") or ()]
    for extra in about.get_all("Provides-Extra") or ():
        for requirement in listed:
            if requirement.marker and requirement.marker.evaluate(dict(extra=extra)):
                yield extra, requirement


def installed_version(distribution: str) -> str | None:
    """The version of an installed distribution; ``None`` if it is not installed."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def modules_of(distribution: str) -> list[str]:
    """The top-level modules that an installed distribution brings, such as ``PIL`` for ``pillow``."""
    from packaging.utils import canonicalize_name

    wanted, providers = canonicalize_name(distribution), importlib.metadata.packages_distributions()
    return sorted(m for m, names in providers.items() if wanted in map(canonicalize_name, names) and m.isidentifier())
