"""The table of commands. A new one is a module of this package and one line here.

The module's docstring says what the command does, its first line for the list of all commands. The module has
``EXAMPLE``, a command line that works, ``add_arguments(parser)`` and ``run(args)``, which may return an exit code. It
imports torch, NumPy and the other rooms only when it runs, so that help and completion come at once.
"""

from dataclasses import dataclass

__all__ = ["COMMANDS", "Group"]


@dataclass(frozen=True)
class Group:
    """Commands under a common word.

    Attributes:
        about: what they do, for the list of all commands.
        commands: modules by the commands' names.
    """

    about: str
    commands: dict[str, str]


COMMANDS: dict[str, str | Group] = {
    "train": "train",
    "test": "test",
    "infer": "infer",
    "eval": Group(
        "Judge results by a benchmark's measure.",
        {"youtube-vis": "eval_youtube_vis", "davis": "eval_davis", "ctc": "eval_ctc"},
    ),
    "report": "report",
    "browse": "browse",
    "shapes": "shapes",
    "convert": Group(
        "Convert or split annotations.",
        {"labels": "convert_labels", "coco-vid": "convert_coco_vid", "split": "split"},
    ),
    "check": "check",
    "start-weights": "start_weights",
    "publish": "publish",
    "export": "export",
    "sweep": "sweep",
    "curves": "curves",
    "study": "study",
    "benchmark": "benchmark",
    "flops": "flops",
    "figure": "figure",
    "doctor": "doctor",
}
"""By name, in the order of the help: a module of this package, or a group of them."""
