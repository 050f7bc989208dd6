"""The rooms of the package: who imports whom, what loads without torch, and the front door."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import mmvis_ext

PACKAGE = Path(mmvis_ext.__file__).parent
# every room stands on those that it names, as docs/architecture.md draws them
STANDS_ON = {
    "utils": "",
    "registry": "",
    "structures": "utils",
    "annotations": "structures utils",
    "checkpoints": "utils",
    "shapes_vis": "annotations structures utils",
    "videos": "annotations utils",
    "visualization": "annotations structures",
    "datasets": "annotations registry structures utils",
    "evaluation": "annotations registry structures utils",
    "report": "annotations evaluation structures utils visualization",
    "models": "registry structures utils",
    "engine": "annotations checkpoints models registry structures utils videos visualization",
    "export": "models structures utils",
    "inference": "annotations checkpoints engine evaluation models structures utils videos visualization",
    "figures": "engine inference models structures utils visualization",
    "study": "evaluation utils",
    "testing": "engine models shapes_vis utils",
    "commands": "annotations engine inference models structures utils videos visualization",
    "__main__": "commands",
}
WITHOUT_TORCH = ("annotations", "evaluation", "report", "shapes_vis", "structures", "utils", "videos", "visualization")


def modules() -> dict[str, Path]:
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imported(name: str) -> set[str]:
    """Modules of this project that a module imports when it is imported itself."""
    path, found = MODULES[name], set()
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    tree = ast.parse(path.read_text())
    skipped = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test))
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in skipped or not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
            continue
        base = package[: len(package) - node.level + 1] if node.level else []
        source = ".".join([*base, *([node.module] if node.module else [])])
        found |= {source} | {f"{source}.{alias.name}" for alias in node.names}
    return {module for module in found if module in MODULES and module != name}


def room_of(name: str) -> str:
    return name.split(".")[1] if "." in name else ""


def test_each_room_imports_those_that_it_stands_on():
    edges = {(room_of(a), room_of(b)) for a in MODULES for b in imported(a)}
    edges = {(a, b) for a, b in edges if a != b and a and b}
    allowed = {(room, below) for room, names in STANDS_ON.items() for below in names.split()}
    assert edges == allowed


def test_no_two_modules_import_each_other_in_a_circle():
    graph, done = {name: imported(name) for name in MODULES}, set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, f"a circle: {' -> '.join([*path[path.index(name) :], name])}"
        if name not in done:
            for other in graph[name]:
                # a package that imports its own modules, which name it as their parent, is no circle
                if not name.startswith(f"{other}."):
                    visit(other, (*path, name))
            done.add(name)

    for name in MODULES:
        visit(name, ())


def loaded_by(script: str) -> set[str]:
    """Top-level modules that a script loads in a fresh process."""
    script += "\nimport sys; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_the_package_itself_loads_nothing_heavy():
    assert not {"torch", "mmcv", "mmengine", "mmdet", "cv2"} & loaded_by("import mmvis_ext")


def test_files_are_read_judged_and_drawn_without_torch():
    names = sorted(n for n in MODULES if room_of(n) in WITHOUT_TORCH)
    # tensors in the network's pixels; they are imported by their own names only
    with_tensors = {f"mmvis_ext.structures.{name}" for name in ("boxes", "geometry", "tracklets")}
    # parts of mmengine's loops
    with_tensors |= {
        f"mmvis_ext.evaluation.{name}_metric" for name in ("cell_tracking", "davis", "folder", "video", "youtube_vis")
    }
    assert with_tensors < set(names)
    imports = "\n".join(f"import {name}" for name in names if name not in with_tensors)
    assert not {"torch", "mmdet"} & loaded_by(imports)


def test_checkpoints_are_read_with_torch_alone():
    loaded = loaded_by("import mmvis_ext.checkpoints")
    assert "torch" in loaded
    assert not {"mmengine", "mmcv", "mmdet"} & loaded


def test_the_front_door():
    from mmvis_ext.engine.building import build_model
    from mmvis_ext.inference import VISInferencer
    from mmvis_ext.structures import VideoTracks

    assert mmvis_ext.VISInferencer is VISInferencer
    assert mmvis_ext.VideoTracks is VideoTracks
    assert mmvis_ext.build_model is build_model
    assert set(mmvis_ext.__all__) <= set(dir(mmvis_ext))
    with pytest.raises(AttributeError, match="module 'mmvis_ext' has no attribute 'VISInferrer'"):
        _ = mmvis_ext.VISInferrer
    with pytest.raises(ImportError):
        exec("from mmvis_ext import build_modle")
