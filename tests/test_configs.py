"""Every config builds, learns once and steps once on a tiny clip; every table row is a config."""

from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from mmdet.structures import DetDataSample, TrackDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.structures import InstanceData

from mmvis_ext.registry import DATASETS, MODELS
from mmvis_ext.structures.geometry import FrameGeometry

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = sorted(p for p in (ROOT / "configs").glob("*/*.py") if p.parent.name != "_base_")
TABLES = ROOT.parent / "shared" / "spec" / "tables.yaml"
H, W, T = 64, 96, 2
# rows of VisTR, a baseline of another paper
ELSEWHERE = {"e1d-t18-vistr", "e1g-vistr"}


SMALL = dict.fromkeys(("embed_dims", "in_channels", "out_channels", "conv_out_channels", "feat_channels"), 16)
SMALL |= dict(feedforward_channels=32, fc_out_channels=32, num_feats=8, num_groups=8, num_points=64)
SMALL |= dict(num_queries=4, num_stages=2, num_iterations=2, num_layers=2)


def shrink(node: Config, depth: int) -> None:
    """No more than what is ``SMALL``, in all parts of a model on a ResNet of that depth."""
    for key, value in node.items():
        if key == "in_channels" and isinstance(value, list) and depth > 18:
            node[key] = [c * (4 if depth > 50 else 1) for c in (8, 16, 32, 64)]
        elif isinstance(value, dict):
            shrink(value, depth)
        elif isinstance(value, int) and key in SMALL and "depth" not in node:
            node[key] = min(value, SMALL[key])


def shrunk(path: Path) -> Config:
    """The config with nothing fetched and little to compute; what the config is about stays."""
    cfg = Config.fromfile(path)
    parts = cfg.model.get("detector", cfg.model)
    backbone = parts.backbone
    backbone.init_cfg = parts.init_cfg = None
    shrink(cfg.model, backbone.depth)
    if backbone.depth > 18:
        backbone.base_channels = 8
    if backbone.depth == 50:
        backbone.depth = 18
    return cfg


def clips_of(cfg: Config) -> Config:
    return cfg.train_dataloader.dataset.clips


def sample(length: int, clips: int) -> TrackDataSample:
    frames = []
    for t in range(length):
        box = [10 + t, 12, 40 + t, 50]
        mask = np.zeros((1, H, W), np.uint8)
        mask[0, box[1] : box[3], box[0] : box[2]] = 1
        frame = DetDataSample(metainfo=dict(img_shape=(H, W), ori_shape=(H, W), video_id=1))
        frame.gt_instances = InstanceData(
            bboxes=torch.tensor([box], dtype=torch.float32),
            labels=torch.tensor([1]),
            instances_ids=torch.tensor([0]),
            masks=BitmapMasks(mask, H, W),
        )
        frames.append(frame)
    out = TrackDataSample(metainfo=dict(num_clips=clips))
    out.video_data_samples = frames
    return out


@pytest.fixture(autouse=True)
def scope():
    with DefaultScope.overwrite_default_scope("mmvis_ext"):
        yield


@pytest.mark.parametrize("path", CONFIGS, ids=[p.stem for p in CONFIGS])
def test_builds_learns_and_steps_once(path):
    cfg = shrunk(path)
    model = MODELS.build(cfg.model)
    model.init_weights()
    clips = clips_of(cfg).get("num_clips", 1)
    # models of single frames take what the config samples, models of clips any T
    length = clips_of(cfg).clip_len if model.window == 1 else clips * T
    losses = model.loss(torch.randn(1, length, 3, H, W), [sample(length, clips)])
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


def rows_of(meta: dict) -> dict[str, str]:
    return {row: m["Config"] for m in meta["Models"] for row in m["paper_rows"]}


def test_metafile_names_existing_configs():
    for metafile in (ROOT / "configs").glob("*/metafile.yml"):
        meta = yaml.safe_load(metafile.read_text())
        named = {m["Config"] for m in meta["Models"]}
        assert named == {str(p.relative_to(ROOT)) for p in metafile.parent.glob("*.py")}


FIGURES = dict(
    AP=("AP", "AP50", "AP75", "AR1", "AR10"),
    AP3=("AP", "AP50", "AP75"),
    COCO=("AP", "AP50", "AP75", "APs", "APm", "APl"),
    APonly=("AP",),
    AP50=("AP50",),
    FPS=("FPS",),
    JF=("JF", "J", "F"),
    JF7=("JF", "J", "J-recall", "J-decay", "F", "F-recall", "F-decay"),
)


