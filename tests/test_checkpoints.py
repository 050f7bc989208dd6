"""The trained models that the repository carries."""

import re
import subprocess
from pathlib import Path

import pytest
import torch

from mmvis_ext.checkpoints import read_checkpoint
from mmvis_ext.engine.building import build_model, read_config

ROOT = Path(__file__).parents[1]
FILES = re.findall(r"^\| `(\w+\.pth)`", (ROOT / "checkpoints/README.md").read_text(), flags=re.MULTILINE)


def test_git_tracks_the_models_of_the_readme_alone():
    listed = subprocess.run(["git", "ls-files", "*.pth"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a checkout of git")
    assert sorted(listed.stdout.split()) == sorted(f"checkpoints/{name}" for name in FILES)


@pytest.mark.parametrize("name", FILES)
def test_a_model_of_the_repository_is_small_and_fits_its_config(name):
    path = ROOT / "checkpoints" / name
    assert path.stat().st_size <= 12e6
    system = name.split("_")[0]
    cfg = read_config(str(ROOT / f"configs/{system}/{path.stem}.py"))
    cfg.model.backbone.init_cfg = None
    weights = read_checkpoint(path)["state_dict"]
    build_model(cfg).load_state_dict(weights)
    assert all(value.isfinite().all() for value in weights.values() if value.is_floating_point())
    assert any(value.dtype == torch.float16 for value in weights.values())
