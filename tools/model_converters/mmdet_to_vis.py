"""Convert a checkpoint of mmdet to a checkpoint from which a video model can start its training.

An EfficientVIS or an InsPro starts from Sparse R-CNN or QueryInst, an SRNet from Mask R-CNN's backbone and FPN.

A table shows which weights were converted, which have no counterpart in the video model, and which weights of the video
model keep their initial values. Train from the result with
--cfg-options load_from=FILE.pth model.backbone.init_cfg=None
"""

import argparse
import io
from pathlib import Path

import torch
from terminaltables import AsciiTable

from mmvis_ext.annotations.json_file import load_json
from mmvis_ext.engine.building import build_model, read_config
from mmvis_ext.engine.checkpoints import plain, read_checkpoint
from mmvis_ext.models import EfficientVIS, InstanceModel, SRNet, VideoModel
from mmvis_ext.models.converters import (
    Conversion,
    add_condinst,
    convert_mask_rcnn,
    convert_sparse_rcnn,
    matching_rows,
)
from mmvis_ext.utils.errors import InputError, command_line
from mmvis_ext.utils.files import write_atomically


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", help="checkpoint of mmdet's SparseRCNN or QueryInst; for an SRNet, of MaskRCNN")
    parser.add_argument("config", help="config of the EfficientVIS, InsPro or SRNet that will be trained")
    parser.add_argument(
        "--condinst", metavar="FILE", help="checkpoint of mmdet's CondInst, to take an InsPro's mask branch from"
    )
    parser.add_argument("--out", type=Path, required=True, help="checkpoint to write (.pth)")
    parser.add_argument(
        "--classes-of",
        metavar="ANN.json",
        help="annotation file of the training data: classifier rows are converted for classes of the same name",
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the weights that are not converted (default: 0)")
    parser.add_argument(
        "--allow-pickle", action="store_true", help="unpickle the checkpoint, which can run code: only if you trust it"
    )
    return parser.parse_args()


def load(path: str, allow_pickle: bool) -> dict:
    """Read a checkpoint; code in it can run only with ``allow_pickle``."""
    if not allow_pickle:
        return read_checkpoint(path)
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=False)
    except OSError:
        raise
    except Exception as error:  # a pickle can fail in any way
        raise InputError(f"{path}: cannot be unpickled ({type(error).__name__}: {error}); get it again.") from None
    if not isinstance(checkpoint, dict):
        raise InputError(
            f"{path}: holds a {type(checkpoint).__name__} and not a checkpoint's dict; give a checkpoint of mmdet."
        )
    return checkpoint


def class_names(checkpoint: dict, path: str) -> tuple[str, ...]:
    """The checkpoint's class names; if it has none but 80 classes, these are taken to be COCO's."""
    from mmdet.datasets import CocoDataset

    meta = checkpoint.get("meta") or {}
    named = meta.get("dataset_meta") or meta
    names = next((named[key] for key in ("classes", "CLASSES") if key in named), None)
    weights = checkpoint.get("state_dict", checkpoint)
    if names is None and len(weights.get("roi_head.bbox_head.0.fc_cls.bias", ())) == 80:
        names = CocoDataset.METAINFO["classes"]
    if names is None:
        raise InputError(f"{path}: does not name its classes; leave out --classes-of.")
    return tuple(names)


def category_names(path: str) -> tuple[str, ...]:
    """Names of an annotation file's categories, in label order."""
    data = load_json(path)
    try:
        return tuple(str(category["name"]) for category in data["categories"])
    except (KeyError, TypeError):
        raise InputError(f"{path}: has no 'categories' with names; give an annotation file.") from None


def convert(model: VideoModel, checkpoint: dict, args: argparse.Namespace) -> Conversion:
    """Convert the checkpoint with the converter for this kind of model."""
    weights = checkpoint.get("state_dict", checkpoint)
    if isinstance(model, SRNet):
        if args.classes_of or args.condinst:
            raise InputError(
                f"{args.config}: an SRNet takes backbone and neck alone; leave out --classes-of and --condinst."
            )
        return convert_mask_rcnn(weights, model, args.checkpoint)
    if not isinstance(model, EfficientVIS | InstanceModel):
        raise InputError(f"{args.config}: is of a {type(model).__name__}; give an EfficientVIS, an InsPro or an SRNet.")
    rows = None
    if args.classes_of:
        names = category_names(args.classes_of)
        if len(names) != model.num_classes:
            raise InputError(
                f"{args.classes_of}: has {len(names)} categories but the config {model.num_classes} classes; "
                "give the annotation file that the config trains on."
            )
        rows = matching_rows(names, class_names(checkpoint, args.checkpoint))
    conversion = convert_sparse_rcnn(weights, model, rows, args.checkpoint)
    if args.condinst:
        masks = load(args.condinst, args.allow_pickle)
        add_condinst(conversion, masks.get("state_dict", masks), model, args.condinst)
    return conversion


@command_line
def main() -> None:
    args = parse_args()
    model = build_model(read_config(args.config), seed=args.seed)
    conversion = convert(model, load(args.checkpoint, args.allow_pickle), args)
    content = io.BytesIO()
    meta = dict(converted_from=Path(args.checkpoint).name, config=args.config)
    torch.save(plain(dict(meta=meta, state_dict=conversion.state_dict)), content)
    write_atomically(args.out, content.getvalue())
    print(AsciiTable([["", "weights", "number", "note"], *(list(row) for row in conversion.rows())]).table)
    print(
        f"{args.out}: {len(conversion.mapped)} of the checkpoint's {len(conversion.mapped) + len(conversion.unused)} "
        f"weights mapped; {len(conversion.initial)} of the model's {len(conversion.state_dict)} left at initial"
    )


if __name__ == "__main__":
    main()
