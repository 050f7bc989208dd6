"""Every config builds, learns once and steps once on a tiny clip; every row of the papers' tables is a config."""

import ast
import re
from pathlib import Path

import pytest
import torch
import yaml
from mmdet.structures import TrackDataSample
from mmengine.config import Config
from mmengine.registry import DefaultScope
from small_model import rectangles, video_sample
from torchvision_stand_in import needs_timm, timm_or_skip

from mmvis_ext.registry import DATASETS, MODELS
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.testing import shrink

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = sorted(p for p in (ROOT / "configs").glob("*/*.py") if p.parent.name != "_base_")
TABLES = ROOT.parent / "shared" / "spec" / "tables.yaml"
H, W, T = 64, 96, 2


def clips_of(cfg: Config) -> Config:
    return cfg.train_dataloader.dataset.clips


def sample(length: int, clips: int, label: int) -> TrackDataSample:
    """One object that moves to the right."""
    frames = (rectangles((0, label, (10 + t, 12, 40 + t, 50)), size=(H, W)) for t in range(length))
    return video_sample(*frames, size=(H, W), num_clips=clips)


@pytest.fixture(autouse=True)
def scope():
    with DefaultScope.overwrite_default_scope("mmvis_ext"):
        yield


@pytest.mark.parametrize("path", CONFIGS, ids=[p.stem for p in CONFIGS])
def test_builds_learns_and_steps_once(path):
    cfg = Config.fromfile(path)
    if needs_timm(cfg):
        timm_or_skip()
    model = MODELS.build(shrink(cfg.model))
    model.init_weights()
    clips = clips_of(cfg).get("num_clips", 1)
    # models of single frames take what the config samples, most models of clips any T
    length = model.sample_length or (clips_of(cfg).clip_len if model.window == 1 else clips * T)
    losses = model.loss(torch.randn(1, length, 3, H, W), [sample(length, clips, model.num_classes > 1)])
    total = sum(losses.values())
    assert torch.isfinite(total)
    total.backward()
    unused = [n for n, p in model.named_parameters() if p.requires_grad and p.grad is None]
    assert not unused

    model.eval()
    state = model.init_state(FrameGeometry((H, W), (H, W)))
    window = min(model.window, T)
    detections, after = model.step(torch.randn(window, 3, H, W), state)
    assert detections.scores.shape[1:] == (window, model.num_classes)
    assert type(after) is type(state)


@pytest.mark.parametrize("path", CONFIGS, ids=[p.stem for p in CONFIGS])
def test_pipelines_and_classes_resolve(path):
    cfg = Config.fromfile(path)
    for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
        for part in loader.dataset.get("datasets", {"": loader.dataset}).values():  # a mix has several
            dataset = DATASETS.build(dict(part, lazy_init=True))
            assert dataset.pipeline.transforms


@pytest.mark.parametrize("path", CONFIGS, ids=[p.stem for p in CONFIGS])
def test_leaf_configs_are_short(path):
    assert len(path.read_text().splitlines()) <= 30


def chain_length(path: Path) -> int:
    """Files on the longest way from a config through its bases, itself counted; a config of mmdet is one file."""
    found = re.search(r"^_base_ = (\[.*?\]|\S+)", path.read_text(), re.DOTALL | re.MULTILINE)
    bases = ast.literal_eval(found[1]) if found else []
    bases = [bases] if isinstance(bases, str) else bases
    return 1 + max((1 if "::" in base else chain_length(path.parent / base) for base in bases), default=0)


@pytest.mark.parametrize("path", CONFIGS, ids=[p.stem for p in CONFIGS])
def test_a_config_is_at_most_four_files_deep(path):
    assert chain_length(path) <= 4


def test_a_chain_is_counted_to_its_longest_end(tmp_path):
    for name, base in (("a", '"./b.py"'), ("b", '[\n    "./c.py",\n    "./d.py",\n]'), ("d", '"mmdet::e.py"')):
        (tmp_path / f"{name}.py").write_text(f"# {name}\n_base_ = {base}\n")
    (tmp_path / "c.py").write_text("x = 1\n")
    assert [chain_length(tmp_path / f"{name}.py") for name in "abcd"] == [4, 3, 1, 2]