@pytest.mark.skipif(not TABLES.exists(), reason="the papers' tables are not on this machine")
@pytest.mark.parametrize("system", ["efficientvis", "inspro", "srnet"])
def test_every_row_is_a_config_with_the_papers_figures(system):
    tables = yaml.safe_load(TABLES.read_text())[system]
    rows = {r["id"]: r for k, v in tables.items() if k != "default" for r in (v if isinstance(v, list) else [v])}
    meta = yaml.safe_load((ROOT / f"configs/{system}/metafile.yml").read_text())
    assert rows_of(meta).keys() == rows.keys() - ELSEWHERE
    for model in meta["Models"]:
        for row in model["paper_rows"]:
            for kind in FIGURES.keys() & rows[row].keys():
                figures = rows[row][kind] if isinstance(rows[row][kind], list) else [rows[row][kind]]
                assert [model["Paper"][k] for k in FIGURES[kind]] == figures, row


HEAD, CLIPS = "model.head.", "train_dataloader.dataset.clips."
PLAIN = {"model.loss_weights.dedup": 0, HEAD + "bank_length": 1}
VID = {HEAD + "num_classes": 30, HEAD + "mask_branch": None}
# what each row changes: its config has these values, and the settings of other rows that it does not name their default
CHANGES: dict[str, dict] = {
    "e1a-spatial": {HEAD + "attention": "spatial"},
    "e1a-temporal": {HEAD + "attention": "temporal"},
    "e1a-joint": {HEAD + "attention": "joint"},
    "e1a-factorised": {},
    "e1b-still": {HEAD + "temporal_conv": False},
    "e1b-temporal": {},
    "e1c-t9": {"model.clip_len": 9, CLIPS + "clip_len": 9, CLIPS + "num_clips": 2},
    "e1c-t18": {"model.clip_len": 18, CLIPS + "clip_len": 18, CLIPS + "num_clips": 2},
    "e1c-t36": {},
    "e1d-t9-handcraft": {
        "model.clip_len": 9, CLIPS + "clip_len": 9, CLIPS + "num_clips": 1, "model.linker.type": "ClipLinker",
    },
    "e1d-t9-e2e": {"model.clip_len": 9, CLIPS + "clip_len": 9, CLIPS + "num_clips": 2},
    "e1d-t18-handcraft": {
        "model.clip_len": 18, CLIPS + "clip_len": 18, CLIPS + "num_clips": 1, "model.linker.type": "ClipLinker",
    },
    "e1d-t18-e2e": {"model.clip_len": 18, CLIPS + "clip_len": 18, CLIPS + "num_clips": 2},
    "e1e-wo-cl": {"model.clip_len": 9, CLIPS + "clip_len": 9, CLIPS + "num_clips": 1},
    "e1e-cl": {"model.clip_len": 9, CLIPS + "clip_len": 9, CLIPS + "num_clips": 2},
    "e1f-shared": {HEAD + "time_shared": True},
    "e1f-disentangled": {},
    "e1g-none": {},
    "e1g-ms": {"multi-scale": True},
    "e1h-original": {"model.clip_len": 9, CLIPS + "clip_len": 9, CLIPS + "num_clips": 2},
    "e1h-1p5fps": {
        "model.clip_len": 9, CLIPS + "clip_len": 9, CLIPS + "num_clips": 2, "test_dataloader.dataset.fps": 1.5,
    },
    "e2-r50": {},
    "e2-r50-ms": {"multi-scale": True},
    "e2-r101": {"model.backbone.depth": 101},
    "e2-r101-ms": {"model.backbone.depth": 101, "multi-scale": True},
    "e3-r50": {"data": "youtube_vis_2021", CLIPS + "num_clips": 2},
    "e5-0p2fps": {
        "model.clip_len": 9, CLIPS + "clip_len": 9, CLIPS + "num_clips": 2, "test_dataloader.dataset.fps": 0.2,
    },
    "i1": {},
    "i1-lite": {"model.type": "InsProLite", "model.key_interval": 10, CLIPS + "clip_len": 5},
    "i1-2021": {"data": "youtube_vis_2021"},
    "i1-coco": {"images": "coco_to_youtube_vis_2019"},
    "i1-coco-2021": {"data": "youtube_vis_2021", "images": "coco_to_youtube_vis_2021"},
    "i2a-A": {**PLAIN, HEAD + "propagate": "none", "model.consistent": False},
    "i2a-B": {**PLAIN, "model.consistent": False},
    "i2a-C": PLAIN,
    "i2a-D": {**PLAIN, HEAD + "propagate": "query"},
    "i2a-E": {**PLAIN, HEAD + "propagate": "proposal"},
    "i2b-wo-bdl": PLAIN,
    "i2b-bdl": {HEAD + "bank_length": 1},
    "i2c-t1": {HEAD + "bank_length": 1},
    "i2c-t9": {HEAD + "bank_length": 9},
    "i2c-t18": {},
    "i2c-t27": {HEAD + "bank_length": 27},
    "i2c-t36": {HEAD + "bank_length": 36},
    "i2d-tracking-by-detection": {
        **PLAIN, "model.type": "InsProByDetection", HEAD + "propagate": "none", "model.consistent": False,
    },
    "i2d-propagation": PLAIN,
    "i2e-track-and-detect": {"model.type": "InsProTrackAndDetect", HEAD + "bank_length": 1},
    "i2e-united": {HEAD + "bank_length": 1},
    "i3-k1": {},
    "i3-k5": {"model.type": "InsProLite", "model.key_interval": 5, CLIPS + "clip_len": 5},
    "i3-k10": {"model.type": "InsProLite", "model.key_interval": 10, CLIPS + "clip_len": 5},
    "i3-k15": {"model.type": "InsProLite", "model.key_interval": 15, CLIPS + "clip_len": 5},
    "i4-ovis": {"data": "ovis", HEAD + "num_classes": 25},
    "i5-coco": {"data": "coco", HEAD + "num_classes": 80, HEAD + "bank_length": 1, CLIPS + "clip_len": 1},
    "i6a-vid-r101": {"data": "imagenet", **VID, "model.backbone.depth": 101},
    "i6b-A": {"data": "imagenet", **VID, **PLAIN, HEAD + "propagate": "none", "model.consistent": False},
    "i6b-B": {"data": "imagenet", **VID, **PLAIN, "model.consistent": False},
    "i6b-C": {"data": "imagenet", **VID, **PLAIN},
    "i6c-b0": {"data": "imagenet", **VID, **PLAIN},
    **{
        f"i6c-b{100 * beta:03.0f}": {
            "data": "imagenet", **VID, HEAD + "bank_length": 1, "model.loss_weights.beta": beta,
        }
        for beta in (0.08, 0.1, 0.15, 0.2, 0.25)
    },
    **{
        f"i6d-{i}": {"data": "imagenet", **VID, HEAD + "bank_length": length}
        for i, length in enumerate((6, 12, 18, 24, 30, 36), 1)
    },
    "s1-dice": {"model.iou_loss": "dice"},
    "s1-lovasz": {},
    "s2-baseline": {},
    "s2-wo-heatmap": {"model.heatmap": False},
    "s2-wo-temporal": {"model.temporal": False},
    "s2-wo-extra-dims": {HEAD + "extra_bandwidths": ()},
    "s2-wo-synthesized": {"train_dataloader.dataset.type": "DAVISUnsupervisedDataset"},
    "s3-r50": {"model.backbone.depth": 50},
    "s3-r101": {},
    "s4-davis": {},
    "s5-ytvis": {"data": "youtube_vis_2019", HEAD + "num_classes": 40, "images": "coco_to_youtube_vis_2019"},
}  # fmt: skip
DEFAULTS = {
    "efficientvis": "efficientvis_r50_ytvis2019",
    "inspro": "inspro_r50_ytvis2019",
    "srnet": "srnet_r101_davis2019",
}


