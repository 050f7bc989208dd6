"""Checking that checkpoints fit a model or a training, and that nothing loads one that could run code."""

import logging
import os
import pickle
import re
from pathlib import Path
from typing import Any

from mmengine.logging import print_log
from mmengine.runner.checkpoint import CheckpointLoader, load_from_http

from mmvis_ext.checkpoints import check_content, check_training_state, read_checkpoint, weights_of
from mmvis_ext.models.video_model import VideoModel
from mmvis_ext.utils.errors import InputError

__all__ = [
    "check_fit",
    "check_resumable",
    "check_start",
    "latest_checkpoint",
    "refuse_pickles",
]


def refuse_pickles() -> None:
    """From now on, refuse all checkpoints that hold more than plain data, in this process and however they are loaded.

    mmengine tries again without ``weights_only`` if a file is refused, and does not use it for downloads at all. The
    environment variable that is set here makes torch ignore both.
    """
    os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = "1"
    CheckpointLoader.register_scheme(prefixes="", loader=_load_local, force=True)
    CheckpointLoader.register_scheme(prefixes=("http://", "https://"), loader=_load_from_web, force=True)


def _load_local(filename: str, map_location: Any = None) -> dict:
    """A loader of local files for mmengine, with this project's error messages."""
    return _without_config(read_checkpoint(Path(filename).expanduser()))


def _load_from_web(filename: str, map_location: Any = None) -> dict:
    """A loader of addresses for mmengine, whose content is checked as that of files is."""
    try:
        checkpoint = load_from_http(filename, map_location="cpu")
    except pickle.UnpicklingError:
        raise InputError(
            f"{filename}: what the server sent was refused: it is no checkpoint, or one that holds more than plain "
            "tensors and could run code; check the address."
        ) from None
    check_content(filename, checkpoint)
    return _without_config(checkpoint)


def _without_config(checkpoint: dict) -> dict:
    """Leave out the text of the config in ``meta``. A config is a program, and mmengine would run it to resume."""
    if "state_dict" not in checkpoint:
        return checkpoint
    meta = {key: value for key, value in (checkpoint.get("meta") or {}).items() if key != "config"}
    return checkpoint | dict(meta=meta)


def check_resumable(path: str | Path, model: VideoModel, checkpoint: dict) -> None:
    """Check that training can be resumed from a checkpoint.

    Raises:
        InputError: it holds weights only, belongs to another model, or its state is not what training writes.
    """
    check_fit(path, model, checkpoint)
    if not {"epoch", "iter"} <= (checkpoint.get("meta") or {}).keys() or "optimizer" not in checkpoint:
        raise InputError(
            f"{path}: holds weights alone and not the state of a training; start from them with "
            f"--cfg-options load_from={path}, or resume from a checkpoint that training wrote."
        )
    check_training_state(path, checkpoint)


def check_start(path: str | Path, model: VideoModel, checkpoint: dict, other_classes: bool = False) -> None:
    """Check that training can start from a checkpoint's weights, and log how many are loaded.

    Weights that exist on one side only are no error, since the model may have new parts.

    Args:
        path: path of the checkpoint.
        model: the model that starts from it.
        checkpoint: the checkpoint's content.
        other_classes: allow another number of classes; the classifier is then not loaded.

    Raises:
        InputError: no weight fits, or one of the same name has another shape.
    """
    weights, own = weights_of(checkpoint), model.state_dict()
    shared = own.keys() & weights.keys()
    unlike = [k for k in shared if own[k].shape != weights[k].shape]
    wrong = sorted(k for k in unlike if not (other_classes and model.is_classifier(k)))
    if wrong:
        key = next(filter(model.is_classifier, wrong), wrong[0])
        there, here = tuple(weights[key].shape), tuple(own[key].shape)
        only = all(map(model.is_classifier, wrong))
        remedy = "; add load_other_classes=True to start without its classifier" if only else ""
        raise InputError(
            f"{path}: load_from names another model's checkpoint: {key} has {there} and the config {here}; give one "
            f"that fits{remedy}."
        )
    taken = len(shared) - len(unlike)
    if not taken:
        raise InputError(f"{path}: load_from names another model's checkpoint: none of its weights is in this model.")
    print_log(f"{path}: {taken} of the model's {len(own)} weights are taken", "current", logging.INFO)


def check_fit(path: str | Path, model: VideoModel, checkpoint: dict | None = None) -> None:
    """Check that a checkpoint has exactly the weights of a model, with the same names and shapes.

    No weight depends on T, so a checkpoint that was trained with another clip length fits.

    Raises:
        InputError: the model or the number of classes differs; the message says which.
    """
    checkpoint = read_checkpoint(path) if checkpoint is None else checkpoint
    weights = weights_of(checkpoint)
    own = model.state_dict()
    missing, extra = sorted(own.keys() - weights.keys()), sorted(weights.keys() - own.keys())
    if missing or extra:
        example = (missing or extra)[0]
        raise InputError(
            f"{path}: belongs to another model: {len(missing)} of {len(own)} weights are missing and {len(extra)} "
            f"are unknown (for example {example}); give the config that it was trained with."
        )
    wrong = [k for k in own if own[k].shape != weights[k].shape]
    if wrong:
        key = next(filter(model.is_classifier, wrong), wrong[0])
        there, here = tuple(weights[key].shape), tuple(own[key].shape)
        of_classes = model.is_classifier(key) and here[0] == model.num_classes
        what = f"{there[0]} classes and the config {here[0]}" if of_classes else f"{there} and the config {here}"
        raise InputError(f"{path}: {key} has {what}; give the config that it was trained with.")


def latest_checkpoint(work_dir: str | Path) -> Path | None:
    """The checkpoint ``epoch_N.pth`` or ``iter_N.pth`` with the highest N in a work dir, or ``None``.

    Checkpoints are written atomically, so it is complete.
    """
    found = [
        (int(m[1]), p)
        for p in Path(work_dir).glob("*.pth")
        if (m := re.fullmatch(r"(?:epoch|iter)_(\d+)\.pth", p.name))
    ]
    return max(found)[1] if found else None
