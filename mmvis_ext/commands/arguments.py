"""Arguments that several commands have."""

import argparse
from typing import Any

from mmvis_ext.utils.errors import InputError

__all__ = ["add_cfg_options", "add_config_arguments", "add_json"]


class _Options(argparse.Action):
    """Collect ``KEY=VALUE`` pairs in a dict; the option may be given several times."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option_string: Any = None
    ) -> None:
        from mmvis_ext.engine.launch import parse_value

        options = dict(getattr(namespace, self.dest, None) or {})
        for pair in values:
            key, equals, value = pair.partition("=")
            if not key or not equals:
                raise InputError(f"{option_string} {pair}: write KEY=VALUE, for example model.visible_thr=0.3.")
            options[key] = parse_value(value)
        setattr(namespace, self.dest, options)


def add_cfg_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--cfg-options``, whose value is meant for ``read_config``."""
    parser.add_argument(
        "--cfg-options", nargs="+", action=_Options, metavar="KEY=VALUE", help="override settings of the config"
    )


def add_config_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of commands that train or test with a config."""
    parser.add_argument("config", help="config file")
    parser.add_argument(
        "--work-dir", metavar="DIR", help="folder for logs and checkpoints (default: work_dirs/<config's name>)"
    )
    add_cfg_options(parser)
    parser.add_argument(
        "--gpus",
        type=int,
        metavar="N",
        help="run on N GPUs of this machine, in a process each; without GPUs, in N processes on its cores. Several "
        "machines: set NNODES, NODE_RANK, MASTER_ADDR and PORT on each",
    )
    parser.add_argument("--launcher", choices=["none", "pytorch", "slurm", "mpi"], default="none")
    parser.add_argument("--local_rank", "--local-rank", type=int, default=0, help=argparse.SUPPRESS)


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add ``--json [FILE]``, whose value is ``-`` where no file is named."""
    parser.add_argument(
        "--json", nargs="?", const="-", metavar="FILE", help="print JSON instead of a table, or write it to a file"
    )
