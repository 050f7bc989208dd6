"""What the wheel carries."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.slow
def test_the_wheel_carries_configs_and_tools_where_mim_looks(tmp_path):
    # the build writes into the source tree, so it gets a copy of what it reads
    source = tmp_path / "source"
    read = ("mmvis_ext", "configs", "tools", "requirements", "checkpoints", "setup.py", "pyproject.toml", "README.md",
            "LICENSE", "model-index.yml")  # fmt: skip
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *read]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", tmp_path, source]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("mmvis_ext-*.whl")
    carried = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("configs", "tools", "requirements", "checkpoints"):
        for path in (source / folder).rglob("*"):
            if path.is_file():
                assert f"mmvis_ext/.mim/{path.relative_to(source)}" in carried
    for path in [*(source / "mmvis_ext").rglob("*.py"), *(source / "mmvis_ext/report/templates").iterdir()]:
        assert str(path.relative_to(source)) in carried
    assert {"mmvis_ext/py.typed", "mmvis_ext/.mim/model-index.yml"} <= carried
    assert not [name for name in carried if name.startswith("tests")]
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    (points,) = (name for name in carried if name.endswith("entry_points.txt"))
    assert "mmvis = mmvis_ext.commands:main" in zipfile.ZipFile(wheel).read(points).decode()
    script = "from mmvis_ext.commands.doctor.requirements import required; assert required('runtime.txt')\n"
    script += "import mmvis_ext.testing as t; print(t.__file__, t.tiny_config().model.type)"
    command, variables = [sys.executable, "-c", script], os.environ | {"PYTHONPATH": str(tmp_path / "installed")}
    done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    path, model = done.stdout.split()[-2:]
    assert path.startswith(str(tmp_path / "installed"))
    assert model == "EfficientVIS"
