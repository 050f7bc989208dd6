"""The notebooks run from the first cell to the last, at a size that a test can afford."""

import base64
import os
import sys
from pathlib import Path

import cv2
import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.slow
def test_own_data_goes_from_labels_to_a_picture(tmp_path, monkeypatch):
    (tmp_path / "mmvis").write_text(f'#!/bin/sh\nexec {sys.executable} -m mmvis_ext "$@"\n')  # that of this checkout
    (tmp_path / "mmvis").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("OPTIONS", "train_cfg.max_epochs=1 train_dataloader.sampler.repeat=2")
    notebook = nbformat.read(ROOT / "notebooks/own_data.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "outputs do not belong into the repository"
    NotebookClient(notebook, timeout=300, resources=dict(metadata=dict(path=str(tmp_path)))).execute()

    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    said = "".join(output.get("text", "") for output in outputs)
    assert "4 videos, 28 frames, 8 tracks" in said
    assert "The training is done after" in said
    assert "AP50" in said
    pictures = [output.data["image/png"] for output in outputs if "image/png" in output.get("data", {})]
    curves, sheet = (cv2.imdecode(np.frombuffer(base64.b64decode(p), np.uint8), cv2.IMREAD_COLOR) for p in pictures)
    assert curves.shape[1] == 700
    assert sheet.shape[1] > 700
