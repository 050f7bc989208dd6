"""The program ``mmvis``, and what makes a script of ``tools/`` out of a command."""

import argparse
import difflib
import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from types import ModuleType
from typing import Any

from mmvis_ext import __version__
from mmvis_ext.utils.errors import InputError, command_line

from .completion import PrintCompletion
from .table import COMMANDS, Group

__all__ = ["CommandParser", "main", "program_parser", "tool"]


class CommandParser(argparse.ArgumentParser):
    """The parser of a command, which asks the command for its arguments when it first parses.

    What a command loads for its help, no other command waits for.

    Args:
        command: the command's module; ``None`` for a parser whose arguments are added from outside.
        settings: of ``argparse.ArgumentParser``.
    """

    def __init__(self, command: ModuleType | None = None, **settings: Any) -> None:
        about = command.__doc__ if command else settings.pop("description", None)
        super().__init__(description=about, formatter_class=argparse.RawDescriptionHelpFormatter, **settings)
        self.command = command

    def fill(self) -> None:
        """Add the command's arguments, if that has not been done."""
        command, self.command = self.command, None
        if command is not None:
            self.epilog = f"example:\n  {command.EXAMPLE}"
            self.set_defaults(run=command.run)
            command.add_arguments(self)

    def parse_known_args(self, *args: Any, **kwargs: Any) -> Any:
        """As in argparse."""
        self.fill()
        return super().parse_known_args(*args, **kwargs)


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"{__package__}.{name}")


def _add_commands(parser: CommandParser, commands: Mapping[str, str | Group], title: str) -> None:
    places = parser.add_subparsers(required=True, title=title, metavar=title.upper())
    for name, command in commands.items():
        if isinstance(command, Group):
            group = places.add_parser(name, help=command.about, description=command.about)
            _add_commands(group, command.commands, "what")
        else:
            module = _module(command)
            about = (module.__doc__ or "").partition("\n")[0]
            places.add_parser(name, help=about.replace("%", "%%"), command=module)


def program_parser() -> CommandParser:
    """The parser of ``mmvis`` with all its commands."""
    about = "Video instance segmentation: train, test, use and judge models. mmvis COMMAND --help says more."
    parser = CommandParser(prog="mmvis", description=about)
    parser.add_argument("--version", action="version", version=f"mmvis_ext {__version__}")
    parser.add_argument("--print-completion", action=PrintCompletion)
    _add_commands(parser, COMMANDS, "command")
    return parser


def _check_names(arguments: Sequence[str]) -> None:
    """Check that the words which a command line begins with name a command.

    Raises:
        InputError: they do not.
    """
    known: Mapping[str, str | Group] = COMMANDS
    said = "mmvis"
    for name in takewhile(lambda argument: not argument.startswith("-"), arguments):
        if name not in known:
            near = difflib.get_close_matches(name, known, cutoff=0.5)
            meant = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}."
            raise InputError(f"{said} {name}: there is no such command; {meant}")
        command = known[name]
        if not isinstance(command, Group):
            return
        known, said = command.commands, f"{said} {name}"


def _run(parser: CommandParser, again: list[str]) -> int | None:
    """Parse the program's arguments and run the command.

    Args:
        parser: of the program.
        again: what comes after ``mmvis`` to do the same once more; commands find it as ``args.again``.

    Raises:
        InputError: a package is missing.
    """
    args = parser.parse_args()
    args.again = again
    try:
        return args.run(args)
    except ModuleNotFoundError as error:
        if isinstance(error, InputError) or (error.name or "").startswith("mmvis_ext"):
            raise
        raise InputError(f"{error}, which is needed here; 'mmvis doctor' says what to install.") from error


@command_line
def _run_mmvis(again: list[str]) -> int | None:
    _check_names(sys.argv[1:])
    parser = program_parser()
    if len(sys.argv) == 1:
        parser.print_help()
        return 2
    return _run(parser, again)


@command_line
def _run_tool(module: str, again: list[str]) -> int | None:
    return _run(CommandParser(_module(module)), again)


def main() -> None:
    """The program ``mmvis``."""
    _run_mmvis(sys.argv[1:])


def tool(*names: str) -> Callable[[], None]:
    """The main function of a script that does what a command does.

    Args:
        names: the command as one writes it after ``mmvis``: ``"train"``, or ``"eval", "davis"``.
    """
    command = COMMANDS[names[0]]
    module = command.commands[names[1]] if isinstance(command, Group) else command
    return lambda: _run_tool(module, [*names, *sys.argv[1:]])
