"""Checks of Python, torch, the OpenMMLab stack and other packages."""

import argparse
import importlib.util
import re
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import TYPE_CHECKING

from mmvis_ext.utils.stack import PROVIDERS, providers

from .finding import Check, Finding, Level
from .importing import try_code, try_import
from .requirements import extras, installed_version, modules_of, required

if TYPE_CHECKING:
    from packaging.requirements import Requirement

__all__ = ["SOFTWARE"]

SETUP = "run `bash tools/setup.sh`"
NVIDIA = Path("/proc/driver/nvidia/version")  # is there where the driver runs
OPENCV = ("opencv-python-headless", "opencv-python", "opencv-contrib-python-headless", "opencv-contrib-python")


def python(args: argparse.Namespace) -> Iterator[Finding]:
    """Python's version. An older one than this package needs does not get as far as here."""
    yield Finding("ok", f"Python {'.'.join(map(str, sys.version_info[:3]))} ({sys.executable})")


def torch(args: argparse.Namespace) -> Iterator[Finding]:
    """Torch's build, and whether a GPU answers."""
    value = "dict(version=torch.__version__, gpu_build=torch.version.cuda or torch.version.hip, "
    value += "gpus=[torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())])"
    outcome = try_code("import torch", value, args.seconds)
    if outcome.failure:
        yield Finding("problem", f"torch cannot be imported: {outcome.failure}", f"install torch, then {SETUP}")
        return
    build, gpus = outcome.value["gpu_build"], outcome.value["gpus"]
    text = f"torch {outcome.value['version']}, {f'for GPUs ({build})' if build else 'for CPUs'}"
    if build and not gpus:
        remedy = "see whether nvidia-smi lists a GPU and its driver is new enough; without one, everything runs on CPUs"
        yield Finding("warning", f"{text}, but no GPU answers", remedy)
    elif not build and NVIDIA.exists():
        remedy = f"for the GPU install a CUDA build of torch, uninstall mmcv, and {SETUP}"
        yield Finding("warning", f"{text}, but this machine has an NVIDIA driver", remedy)
    else:
        yield Finding("ok", f"{text}: {', '.join(gpus)}" if gpus else text)


def stack(args: argparse.Namespace) -> Iterator[Finding]:
    """One provider for each of mmcv, mmengine and mmdet, and all from the same side."""
    sides = set()
    for module in PROVIDERS:
        found = providers(module)
        if len(found) > 1:
            names = " ".join(found)
            remedy = f"pip uninstall {names}, then {SETUP}"
            yield Finding("problem", f"{names} are both installed and overwrite each other's files", remedy)
        elif not found and importlib.util.find_spec(module) is None:
            yield Finding("problem", f"{module} is not installed", SETUP)
        elif not found:
            yield Finding("warning", f"{module} is there, but pip knows nothing of it", f"if it fails, {SETUP}")
        else:
            sides.add("onedl" if found[0].startswith("onedl-") else "upstream")
            yield _tested(found[0])
    if len(sides) > 1:
        remedy = f"uninstall mmcv, mmengine and mmdet, then {SETUP}"
        yield Finding("warning", "the stack is partly the maintained fork and partly the upstream", remedy)


def _tested(distribution: str) -> Finding:
    """Whether a part of the stack has the version that is tested."""
    side = "onedl" if distribution.startswith("onedl-") else "upstream"
    pinned = next(r for r in required(f"stack-{side}.txt") if r.name == distribution)
    version = str(installed_version(distribution))
    if pinned.specifier.contains(version, prereleases=True):
        return Finding("ok", f"{distribution} {version}")
    remedy = f"if something fails, pip install --no-deps --no-build-isolation '{pinned}'"
    return Finding("warning", f"{distribution} {version} is not the version that is tested", remedy)


def operators(args: argparse.Namespace) -> Iterator[Finding]:
    """Whether mmcv's compiled operators load, also for the GPU if torch sees one."""
    code = "import torch, mmcv._ext\nfrom mmcv.ops import get_compiling_cuda_version as cuda"
    outcome = try_code(code, "[cuda(), torch.cuda.is_available()]", args.seconds)
    if outcome.failure:
        remedy = f"pip uninstall mmcv onedl-mmcv, then {SETUP}, which compiles them (about ten minutes)"
        yield Finding("problem", f"mmcv's compiled operators cannot be imported: {outcome.failure}", remedy)
    elif outcome.value == ["not available", True]:
        remedy = f"uninstall mmcv and {SETUP} with a CUDA toolkit, or let torchvision pool RoIs (getting_started.md)"
        yield Finding("warning", "mmcv's operators are compiled for CPUs alone, and torch sees a GPU", remedy)
    else:
        yield Finding("ok", f"mmcv's compiled operators (CUDA: {outcome.value[0]})")


