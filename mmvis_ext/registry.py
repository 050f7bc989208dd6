"""The registry scope ``mmvis_ext``.

Every registry here is a child of mmengine's and knows where its members live, so a config that says
``default_scope = "mmvis_ext"`` resolves in a fresh process without importing anything by hand.
"""

import pkgutil

from mmengine import registry as root
from mmengine.registry import Registry

__all__ = [
    "DATASETS",
    "DATA_SAMPLERS",
    "HOOKS",
    "LOOPS",
    "METRICS",
    "MODELS",
    "OPTIMIZERS",
    "OPTIM_WRAPPERS",
    "OTHERS",
    "TASK_UTILS",
    "TRANSFORMS",
]


MMTRACK_BRIDGE = "mmvis_ext.datasets.mmtrack:bridged_dataset"
"""Where the bridge is; like the locations of the registries below, it is only imported when it is first used."""


class _DatasetRegistry(Registry):
    """Also resolves ``mmtrack.YouTubeVISDataset``, by the function that :data:`MMTRACK_BRIDGE` names.

    The package mmtrack makes a registry of that scope itself, so this project cannot have one of its own.
    """

    def get(self, key: str) -> type | None:
        if key.startswith("mmtrack."):
            return pkgutil.resolve_name(MMTRACK_BRIDGE)(key.removeprefix("mmtrack."))
        return super().get(key)


def _child(parent: Registry, *locations: str) -> Registry:
    return Registry(parent.name, parent=parent, scope="mmvis_ext", locations=list(locations))


DATASETS = _DatasetRegistry(
    root.DATASETS.name, parent=root.DATASETS, scope="mmvis_ext", locations=["mmvis_ext.datasets"]
)
DATA_SAMPLERS = _child(root.DATA_SAMPLERS, "mmvis_ext.datasets")
TRANSFORMS = _child(root.TRANSFORMS, "mmvis_ext.datasets.transforms")
MODELS = _child(root.MODELS, "mmvis_ext.models")
TASK_UTILS = _child(root.TASK_UTILS, "mmvis_ext.models")
METRICS = _child(
    root.METRICS, *(f"mmvis_ext.evaluation.{name}_metric" for name in ("cell_tracking", "davis", "youtube_vis"))
)
HOOKS = _child(root.HOOKS, "mmvis_ext.engine")
LOOPS = _child(root.LOOPS, "mmvis_ext.engine")
OPTIMIZERS = _child(root.OPTIMIZERS, "mmvis_ext.engine")
OPTIM_WRAPPERS = _child(root.OPTIM_WRAPPERS, "mmvis_ext.engine")

# The other registries hold nothing of this project; they exist because mmengine warns where one lacks the scope.
OTHERS = [
    _child(registry)
    for registry in vars(root).values()
    if isinstance(registry, Registry) and "mmvis_ext" not in registry.children
]
