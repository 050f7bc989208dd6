"""Look at what a config's data loader hands to the model: sheets, and videos, of its samples with their tracks."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from mmdet.structures import TrackDataSample
from mmengine.config import Config, DictAction
from mmengine.registry import init_default_scope
from torch.utils.data import Dataset
from tqdm import tqdm

from mmvis_ext.datasets import Draw
from mmvis_ext.engine.atomic import write_atomically
from mmvis_ext.engine.launch import read_config, require_writable
from mmvis_ext.errors import command_line
from mmvis_ext.registry import DATASETS
from mmvis_ext.structures import Tracklets, encode
from mmvis_ext.visualization import (
    Row,
    ShownTrack,
    VideoWriter,
    cell_scale,
    contact_sheet,
    draw_shown,
    readable_scale,
    shown_truth,
    spread,
)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", help="config file")
    parser.add_argument("--out", required=True, metavar="DIR", help="where the pictures go")
    parser.add_argument("--split", choices=("train", "val"), default="train", help="which data loader's data set")
    parser.add_argument("--num", type=int, default=10, help="number of samples, spread over the data set (10)")
    parser.add_argument("--seed", type=int, default=0, help="of the random draws of training samples")
    parser.add_argument("--mp4", action="store_true", help="write each sample as a video too")
    parser.add_argument(
        "--cfg-options", nargs="+", action=DictAction, metavar="KEY=VALUE", help="override settings of the config"
    )
    return parser.parse_args()


def build_dataset(args: argparse.Namespace) -> Dataset:
    cfg = read_config(args.config)
    if args.cfg_options:
        cfg.merge_from_dict(args.cfg_options)
    loader = cfg.get(f"{args.split}_dataloader")
    if loader is None:
        raise InputError(f"{args.config}: has no {args.split}_dataloader; choose another --split.")
    init_default_scope(cfg.get("default_scope", "mmvis_ext"))
    return DATASETS.build(loader.dataset)


def training_tracks(sample: TrackDataSample, size: tuple[int, int], classes: Sequence[str]) -> list[ShownTrack]:
    """The tracklets that the loss gets, on frames of (height, width) ``size``."""
    tracks = Tracklets.from_frames(sample, size, "cpu")
    masks = [encode(m.numpy()) for m in tracks.masks]
    return [
        ShownTrack(
            colour=i,
            caption=f"{classes[tracks.labels[i]]} #{tracks.ids[i]}",
            masks=[m if there else None for m, there in zip(masks[i], tracks.visible[i], strict=True)],
            boxes=tracks.boxes[i].numpy(),
        )
        for i in range(len(tracks))
    ]


def testing_tracks(video: dict, size: tuple[int, int], categories: Sequence[dict]) -> list[ShownTrack]:
    """The ground truth of a test video, which keeps the size of the files, on frames of (height, width) ``size``."""
    tracks = shown_truth(video["annotations"] or (), categories)
    for track in tracks:
        present = [t for t, mask in enumerate(track.masks) if mask is not None]
        small = [resized(decode([track.masks[t]], video["height"], video["width"])[0], size) for t in present]
        for t, rle in zip(present, encode(np.stack(small)), strict=True):
            track.masks[t] = rle
