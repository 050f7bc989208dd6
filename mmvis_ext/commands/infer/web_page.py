"""``mmvis infer --web``: a page instead of files."""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmvis_ext.utils.errors import InputError

if TYPE_CHECKING:
    from mmvis_ext.inference import VISInferencer

__all__ = ["add_web_arguments", "require_no_web", "serve_page"]

OURS: dict[str, Any] = dict(port=7860, host="127.0.0.1", max_upload_mb=200.0, max_seconds=120.0)
WITHOUT = "out save tracks top_k classes stride start end redo"  # what a page has no use for


def add_web_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the page, behind all others."""
    parser.set_defaults(without_web={name: parser.get_default(name) for name in WITHOUT.split()})
    group = parser.add_argument_group("a page in the browser")
    group.add_argument("--web", action="store_true", help="serve a page on which people drop a video; needs no SOURCE")
    group.add_argument("--port", type=int, default=OURS["port"], help="of the page (default: 7860)")
    group.add_argument(
        "--host", default=OURS["host"], help="address that it listens on (default: 127.0.0.1, this machine alone)"
    )
    group.add_argument(
        "--max-upload-mb", type=float, default=OURS["max_upload_mb"], metavar="MB", help="largest file (default: 200)"
    )
    group.add_argument(
        "--max-seconds", type=float, default=OURS["max_seconds"], metavar="S", help="longest video (default: 120)"
    )


def require_no_web(args: argparse.Namespace) -> None:
    """Check that there is no argument of the page where no page was asked for.

    Raises:
        InputError: there is one.
    """
    for name, value in OURS.items():
        if getattr(args, name) != value:
            raise InputError(f"--{name.replace('_', '-')}: belongs to the page of --web; leave it out, or add --web.")


def serve_page(
    args: argparse.Namespace, load: Callable[[argparse.Namespace, Path, Path], "VISInferencer"]
) -> int:  # fmt: skip
    """Serve the page until Ctrl-C.

    Args:
        args: of ``mmvis infer``.
        load: makes the model of a config and a checkpoint.

    Raises:
        InputError: a word is no model, an argument has no meaning for a page, or see
            :func:`mmvis_ext.inference.web.serve`.
    """
    for name, value in args.without_web.items():
        if getattr(args, name) != value:
            raise InputError(f"--{name.replace('_', '-')}: has no meaning for the page of --web; leave it out.")
    if not 0 < args.port < 65536:
        raise InputError(f"--port {args.port}: is no port; give one from 1 to 65535.")
    pairs = _models(args.words)

    from mmvis_ext.inference.web import Limits, Runs, Settings, serve

    models = {name: partial(load, args, *pair) for name, pair in pairs.items()}
    limits = Limits(args.max_upload_mb, args.max_seconds)
    start = Settings(next(iter(models)), args.score_thr, args.fps or Settings.fps, args.max_size or Settings.max_size)
    start.selection(limits)  # is refused here if it is out of range
    serve(Runs(models, limits), start, args.host, args.port)
    return 0


def _models(words: list[str]) -> dict[str, tuple[Path, Path]]:
    """Config and checkpoint of each model by a name for people; behind those that are named, the one that comes along.

    Raises:
        InputError: a word is no config or checkpoint, or a config comes without weights and none are named.
    """
    from mmvis_ext.utils.shipped import DEFAULT, WEIGHTS, find_checkpoint, find_config, is_config

    pairs: dict[str, tuple[Path, Path]] = {}
    words = list(words)
    while words:
        word = words.pop(0)
        if not is_config(word):
            raise InputError(f"{word}: is no config; with --web, name models alone, since videos come from the page.")
        config = find_config(word)
        checkpoint = Path(words.pop(0)) if words and words[0].endswith(WEIGHTS) else find_checkpoint(config)
        for path in (config, checkpoint):
            if not path.is_file():
                raise InputError(f"{path}: no such file; check the path.")
        name = config.stem if config.stem not in pairs else f"{config.stem} ({checkpoint.stem})"
        pairs[name] = config, checkpoint
    shipped = find_config(DEFAULT)
    if all(config != shipped for config, _ in pairs.values()):
        pairs[DEFAULT] = shipped, find_checkpoint(shipped)
    return pairs
