"""What tests build on: small, seeded, and not trivial."""

import torch
from mmengine.dataset import pseudo_collate
from mmengine.registry import DefaultScope

from mmvis_ext.checkpoints import read_checkpoint
from mmvis_ext.engine.checkpoints import check_fit
from mmvis_ext.registry import DATASETS
from mmvis_ext.testing import tiny_checkpoint, tiny_config, tiny_dataset, tiny_model


def test_overrides_reach_their_place(tmp_path):
    cfg = tiny_config(tmp_path, model__clip_len=7, model__head__num_queries=2)
    assert cfg.model.clip_len == 7
    assert cfg.model.head.num_queries == 2
    assert cfg.train_dataloader.dataset.data_root == cfg.test_dataloader.dataset.data_root == str(tmp_path)


def test_weights_follow_the_seed_and_leave_the_generators_alone():
    state = torch.get_rng_state()
    cfg = tiny_config()
    one, same, other = (tiny_model(cfg, seed).state_dict() for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(one[k], same[k]) for k in one)
    assert any(not torch.equal(one[k], other[k]) for k in one)
    assert sum(v.numel() for v in one.values()) < 200_000


def test_checkpoint_fits_its_config(tmp_path):
    cfg = tiny_config()
    path = tiny_checkpoint(tmp_path / "tiny.pth", cfg)
    check_fit(path, tiny_model(cfg, 3))
    meta = read_checkpoint(path)["meta"]["dataset_meta"]
    assert [c["name"] for c in meta["categories"]] == list(meta["classes"])


def test_predictions_are_not_trivial(tmp_path):
    """Some slots are visible, some are not in every frame, and no two are alike."""
    cfg = tiny_config(tiny_dataset(tmp_path / "tiny"))
    with DefaultScope.overwrite_default_scope("mmvis_ext"):
        dataset = DATASETS.build(cfg.test_dataloader.dataset)
    model = tiny_model(cfg)
    (sample,) = model.predict(**model.data_preprocessor(pseudo_collate([dataset[0]]), False))
    masks = [t.segmentations for t in sample.pred_tracks]
    assert len(masks) > 1
    assert any(s is None for m in masks for s in m)
    assert masks[0] != masks[1]
