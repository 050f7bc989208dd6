"""Check the installation and the machine, and say what to do where something is wrong.

A line begins with ok, warning or problem. The exit code is 1 if there is a problem. Packages are imported in processes
of their own, so one that crashes or hangs is only reported.
"""

import argparse

from .finding import Check, Finding, findings_of
from .machine import MACHINE
from .software import SOFTWARE

__all__ = ["CHECKS", "EXAMPLE", "add_arguments", "run"]

EXAMPLE = "mmvis doctor"
CHECKS: dict[str, Check] = SOFTWARE | MACHINE
"""By the names of what they look at, in the order of the output."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "--work-dir", default="work_dirs", metavar="DIR", help="where trainings will write (default: work_dirs)"
    )
    parser.add_argument(
        "--seconds", type=float, default=120, help="time that the import of a package may take (default: 120)"
    )


def run(args: argparse.Namespace) -> int:
    """Run all checks; returns 1 if one found a problem."""
    from concurrent.futures import ThreadPoolExecutor

    found: list[Finding] = []
    with ThreadPoolExecutor(max_workers=4) as pool:  # threads, which wait for the processes that import
        for findings in pool.map(lambda name: findings_of(name, CHECKS[name], args), CHECKS):
            found += findings
            for finding in findings:
                print(finding, flush=True)
    numbers = {level: sum(finding.level == level for finding in found) for level in ("problem", "warning")}
    print(", ".join(f"{number or 'no'} {level}{'s' * (number != 1)}" for level, number in numbers.items()))
    return 1 if numbers["problem"] else 0
