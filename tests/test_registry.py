"""Names resolve in a fresh process by scope alone."""

import subprocess
import sys

import pytest

NAMES = [
    ("DATASETS", "YouTubeVISDataset"),
    ("DATA_SAMPLERS", "VideoClipSampler"),
    ("DATA_SAMPLERS", "VideoDrawSampler"),
    ("TRANSFORMS", "ClipSample"),
    ("TRANSFORMS", "LoadFrame"),
    ("TRANSFORMS", "PackClip"),
    ("TRANSFORMS", "mmdet.Resize"),
    ("MODELS", "EfficientVIS"),
    ("MODELS", "TrackletCascade"),
    ("MODELS", "StaticRoIExtractor"),
    ("MODELS", "mmdet.ResNet"),
    ("TASK_UTILS", "TrackletAssigner"),
    ("TASK_UTILS", "ClipLinker"),
    ("METRICS", "YouTubeVISMetric"),
    ("HOOKS", "PlainCheckpointHook"),
    ("HOOKS", "FiniteLossHook"),
    ("HOOKS", "CheckClassesHook"),
    ("HOOKS", "LoggerHook"),
    ("LOOPS", "VideoTestLoop"),
    ("LOOPS", "VideoValLoop"),
    ("LOOPS", "EpochBasedTrainLoop"),
]
SCRIPT = """
import sys
from mmengine import registry
from mmengine.registry import init_default_scope

names = {names}
init_default_scope("mmvis_ext")
assert not {{"mmvis_ext", "mmdet"}} & sys.modules.keys()
for kind, name in names:
    with getattr(registry, kind).switch_scope_and_registry(None) as found_by_scope:
        print(found_by_scope.get(name).__name__)
print(registry.TASK_UTILS.build(dict(type="TrackletAssigner", l1_weight=7.0)).l1_weight)
init_default_scope("mmengine")
print(registry.MODELS.get("mmvis_ext.EfficientVIS").__name__)
"""


@pytest.mark.parametrize("order", [1, -1], ids=["in order", "in reverse"])
def test_names_resolve_before_anything_is_imported(order):
    names = NAMES[::order]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT.format(names=names)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [*(name.rpartition(".")[2] for _, name in names), "7.0", "EfficientVIS"]
