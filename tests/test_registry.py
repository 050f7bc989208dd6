"""Names resolve in a fresh process by scope alone."""

import subprocess
import sys

NAMES = [
    ("DATASETS", "YouTubeVISDataset"),
    ("DATA_SAMPLERS", "VideoClipSampler"),
    ("DATA_SAMPLERS", "VideoDrawSampler"),
    ("TRANSFORMS", "ClipSample"),
    ("TRANSFORMS", "LoadFrame"),
    ("TRANSFORMS", "PackClip"),
    ("TRANSFORMS", "mmdet.Resize"),
    ("MODELS", "EfficientVIS"),
    ("MODELS", "EfficientNetLite"),
    ("MODELS", "TimmBackbone"),
    ("MODELS", "SimpleFeaturePyramid"),
    ("MODELS", "TrackletCascade"),
    ("MODELS", "StaticRoIExtractor"),
    ("MODELS", "mmdet.ResNet"),
    ("TASK_UTILS", "TrackletAssigner"),
    ("TASK_UTILS", "ClipLinker"),
    ("METRICS", "YouTubeVISMetric"),
    ("METRICS", "CellTrackingMetric"),
    ("HOOKS", "PlainCheckpointHook"),
    ("HOOKS", "FiniteLossHook"),
    ("HOOKS", "CheckClassesHook"),
    ("HOOKS", "LoggerHook"),
    ("LOOPS", "VideoTestLoop"),
    ("LOOPS", "VideoValLoop"),
    ("LOOPS", "EpochBasedTrainLoop"),
    ("OPTIMIZERS", "AdamW"),
    ("OPTIM_WRAPPERS", "OptimWrapper"),
    ("PARAM_SCHEDULERS", "MultiStepLR"),
    ("VISBACKENDS", "LocalVisBackend"),
]
NO_WARNINGS = """
from mmengine import registry
from mmengine.logging import MMLogger
from mmengine.registry import Registry, init_default_scope

MMLogger.get_current_instance().addFilter(lambda record: print(record.getMessage()))
init_default_scope("mmvis_ext")
for name, node in vars(registry).items():
    if isinstance(node, Registry):
        with node.switch_scope_and_registry(None) as own:
            assert own.scope == "mmvis_ext", name
print("done")
"""
NOTHING_IMPORTED = """
import sys
from mmengine import registry
from mmengine.registry import init_default_scope

init_default_scope("mmvis_ext")
assert not {"mmvis_ext", "mmdet"} & sys.modules.keys()
print(registry.TASK_UTILS.build(dict(type="TrackletAssigner", l1_weight=7.0)).l1_weight)
init_default_scope("mmengine")
print(registry.MODELS.get("mmvis_ext.EfficientVIS").__name__)
"""
# mmdet is heavy and the same for all; what is ours is first met by each registry in a process of its own
EACH_ALONE = """
import os, sys
import mmdet.datasets, mmdet.models
from mmengine import registry
from mmengine.registry import init_default_scope

init_default_scope("mmvis_ext")
names = {names}
for kind in sorted({{kind for kind, _ in names}}):
    child = os.fork()
    if child == 0:
        assert not any(module.startswith("mmvis_ext") for module in sys.modules)
        with getattr(registry, kind).switch_scope_and_registry(None) as found_by_scope:
            found = [found_by_scope.get(name) for k, name in names if k == kind]
        print(kind, *(f and f.__name__ for f in found), flush=True)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0, kind
"""


def run(script: str) -> list[str]:
    """The lines that a script prints in a process of its own."""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_names_are_built_before_anything_is_imported():
    assert run(NOTHING_IMPORTED)[-2:] == ["7.0", "EfficientVIS"]


def test_each_registry_finds_its_names_by_itself():
    expected = {kind: [name.rpartition(".")[2] for k, name in NAMES if k == kind] for kind, _ in NAMES}
    found = {line.split()[0]: line.split()[1:] for line in run(EACH_ALONE.format(names=NAMES)) if line}
    assert {kind: found.get(kind) for kind in expected} == expected


def test_no_registry_of_mmengine_lacks_the_scope():
    """It would warn at each look-up."""
    lines = run(NO_WARNINGS)
    assert lines[-1] == "done"
    assert not [line for line in lines if "Failed to search registry" in line]