def setting(cfg: Config, key: str) -> object:
    """A value of a config by its dotted key, or one of three things that several settings make up."""
    dataset = cfg.train_dataloader.dataset
    images = dataset.get("datasets", {}).get("images")
    if key == "data":
        return cfg.test_dataloader.dataset.data_root.strip("/").split("/")[-1]
    if key == "multi-scale":
        return "RandomChoiceResize" in str(dataset)
    if key == "images":
        return images.get("class_map") if images else None
    for part in key.split("."):
        cfg = cfg.get(part) if isinstance(cfg, dict | Config) else None
    return cfg


@pytest.mark.skipif(not TABLES.exists(), reason="the papers' tables are not on this machine")
@pytest.mark.parametrize("system", DEFAULTS)
def test_a_rows_config_changes_what_the_row_says_and_nothing_else(system):
    meta = yaml.safe_load((ROOT / f"configs/{system}/metafile.yml").read_text())
    default = Config.fromfile(ROOT / f"configs/{system}/{DEFAULTS[system]}.py")
    keys = {key for row, changes in CHANGES.items() if row[0] == system[0] for key in changes}
    for row, path in rows_of(meta).items():
        cfg = Config.fromfile(ROOT / path)
        for key in keys:
            expected = CHANGES[row].get(key, setting(default, key))
            assert setting(cfg, key) == expected, f"{row}: {key}"
