"""The hooks of pre-commit find their tools in a shell without an active environment."""

import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
HOOKS = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
@pytest.mark.parametrize("active", [False, True])
def test_the_tools_come_from_the_virtual_environment(hook, active, tmp_path):
    venv = tmp_path / ("mine" if active else ".venv")
    tool = venv / "bin" / hook["id"].split("-")[0]
    tool.parent.mkdir(parents=True)
    tool.write_text('#!/bin/sh\necho "$0" "$@"\n')
    tool.chmod(0o755)
    files = ["a.py", "b c.py"] if hook.get("pass_filenames", True) else []
    variables = {"PATH": "/usr/bin:/bin"} | ({"VIRTUAL_ENV": str(venv)} if active else {})
    command = [*shlex.split(hook["entry"]), *files]
    done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tool))
    assert done.stdout.rstrip().endswith(" ".join(files))
