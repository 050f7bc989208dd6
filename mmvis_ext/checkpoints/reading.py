"""Reading checkpoints without running code in them."""

import pickle
from pathlib import Path
from typing import Any

import torch

from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import require_file

from .content import check_content, check_damage

__all__ = ["plain", "read_checkpoint", "read_trusted"]


def plain(value: Any) -> Any:
    """Convert to what ``torch.load(weights_only=True)`` accepts: tensors, numbers, strings and containers of them."""
    if isinstance(value, dict):
        return {plain(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return (tuple if isinstance(value, tuple) else list)(plain(v) for v in value)
    if hasattr(value, "tolist") and not isinstance(value, torch.Tensor):  # numpy
        return value.tolist()
    if value is None or isinstance(value, bool | int | float | str | torch.Tensor):
        return value
    return str(value)


def read_checkpoint(path: str | Path) -> dict:
    """Read a checkpoint without running any code in it, and check that it is one.

    Raises:
        InputError: the file is missing, broken, damaged or no file, or holds more than plain data; or what it holds are
            no finite weights by name, or its ``meta`` is not what training writes.
    """
    try:
        require_file(path)
        check_damage(path)
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"{path}: no such checkpoint; check the path.") from None
    except pickle.UnpicklingError:
        raise InputError(
            f"{path}: refused, since it is not a checkpoint of plain tensors but a pickle that could run code; if "
            f"you trust it, convert it: python tools/model_converters/plain_checkpoint.py {path} PLAIN.pth."
        ) from None
    except Exception as error:  # a broken file makes torch raise nearly anything
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(
            f"{path}: cannot be read as a checkpoint ({reason}); get it again, it is truncated or another kind of file."
        ) from None
    check_content(path, checkpoint)
    return checkpoint


def read_trusted(path: str | Path) -> dict:
    """Read a checkpoint with all its objects, which can run code: only for files that are trusted.

    Raises:
        InputError: it cannot be read, or holds no finite weights by name.
    """
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=False)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path.") from None
    except Exception as error:  # a broken file, or one with objects of a missing package, makes torch raise anything
        raise InputError(
            f"{path}: cannot be read as a checkpoint, since it cannot be unpickled ({type(error).__name__}: {error}); "
            "get it again, or install the package whose objects it holds."
        ) from None
    check_content(path, checkpoint)
    return checkpoint
