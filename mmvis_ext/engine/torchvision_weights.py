"""``torchvision://`` addresses of weights, without torchvision.

mmengine needs torchvision to look up where such a file is, and torchvision does not work beside every build of torch.
mmengine itself knows the addresses of the files, so importing this module is enough to load them.
"""

from pathlib import Path
from typing import Any

import mmengine
import torch
from mmengine.runner.checkpoint import CheckpointLoader, load_from_http, load_from_torchvision

from mmvis_ext.utils.errors import InputError

__all__ = ["load_torchvision_weights"]

ADDRESSES = Path(mmengine.__file__).parent / "hub" / "torchvision_0.12.json"


@CheckpointLoader.register_scheme(prefixes=("torchvision://", "modelzoo://"), force=True)
def load_torchvision_weights(filename: str, map_location: Any = None) -> dict:
    """Load the weights of one of torchvision's models: from torch's cache, or else from their public address.

    Args:
        filename: such as ``torchvision://resnet50``. Names that only newer versions of torchvision know, such as
            ``resnet50.imagenet1k_v2``, need torchvision.
        map_location: device.

    Raises:
        InputError: there is no such model, or its file can neither be found nor fetched.
    """
    name = filename.partition("://")[2]
    address = mmengine.load(ADDRESSES).get(name)
    if address is None:
        return load_from_torchvision(filename, map_location)
    place = Path(torch.hub.get_dir()) / "checkpoints" / address.rpartition("/")[2]
    try:
        return load_from_http(address, map_location)
    except OSError as error:
        raise InputError(
            f"{filename}: {address} cannot be fetched ({error}); fetch it elsewhere and put it at {place}."
        ) from error
