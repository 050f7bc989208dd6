"""Broken, missing and unfit packages: each is named, with what to do."""

import importlib
import importlib.metadata
import os
from argparse import Namespace

import pytest
from packaging.requirements import Requirement

from mmvis_ext.commands.doctor import requirements, software
from mmvis_ext.commands.doctor.importing import try_code, try_import
from mmvis_ext.utils import stack

ARGS = Namespace(seconds=60)
BROKEN = {
    "raises": ("raise ImportError('libfoo.so: not found')", "ImportError: libfoo.so: not found"),
    "crashes": ("import os; os.abort()", "it crashes with SIGABRT"),
    "ends": ("import sys; sys.exit(3)", "it ends Python with exit code 3"),
    "ends well": ("import os; os._exit(0)", "it ends Python"),
    "wrong syntax": ("x = (", "SyntaxError: '(' was never closed"),
}


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """Puts modules and distributions before those that are there, in this process and in the ones that import."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")  # two contents of a module may come within a second
    monkeypatch.syspath_prepend(tmp_path)

    def add(module: str = "", content: str = "", distribution: str = "", version: str = "1.0"):
        if module:
            path = tmp_path.joinpath(*module.split(".")) / "__init__.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        if distribution:
            folder = tmp_path / f"{distribution.replace('-', '_')}-{version}.dist-info"
            folder.mkdir()
            (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
            (folder / "top_level.txt").write_text(module)
            importlib.invalidate_caches()

    return add


def levels(check):
    return {finding.text: (finding.level, finding.remedy) for finding in check(ARGS)}


def only(check):
    (finding,) = check(ARGS)
    return finding


@pytest.mark.parametrize("how", BROKEN)
def test_imports_that_fail(how, fake):
    content, said = BROKEN[how]
    fake("fragile", content)
    assert try_import("fragile", 60) == said


def test_an_import_that_hangs(fake):
    fake("endless", "import time; time.sleep(60)")
    assert try_import("endless", 0.5) == "it takes longer than 0.5 s"


def test_what_a_module_prints_does_no_harm(fake):
    fake("chatty", "import sys; print('hello', end=''); print('oh', file=sys.stderr)")
    assert try_code("import chatty", "chatty.__name__", 60).value == "chatty"
    assert try_import("nosuchmodule", 60) == "ModuleNotFoundError: No module named 'nosuchmodule'"


def torch_stand_in(cuda, gpus=()):
    return (
        f"from types import SimpleNamespace as N\n__version__ = '2.13.0'\nversion = N(cuda={cuda!r}, hip=None)\n"
        f"names = {list(gpus)!r}\n"
        "cuda = N(device_count=lambda: len(names), get_device_name=names.__getitem__, is_available=lambda: bool(names))"
    )


def test_torch(fake, monkeypatch, tmp_path):
    monkeypatch.setattr(software, "NVIDIA", tmp_path / "none")
    fake("torch", torch_stand_in(None))
    assert (only(software.torch).level, only(software.torch).text) == ("ok", "torch 2.13.0, for CPUs")
    monkeypatch.setattr(software, "NVIDIA", tmp_path)
    found = only(software.torch)
    assert (found.level, "CUDA build" in found.remedy) == ("warning", True)
    fake("torch", torch_stand_in("12.6"))
    found = only(software.torch)
    assert (found.level, found.text) == ("warning", "torch 2.13.0, for GPUs (12.6), but no GPU answers")
    assert "nvidia-smi" in found.remedy
    fake("torch", torch_stand_in("12.6", ["A GPU", "B"]))
    assert (only(software.torch).level, only(software.torch).text[-10:]) == ("ok", ": A GPU, B")
    fake("torch", "raise OSError('libcudart.so: cannot open')")
    found = only(software.torch)
    assert (found.level, found.text) == ("problem", "torch cannot be imported: OSError: libcudart.so: cannot open")


def test_two_providers(fake):
    fake(distribution="mmcv", version="2.1.0")
    fake(distribution="onedl-mmcv", version="2.3.6")
    found = levels(software.stack)
    level, remedy = found["mmcv onedl-mmcv are both installed and overwrite each other's files"]
    assert level == "problem"
    assert remedy.startswith("pip uninstall mmcv onedl-mmcv, then run `bash tools/setup.sh`")


def test_another_version_and_a_mixed_stack(fake, monkeypatch):
    fake(distribution="onedl-mmcv", version="9.9")
    fake(distribution="mmdet", version="3.3.0")
    chosen = {"mmcv": ["onedl-mmcv"], "mmengine": [], "mmdet": ["mmdet"]}
    monkeypatch.setattr(software, "providers", chosen.__getitem__)
    found = levels(software.stack)
    assert found["onedl-mmcv 9.9 is not the version that is tested"][0] == "warning"
    assert "'onedl-mmcv==2.3.6'" in found["onedl-mmcv 9.9 is not the version that is tested"][1]
    assert found["mmdet 3.3.0"] == ("ok", "")
    assert found["mmengine is there, but pip knows nothing of it"][0] == "warning"
    assert found["the stack is partly the maintained fork and partly the upstream"][0] == "warning"
    monkeypatch.setattr(software.importlib.util, "find_spec", lambda name: None)
    assert levels(software.stack)["mmengine is not installed"][0] == "problem"


def test_each_provider_has_a_tested_version():
    pinned = {r.name for side in ("onedl", "upstream") for r in requirements.required(f"stack-{side}.txt")}
    assert {name for names in stack.PROVIDERS.values() for name in names} <= pinned


def test_operators_that_are_missing(fake):
    fake("mmcv", "")
    fake("torch", torch_stand_in(None))
    found = only(software.operators)
    assert found.level == "problem"
    assert "No module named 'mmcv._ext'" in found.text
    assert "setup.sh" in found.remedy


@pytest.mark.parametrize(("compiled", "gpus", "level"), [("not available", ["A"], "warning"), ("12.6", ["A"], "ok")])
def test_operators_for_cpus_where_there_is_a_gpu(compiled, gpus, level, fake):
    fake("torch", torch_stand_in("12.6", gpus))
    fake("mmcv", "")
    fake("mmcv._ext", "")
    fake("mmcv.ops", f"get_compiling_cuda_version = lambda: {compiled!r}")
    assert only(software.operators).level == level


def test_mmengine_and_mmdet_that_cannot_be_imported(fake):
    fake("mmengine", "")
    fake("mmdet", "")
    fake("mmdet.models", "")
    found = levels(software.openmmlab)
    text = "mmengine.runner cannot be imported: ModuleNotFoundError: No module named 'mmengine.runner'"
    assert found == {text: ("problem", software.SETUP), "mmdet.models can be imported": ("ok", "")}


def library(text):
    return software._library(Requirement(text), 60)


def test_libraries(fake):
    assert library("no-such-package>=1").text == "no-such-package is not installed"
    fake("whole", "", "whole-package", "1.5")
    assert library("whole_package>=1,<2").level == "ok"
    found = library("whole-package<1.2")
    assert (found.level, found.text) == ("problem", "whole-package 1.5, but whole-package<1.2 is needed")
    assert found.remedy == "pip install 'whole-package<1.2'"
    fake("broken", "raise ImportError('numpy.dtype size changed')", "broken-package")
    found = library("broken-package")
    assert found.text == "broken-package 1.0 cannot be imported: ImportError: numpy.dtype size changed"
    assert found.remedy == "pip install --force-reinstall --no-deps 'broken-package'"
    fake("lonely", "import nosuchmodule.part", "lonely-package")
    assert library("lonely-package").remedy == "install nosuchmodule, in a build that fits your torch"


def test_the_runtime_requirements_are_looked_at(monkeypatch):
    monkeypatch.setattr(software, "try_import", lambda module, seconds: "")
    assert {text.split()[0] for text in levels(software.libraries)} == {
        "numpy", "scipy", "pycocotools", "tqdm", "pillow",
    }  # fmt: skip
    assert requirements.modules_of("pillow") == ["PIL"]


def test_opencv(fake, monkeypatch):
    monkeypatch.setattr(software.shutil, "which", lambda name: None)
    monkeypatch.setattr(software, "OPENCV", ("opencv-a", "opencv-b"))
    registry = "from types import SimpleNamespace as N\n__version__ = '4.12'\nvideoio_registry = "
    registry += "N(getBackendName=str, getStreamBackends=lambda: {})"
    fake("cv2", registry.format(["FFMPEG"]))
    found = levels(software.video)
    assert {level for level, _ in found.values()} == {"ok"}
    assert "the program ffmpeg is not there; it helps with videos that OpenCV cannot read" in found
    fake("cv2", registry.format([]), "opencv-a")
    fake(distribution="opencv-b")
    found = levels(software.video)
    assert found["OpenCV 4.12 reads folders of frames, but no video files"][0] == "warning"
    assert found["opencv-a and opencv-b are installed and overwrite each other's files"][0] == "warning"
    fake("cv2", "raise ImportError('libGL.so.1: cannot open')")
    assert levels(software.video)["OpenCV cannot be imported: ImportError: libGL.so.1: cannot open"][0] == "problem"


def test_optional_packages(fake, monkeypatch):
    fake("broken", "import nosuchmodule", "broken-package")
    fake("whole", "", "whole-package", "1.5")
    listed = [("a", "no-such-package<2; extra == 'a'"), ("b", "broken-package"), ("c", "whole-package")]
    monkeypatch.setattr(software, "extras", lambda: [(extra, Requirement(text)) for extra, text in listed])
    texts = list(levels(software.optional))
    assert texts[0] == "optional: no-such-package (a) is not installed; pip install 'no-such-package<2' adds it"
    assert [level for level, _ in levels(software.optional).values()] == ["ok", "warning", "ok"]


def test_extras_are_those_of_the_installed_package(monkeypatch):
    class About(dict):
        def get_all(self, name):
            return self.get(name)

    lines = ["numpy>=1", "timm<2; extra == 'timm'", "shtab; extra == 'completion'"]
    about = About({"Requires-Dist": lines, "Provides-Extra": ["completion", "timm"]})
    monkeypatch.setattr(importlib.metadata, "metadata", lambda name: about)
    assert [(extra, r.name) for extra, r in requirements.extras()] == [("completion", "shtab"), ("timm", "timm")]

    def nothing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "metadata", nothing)
    found = only(software.optional)
    assert (found.level, found.text[:39]) == ("warning", "mmvis_ext itself is not installed, only")
