"""The truth about the tiny dataset of ``small_data_sets``."""

import pytest

from mmvis_ext.shapes_vis import PRESETS, VideoTruth, describe, render, sample_scene
from mmvis_ext.shapes_vis.layouts import SPLITS


@pytest.fixture(scope="session")
def tiny_truth() -> dict[str, list[VideoTruth]]:
    """The truth about the videos of ``tiny``, drawn anew and not read from its files."""
    out = {}
    for code, split in enumerate(SPLITS):
        scenes = [sample_scene(c, (0, code, i)) for i, c in enumerate(PRESETS["tiny"].knobs(split))]
        out[split] = [describe(f"shapes_{split}_{i:04d}", s, render(s)) for i, s in enumerate(scenes)]
    return out