def openmmlab(args: argparse.Namespace) -> Iterator[Finding]:
    """Whether mmengine and mmdet can be imported."""
    for module in ("mmengine.runner", "mmdet.models"):
        failure = try_import(module, args.seconds)
        if failure:
            yield Finding("problem", f"{module} cannot be imported: {failure}", SETUP)
        else:
            yield Finding("ok", f"{module} can be imported")


def libraries(args: argparse.Namespace) -> Iterator[Finding]:
    """The packages that this one imports itself."""
    for requirement in required("runtime.txt"):
        yield _library(requirement, args.seconds)


def _library(requirement: "Requirement", seconds: float) -> Finding:
    version, remedy = installed_version(requirement.name), f"pip install '{requirement}'"
    if version is None:
        return Finding("problem", f"{requirement.name} is not installed", remedy)
    if not requirement.specifier.contains(version, prereleases=True):
        return Finding("problem", f"{requirement.name} {version}, but {requirement} is needed", remedy)
    failure = next(filter(None, (try_import(module, seconds) for module in modules_of(requirement.name))), "")
    if failure:
        missing = re.search(r"No module named '(\w+)", failure)
        again = f"pip install --force-reinstall --no-deps '{requirement}'"
        remedy = f"install {missing[1]}, in a build that fits your torch" if missing else again
        return Finding("problem", f"{requirement.name} {version} cannot be imported: {failure}", remedy)
    return Finding("ok", f"{requirement.name} {version}")


def video(args: argparse.Namespace) -> Iterator[Finding]:
    """OpenCV, and whether it reads video files."""
    builds = [name for name in OPENCV if installed_version(name)]
    if len(builds) > 1:
        remedy = f"pip uninstall {' '.join(builds)}, then {SETUP}"
        yield Finding("warning", f"{' and '.join(builds)} are installed and overwrite each other's files", remedy)
    names = "[r.getBackendName(b) for b in r.getStreamBackends()]"
    outcome = try_code("import cv2\nr = cv2.videoio_registry", f"[cv2.__version__, {names}]", args.seconds)
    remedy = "pip install --force-reinstall 'opencv-python-headless<4.13'"
    if outcome.failure:
        yield Finding("problem", f"OpenCV cannot be imported: {outcome.failure}", remedy)
    elif "FFMPEG" not in outcome.value[1]:
        yield Finding("warning", f"OpenCV {outcome.value[0]} reads folders of frames, but no video files", remedy)
    else:
        yield Finding("ok", f"OpenCV {outcome.value[0]} reads and writes video files by FFmpeg")
    if shutil.which("ffmpeg") is None:
        yield Finding("ok", "the program ffmpeg is not there; it helps with videos that OpenCV cannot read")


def optional(args: argparse.Namespace) -> Iterator[Finding]:
    """The optional packages."""
    try:
        found = list(extras())
    except PackageNotFoundError:
        remedy = "pip install --no-deps --no-build-isolation -e . in its checkout"
        yield Finding("warning", "mmvis_ext itself is not installed, only found by Python's path", remedy)
        return
    for extra, requirement in found:
        requirement.marker = None
        if installed_version(requirement.name) is None:
            text = f"optional: {requirement.name} ({extra}) is not installed; pip install '{requirement}' adds it"
            yield Finding("ok", text)
        else:
            finding = _library(requirement, args.seconds)
            level: Level = "warning" if finding.level == "problem" else finding.level
            yield Finding(level, f"optional: {finding.text}", finding.remedy)


SOFTWARE: dict[str, Check] = {
    "Python": python,
    "torch": torch,
    "the stack": stack,
    "mmcv's operators": operators,
    "mmengine and mmdet": openmmlab,
    "libraries": libraries,
    "OpenCV": video,
    "optional packages": optional,
}
"""By the names of what they look at."""
