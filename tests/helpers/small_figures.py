"""Tiny systems whose objects are all shown, and a video, for the papers' figures."""

import cv2
import numpy as np
import pytest

from mmvis_ext.inference import VISInferencer
from mmvis_ext.testing import tiny_checkpoint, tiny_config

CONFIGS = {
    "efficientvis": "efficientvis/efficientvis_small_shapesvis-mini.py",
    "inspro": "inspro/inspro_small_shapesvis-mini.py",
    "srnet": "srnet/srnet_small_shapesvis-mini.py",
}


@pytest.fixture(scope="session")
def figure_files(tmp_path_factory):
    """Config and checkpoint of each tiny system, whose objects are all shown."""
    folder, files = tmp_path_factory.mktemp("figures"), {}
    for name, path in CONFIGS.items():
        cfg = tiny_config(name=path)
        cfg.model.update(dict(max_instances=3, min_score=0.0) if name == "srnet" else dict(visible_thr=0.0))
        cfg.dump(folder / f"{name}.py")
        files[name] = folder / f"{name}.py", tiny_checkpoint(folder / f"{name}.pth", cfg)
    return files


@pytest.fixture
def figure_inferencer(figure_files):
    """The inferencer of a tiny system."""
    return lambda name: VISInferencer(*figure_files[name])


@pytest.fixture(scope="session")
def moving_square() -> list[np.ndarray]:
    """Eight frames of a square that moves."""
    frames = []
    for t in range(8):
        frame = np.full((48, 64, 3), 90, np.uint8)
        cv2.rectangle(frame, (5 + 5 * t, 10), (20 + 5 * t, 30), (200, 60, 40), cv2.FILLED)
        frames.append(frame)
    return frames
