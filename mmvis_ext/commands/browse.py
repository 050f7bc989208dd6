"""Draw samples as a config's data loader gives them to the model, with their tracks, as pictures and as videos."""

import argparse
from pathlib import Path
from typing import Any

from mmvis_ext.utils.arguments import seed
from mmvis_ext.utils.files import require_writable

from .arguments import add_cfg_options

__all__ = ["EXAMPLE", "add_arguments", "run"]

EXAMPLE = "mmvis browse configs/efficientvis/efficientvis_small_shapesvis-mini.py --out pictures --num 4"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("config", help="config file")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder to write to")
    parser.add_argument("--split", choices=("train", "val"), default="train", help="which data loader's data set")
    parser.add_argument("--num", type=int, default=10, help="number of samples, spread over the data set (default: 10)")
    parser.add_argument("--seed", type=seed, default=0, help="seed of the random choices in training samples")
    parser.add_argument("--mp4", action="store_true", help="also write each sample as a video")
    add_cfg_options(parser)


def run(args: argparse.Namespace) -> None:
    """Draw the samples."""
    from tqdm import tqdm

    from mmvis_ext.datasets import Draw
    from mmvis_ext.engine.building import build_dataset, read_config
    from mmvis_ext.visualization import spread

    from .sample_pictures import write_sample

    require_writable(args.out)
    dataset: Any = build_dataset(read_config(args.config, args.cfg_options), args.split)
    for number, index in enumerate(tqdm(spread(len(dataset), args.num), unit="sample")):
        item = dataset[Draw(index, args.seed + number) if args.split == "train" else index]
        write_sample(item, Path(args.out) / f"{args.split}_{index:04d}", dataset.metainfo, args.mp4)
