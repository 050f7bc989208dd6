"""Runs of several processes."""

import os

import torch
import torch.distributed as dist
from forked import two_processes
from mmengine.hooks import SyncBuffersHook
from torch.nn import BatchNorm2d, SyncBatchNorm

from mmvis_ext.engine.launch import build_runner
from mmvis_ext.testing import tiny_config

INSPRO = "inspro/inspro_small_shapesvis-mini.py"


def norms(model):
    return [module for module in model.modules() if isinstance(module, BatchNorm2d) and module.weight.requires_grad]


def _one_process(rank, world_size, folder):
    os.environ["LOCAL_RANK"] = str(rank)
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=world_size)
    cfg = tiny_config(name=INSPRO, work_dir=folder, launcher="pytorch")
    cfg.model.head.mask_branch.norm_cfg = dict(type="BN")
    runner = build_runner(cfg)
    assert not any(isinstance(module, SyncBatchNorm) for module in runner.model.modules()), "it needs a GPU"
    assert norms(runner.model)
    before = {name: buffer.clone() for name, buffer in runner.model.named_buffers()}
    for norm in norms(runner.model):
        norm.running_mean.fill_(rank)
        norm.running_var.fill_(1 + 2 * rank)
        norm.num_batches_tracked.fill_(3)
    (sync,) = (hook for hook in runner.hooks if isinstance(hook, SyncBuffersHook))
    sync.after_train_epoch(runner)
    for norm in norms(runner.model):
        assert torch.equal(norm.running_mean, torch.full_like(norm.running_mean, 0.5))
        assert torch.equal(norm.running_var, torch.full_like(norm.running_var, 2.0))
        assert norm.num_batches_tracked == 3
    own = {id(buffer) for norm in norms(runner.model) for buffer in norm.buffers()}
    for name, buffer in runner.model.named_buffers():
        assert id(buffer) in own or torch.equal(buffer, before[name]), name
    dist.destroy_process_group()


def test_processes_on_cpus_share_running_statistics(tmp_path):
    two_processes(_one_process, str(tmp_path))


def test_gpus_share_batch_statistics():
    """mmengine converts the model with the config's ``sync_bn`` when several processes train."""
    assert tiny_config(name=INSPRO).sync_bn == "torch"
