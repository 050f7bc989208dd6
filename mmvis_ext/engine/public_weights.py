"""Public checkpoints of mmdet, by the names of its model index."""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import torch
import yaml

from mmvis_ext.utils.errors import InputError

__all__ = ["HOST", "address_of", "find_weights"]

HOST = "https://mmassets.onedl.ai"
"""Serves the files of mmdet's model index, under the paths that the index gives them."""


@lru_cache
def _addresses() -> dict[str, str]:
    """The address of each model's weights by the model's name, from the index inside the installed mmdet."""
    spec = find_spec("mmdet")
    index = Path(spec.origin).parent / ".mim" if spec and spec.origin else Path()
    try:
        files = yaml.safe_load((index / "model-index.yml").read_text())["Import"]
        metafiles = [yaml.safe_load((index / file).read_text()) for file in files]
    except FileNotFoundError as error:
        raise InputError(
            f"{error.filename}: the installed mmdet lacks this part of its model index; install it as a wheel, or give "
            "the checkpoint's file."
        ) from None
    models = [model for meta in metafiles for model in (meta.get("Models", ()) if isinstance(meta, dict) else meta)]
    return {model["Name"]: model["Weights"] for model in models if model.get("Weights")}


def address_of(name: str, host: str = HOST) -> str:
    """Address of a model's weights.

    Args:
        name: the model's name in mmdet's index, such as ``mask-rcnn_r50_fpn_2x_coco``.
        host: takes the place of the host that the index names, which has lapsed.

    Raises:
        InputError: the index has no such model.
    """
    if name not in _addresses():
        raise InputError(f"{name}: is neither a file nor a model of mmdet's index with weights; check the name.")
    return host.rstrip("/") + urlsplit(_addresses()[name]).path


def find_weights(name: str, host: str = HOST) -> Path:
    """The file of a checkpoint: one that is there, or else fetched into torch's cache and checked by its hash.

    Args:
        name: path of a file, or the name of a model in mmdet's index. Its file is looked for in ``checkpoints`` and in
            torch's cache first.
        host: see :func:`address_of`.

    Raises:
        InputError: there is no such file or model, or it cannot be fetched.
    """
    if Path(name).is_file():
        return Path(name)
    if name.endswith((".pth", ".pt")):
        raise InputError(f"{name}: no such checkpoint; check the path.")
    address = address_of(name, host)
    file_name = address.rpartition("/")[2]
    cache = Path(torch.hub.get_dir()) / "checkpoints"
    for place in (Path("checkpoints"), cache):
        if (place / file_name).is_file():
            return place / file_name
    cache.mkdir(parents=True, exist_ok=True)
    try:
        torch.hub.download_url_to_file(address, str(cache / file_name), hash_prefix=_hash_of(file_name))
    except (OSError, RuntimeError) as error:  # the second one: the hash is another
        raise InputError(
            f"{name}: {address} cannot be fetched ({error}); fetch it elsewhere and put it at {cache / file_name}, or "
            "choose another host."
        ) from error
    return cache / file_name


def _hash_of(file_name: str) -> str | None:
    """The first eight digits of a file's SHA-256, which OpenMMLab puts at the end of its name."""
    end = Path(file_name).stem.rpartition("-")[2]
    return end if len(end) == 8 and set(end) <= set("0123456789abcdef") else None
