"""Run a model on videos; write overlays, masks and tracks in the form that is needed.

CONFIG is a config's path or the name of one that comes with the library. A name whose weights come along needs no
checkpoint, and without both a small model of single moving objects is taken (srnet_lite0_davis2016).

SOURCE is a video file, a folder of frames, a folder with videos below it, a pattern such as 'clips/*.mp4', a text file
with a path per line, the number of a camera, or the address of a stream (rtsp://, http://).

Each video gets a folder below --out. One that an earlier run finished with the same settings is skipped. Ctrl-C closes
what was written so far. Under torchrun, srun and in a Slurm array every process takes its share of the videos. With
--ray as the last word, the workers of a Ray cluster share them.

--web serves a page on which people drop a video and watch the result. It needs no SOURCE, and takes several models,
each a CONFIG with its CHECKPOINT.
"""

import argparse
from pathlib import Path

from mmvis_ext.commands.arguments import add_cfg_options
from mmvis_ext.utils.arguments import probability, seconds
from mmvis_ext.utils.errors import InputError

from .file import run_file
from .folder import run_folder
from .model import load_model
from .web_page import add_web_arguments, require_no_web, serve_page

__all__ = ["EXAMPLE", "KINDS", "add_arguments", "output_kinds", "run"]

EXAMPLE = "mmvis infer video.mp4 --out results --save overlay,masks,json"
KINDS = "overlay gif frames masks cutouts json youtube-vis coco mots davis ctc timeline"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("words", nargs="*", metavar="[CONFIG [CHECKPOINT]] SOURCE", help="model and videos, see above")
    parser.add_argument(
        "--out", default="mmvis_out", metavar="DIR", help="folder of results, or one FILE.mp4 (default: mmvis_out)"
    )
    parser.add_argument(
        "--save", default="overlay,json", metavar="KINDS", help=f"of {', '.join(KINDS.split())} (default: overlay,json)"
    )
    parser.add_argument("--tracks", metavar="FILE.json", help="the tracks, if --out is a file (default: beside it)")
    parser.add_argument(
        "--score-thr", type=probability, default=0.3, help="lowest score of a kept track (default: 0.3)"
    )
    parser.add_argument("--top-k", type=int, metavar="N", help="keep the best N tracks of a video (default: all)")
    parser.add_argument("--classes", metavar="NAMES", help="keep these classes, separated by commas (default: all)")
    parser.add_argument(
        "--fps", type=float, help="frames a second to look at; of a folder of frames, its rate (default: all; 6)"
    )
    parser.add_argument("--stride", type=int, default=1, metavar="N", help="look at every Nth frame")
    parser.add_argument("--start", type=seconds, default=0.0, metavar="TIME", help="begin there, such as 12.5 or 1:30")
    parser.add_argument("--end", type=seconds, metavar="TIME", help="end there")
    parser.add_argument("--max-size", type=int, metavar="PIXELS", help="shrink frames whose longer side has more")
    parser.add_argument("--half", action="store_true", help="compute in half precision")
    parser.add_argument(
        "--compile", action="store_true", help="let torch.compile translate the model; on a GPU, run it as a CUDA graph"
    )
    parser.add_argument("--device", help="such as cuda:0 or cpu (default: a GPU if there is one)")
    parser.add_argument("--redo", action="store_true", help="also videos that were done before")
    parser.add_argument(
        "--ray",
        nargs="?",
        const="",
        metavar="ADDRESS",
        help="share the videos out on a Ray cluster (HOST:PORT, auto, local)",
    )
    parser.add_argument(
        "--ray-workers", type=int, metavar="N", help="how many on Ray (default: one for each GPU or 4 cores)"
    )
    add_cfg_options(parser)
    add_web_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the model on the videos, or serve the page on which others do."""
    if args.web:
        return serve_page(args, load_model)
    require_no_web(args)
    from mmvis_ext.videos import Selection, find_videos

    config, checkpoint, sources = _words(args.words)
    kinds = output_kinds(args.save)
    if args.top_k is not None and args.top_k < 1:
        raise InputError(f"--top-k {args.top_k} keeps no track; give 1 or more.")
    _check_ray(args)
    selection = Selection(args.stride, args.fps, args.start, args.end, args.max_size)
    if args.out.lower().endswith(".mp4"):
        if set(kinds) != {"overlay", "json"}:
            raise InputError(f"--save {args.save}: fits no single file; give a folder as --out.")
        return run_file(args, config, checkpoint, sources, selection)
    if args.tracks is not None:
        raise InputError(f"--tracks {args.tracks}: belongs to --out FILE.mp4; here, save the kind json.")
    videos = find_videos(sources)
    return run_folder(args, config, checkpoint, videos, kinds, selection)


def _words(words: list[str]) -> tuple[Path, Path, list[str]]:
    """Config, checkpoint and sources.

    Raises:
        InputError: there is no source, or the config comes without weights and none are named.
    """
    from mmvis_ext.utils.shipped import DEFAULT, WEIGHTS, find_checkpoint, find_config, is_config

    words = list(words)
    config = find_config(words.pop(0) if words and is_config(words[0]) else DEFAULT)
    checkpoint = Path(words.pop(0)) if words and words[0].endswith(WEIGHTS) else None
    if not words:
        raise InputError("mmvis infer: names no video; give a file, a folder, a pattern, a camera or an address.")
    return config, checkpoint or find_checkpoint(config), words


def output_kinds(text: str) -> list[str]:
    """The kinds of output that ``--save`` names.

    Raises:
        InputError: one of them is unknown, or there are none.
    """
    kinds = [kind.strip() for kind in text.split(",") if kind.strip()]
    known = KINDS.split()
    for kind in kinds or [""]:
        if kind not in known:
            raise InputError(f"--save {text}: there is no kind {kind!r}; choose among {', '.join(known)}.")
    return list(dict.fromkeys(kinds))


def _check_ray(args: argparse.Namespace) -> None:
    """Refuse what does not go together with ``--ray``.

    Raises:
        InputError: there is such a thing.
    """
    if args.ray is None and args.ray_workers is not None:
        raise InputError("--ray-workers: are workers of a Ray cluster; give --ray too.")
    if args.ray is None:
        return
    if args.ray_workers is not None and args.ray_workers < 1:
        raise InputError(f"--ray-workers {args.ray_workers}: does no work; give 1 or more.")
    if args.out.lower().endswith(".mp4"):
        raise InputError(f"--out {args.out}: is one file, and --ray is for many videos; give a folder.")
    if args.device not in (None, "cpu", "cuda"):
        raise InputError(f"--device {args.device}: Ray gives each worker a GPU of its own; give cuda or cpu.")
