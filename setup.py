"""Packaging. The wheel carries configs, tools and the model index in ``mmvis_ext/.mim``, where mim looks for them.

The requirements are there too, for ``mmvis doctor``.
"""

import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
IGNORED = shutil.ignore_patterns("__pycache__", "efficientnet_*.pth")  # weights to start from are made anew


class BuildWithMim(build_py):
    """Copies what ``.mim`` holds into the built package; an editable install reads the checkout's."""

    def run(self) -> None:
        super().run()
        if getattr(self, "editable_mode", False):
            return
        mim = Path(self.build_lib) / "mmvis_ext" / ".mim"
        for name in ("configs", "tools", "requirements", "checkpoints"):
            shutil.copytree(ROOT / name, mim / name, dirs_exist_ok=True, ignore=IGNORED)
        shutil.copy(ROOT / "model-index.yml", mim)


def read_version() -> str:
    scope: dict = {}
    exec((ROOT / "mmvis_ext" / "version.py").read_text(), scope)
    return scope["__version__"]


def read_requirements(name: str) -> list[str]:
    lines = (ROOT / "requirements" / name).read_text().splitlines()
    return [line.split("#")[0].strip() for line in lines if line.split("#")[0].strip()]


setup(
    name="mmvis_ext",
    version=read_version(),
    description="Video instance segmentation for OpenMMLab: EfficientVIS, InsPro and SRNet",
    long_description=(ROOT / "README.md").read_text() if (ROOT / "README.md").exists() else "",
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.10",
    packages=find_packages(include=["mmvis_ext", "mmvis_ext.*"]),
    package_data={"mmvis_ext": ["py.typed", "report/templates/*"]},
    install_requires=read_requirements("runtime.txt"),
    entry_points={"console_scripts": ["mmvis = mmvis_ext.commands:main"]},
    extras_require={
        "completion": ["shtab>=1.7,<2"],
        "ctc": ["py-ctcmetrics>=1.3.3,<2"],
        "export": ["onnx>=1.18,<2", "onnxscript>=0.5,<1", "onnxruntime>=1.20,<2"],
        "ray": ["ray[data]>=2.60,<3"],
        "report": ["jinja2>=3.1,<4"],
        "supervision": ["supervision>=0.31,<1"],
        "tensorboard": ["tensorboard>=2.16,<3"],
        "timm": ["timm>=1.0.31,<2"],
        "wandb": ["wandb>=0.18,<1"],
        "web": ["gradio>=6.31,<7"],
    },
    cmdclass={"build_py": BuildWithMim},
    zip_safe=False,
)
