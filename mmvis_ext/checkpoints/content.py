"""What a checkpoint must be before anything believes it; its file may be damaged, or made to do harm."""

import zipfile
from pathlib import Path
from typing import Any

import torch

from mmvis_ext.utils.errors import InputError

__all__ = ["check_content", "check_damage", "check_training_state", "weights_of"]

PLAIN = {torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64, torch.complex128,
         torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64}  # fmt: skip
GET_IT_AGAIN = "get it again, or give a checkpoint that training wrote"


def weights_of(checkpoint: dict) -> Any:
    """What a checkpoint holds as its weights, a dict of (...) tensors by name.

    This is its ``state_dict``, or the dict ``model`` that other projects write, or all of it.
    """
    nested = checkpoint.get("model")
    return checkpoint.get("state_dict", nested if isinstance(nested, dict) else checkpoint)


def check_damage(path: str | Path) -> None:
    """Check the file of a checkpoint before it is loaded, without unpacking it.

    torch reads a zip without a look at its checksums. Files in its old format have none.

    Raises:
        InputError: a part of the zip is not what its checksum says, or is compressed, as torch never writes it.
        OSError: the file cannot be read.
        zipfile.BadZipFile: the zip is broken.
    """
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        packed = next((m for m in archive.infolist() if m.compress_type != zipfile.ZIP_STORED), None)
        if packed is not None:
            raise InputError(f"{path}: its part {packed.filename} is compressed, as torch never does; {GET_IT_AGAIN}.")
        damaged = archive.testzip()
        if damaged is not None:
            raise InputError(f"{path}: is damaged, since the checksum of {damaged} is another one; {GET_IT_AGAIN}.")


def check_content(path: str | Path, checkpoint: Any) -> None:
    """Check that a checkpoint holds finite weights by name, and that its ``meta`` says what it is meant to say.

    Raises:
        InputError: names what is wrong.
    """
    if not isinstance(checkpoint, dict):
        raise InputError(f"{path}: holds {_a(checkpoint)} and not a checkpoint's dict; {GET_IT_AGAIN}.")
    weights = weights_of(checkpoint)
    if not isinstance(weights, dict):
        raise InputError(f"{path}: its state_dict is {_a(weights)} and not a dict of weights; {GET_IT_AGAIN}.")
    for name, weight in weights.items():
        fault = _fault_of_name(name) or _fault_of_weight(weight)
        if fault:
            raise InputError(f"{path}: its weight {str(name)[:80]!r} {fault}; {GET_IT_AGAIN}.")
    if "state_dict" in checkpoint:
        _check_meta(path, checkpoint.get("meta"))


def check_training_state(path: str | Path, checkpoint: dict) -> None:
    """Check the parts of a checkpoint, beside weights and ``meta``, from which mmengine resumes a training.

    Raises:
        InputError: one is missing or no such part.
    """
    legal = dict(
        optimizer=isinstance(checkpoint.get("optimizer"), dict),
        param_schedulers=_are_dicts(checkpoint.get("param_schedulers", [])),
        message_hub=_is_hub(checkpoint.get("message_hub")),
    )
    wrong = next((part for part, is_legal in legal.items() if not is_legal), None)
    if wrong is not None:
        raise InputError(
            f"{path}: its {wrong} is missing or is not what training writes, so it cannot be resumed; start from its "
            f"weights with --cfg-options load_from={path}, or resume from another checkpoint."
        )


def _fault_of_name(name: Any) -> str:
    return "" if isinstance(name, str) else "has no text as its name"


def _fault_of_weight(weight: Any) -> str:
    if not isinstance(weight, torch.Tensor):
        return f"is {_a(weight)} and no tensor"
    if weight.dtype not in PLAIN or weight.is_nested or weight.layout != torch.strided or weight.device.type != "cpu":
        return "is no plain tensor"
    if weight.numel() * weight.element_size() > weight.untyped_storage().nbytes():
        return "has more elements than the file holds"
    is_number = weight.is_floating_point() or weight.is_complex()
    return "" if not is_number or bool(torch.isfinite(weight).all()) else "is not finite"


def _check_meta(path: str | Path, meta: Any) -> None:
    if not isinstance(meta, dict | None):
        raise InputError(f"{path}: its meta is {_a(meta)} and not a dict; {GET_IT_AGAIN}.")
    meta = meta or {}
    for key in ("epoch", "iter"):
        if key in meta and (type(meta[key]) is not int or not 0 <= meta[key] < 2**63):
            raise InputError(f"{path}: its meta says {key} {str(meta[key])[:80]!r}, which is no count; {GET_IT_AGAIN}.")
    if type(meta.get("seed")) not in (int, type(None)):
        raise InputError(f"{path}: the seed in its meta is {_a(meta['seed'])} and no number; {GET_IT_AGAIN}.")
    data_set = meta.get("dataset_meta")
    if not isinstance(data_set, dict | None):
        raise InputError(f"{path}: its meta has a dataset_meta that is {_a(data_set)} and not a dict; {GET_IT_AGAIN}.")
    for said in (meta, data_set or {}):
        for key in ("classes", "CLASSES"):
            names = said.get(key)
            if names is not None and not (isinstance(names, list | tuple) and all(isinstance(n, str) for n in names)):
                raise InputError(f"{path}: the {key} in its meta are no list of names; {GET_IT_AGAIN}.")
        categories = said.get("categories")
        if categories is not None and not (
            isinstance(categories, list | tuple)
            and _are_dicts(categories)
            and all(type(c.get("id")) is int and isinstance(c.get("name"), str) for c in categories)
        ):
            raise InputError(f"{path}: the categories in its meta are no list of ids and names; {GET_IT_AGAIN}.")


def _are_dicts(values: Any) -> bool:
    return isinstance(values, list | tuple) and all(isinstance(value, dict) for value in values)


def _is_hub(value: Any) -> bool:
    """Whether this is what mmengine keeps of its message hub; numbers in it become parts of the names of files."""
    parts = ("log_scalars", "runtime_info", "resumed_keys")
    if not isinstance(value, dict) or not all(isinstance(value.get(part), dict) for part in parts):
        return False
    info = value["runtime_info"]
    kept, best = info.get("keep_ckpt_ids", []), [info[key] for key in info if str(key).startswith("best_score")]
    return (
        all(isinstance(key, str) for key in info)
        and isinstance(kept, list | tuple)
        and all(type(number) is int for number in kept)
        and all(type(score) in (int, float) for score in best)
    )


def _a(value: Any) -> str:
    """A value's type, with its article."""
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