def test_configs_name_the_values_of_their_bases_in_one_way():
    braces = [p.name for p in (ROOT / "configs").rglob("*.py") if re.search(r"\{\{\s*_base_", p.read_text())]
    assert not braces, "write _base_.x"


# the kinds of figures in a row of a paper's table, and the names of their values in a model's paper_figures
FIGURES = dict(
    AP=("AP", "AP50", "AP75", "AR1", "AR10"),
    AP3=("AP", "AP50", "AP75"),
    COCO=("AP", "AP50", "AP75", "APs", "APm", "APl"),
    APonly=("AP",),
    AP50=("AP50",),
    FPS=("FPS",),
    JF=("J&F", "J", "F"),
    JF7=("J&F", "J", "J-recall", "J-decay", "F", "F-recall", "F-decay"),
    params_M=("params_M",),
    flops_G=("flops_G",),
)
METAFILES = {p.parent.name: yaml.safe_load(p.read_text()) for p in sorted((ROOT / "configs").glob("*/metafile.yml"))}
ALL_MODELS = [model for meta in METAFILES.values() for model in meta["Models"]]
SYSTEMS = {c["Name"]: c for meta in METAFILES.values() for c in meta["Collections"] if "default" in c}


def rows_of(system: str) -> list[tuple[dict, dict]]:
    """The rows of the papers' tables that are of a system, each with the model that stands for it."""
    return [(row, model) for model in ALL_MODELS if model["In Collection"] == system for row in model["paper_rows"]]


def figures_of(row: dict) -> dict:
    return {key: value for key, value in row.items() if key not in ("id", "table", "changes")}


def place_of(model: dict) -> Path:
    return ROOT / model["Config"]


def test_every_system_with_rows_is_tested():
    assert {model["In Collection"] for model in ALL_MODELS if model["paper_rows"]} == SYSTEMS.keys()
    assert {"EfficientVIS", "InsPro", "SRNet", "VisTR"} <= SYSTEMS.keys()
    ids = [row["id"] for system in SYSTEMS for row, _ in rows_of(system)]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_rows_figures_are_those_of_its_model(system):
    for row, model in rows_of(system):
        for kind, figures in figures_of(row).items():
            figures = figures if isinstance(figures, list) else [figures]
            assert [model["paper_figures"].get(name) for name in FIGURES[kind]] == figures, row["id"]


def value_at(node: object, place: str) -> object:
    """What a config has at keys joined by dots, a list's items by number; ``None`` where it has nothing."""
    for part in place.split("."):
        if isinstance(node, list):
            node = node[int(part)] if int(part) < len(node) else None
        else:
            node = node.get(part) if isinstance(node, dict | Config) else None
    return list(node) if isinstance(node, tuple) else node  # YAML has no tuples


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_rows_config_changes_what_the_row_says_and_nothing_else(system):
    collection = SYSTEMS[system]
    (default,) = (Config.fromfile(place_of(m)) for m in ALL_MODELS if m["Name"] == collection["default"])
    used = {name for row, _ in rows_of(system) for name in row["changes"]}
    assert used == collection["settings"].keys()
    for row, model in rows_of(system):
        cfg = Config.fromfile(place_of(model))
        for name, places in collection["settings"].items():
            for place in [places] if isinstance(places, str) else places:
                expected = row["changes"].get(name, value_at(default, place))
                assert value_at(cfg, place) == expected, f"{row['id']}: {name}"


@pytest.mark.skipif(not TABLES.exists(), reason="the papers' tables are not on this machine")
def test_every_row_of_the_papers_tables_is_a_config():
    expected, papers = {}, yaml.safe_load(TABLES.read_text())
    for table, rows in (item for paper in ("efficientvis", "inspro", "srnet") for item in papers[paper].items()):
        if table != "default":
            number = table.removeprefix("table").replace("figure", "figure ")
            for row in rows if isinstance(rows, list) else [rows]:
                figures = {key: value for key, value in row.items() if key not in ("id", "change", "system")}
                expected[row["id"]] = (number, figures)
    assert {row["id"]: (row["table"], figures_of(row)) for system in SYSTEMS for row, _ in rows_of(system)} == expected
