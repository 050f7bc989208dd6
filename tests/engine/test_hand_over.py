"""What a worker hands over is what it made."""

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmengine.structures import InstanceData
from torch.utils.data import Dataset

from mmvis_ext.engine import hand_over
from mmvis_ext.engine.runner import ConfigRunner

TENSORS = dict(
    frames=torch.arange(2 * 3 * 4 * 5, dtype=torch.uint8).reshape(2, 3, 4, 5),
    turned=torch.arange(6.0).reshape(2, 3).T,
    ids=torch.tensor([3, 2**31 - 1], dtype=torch.int32),
    seen=torch.tensor([True, False]),
    empty=torch.zeros(0, 4),
    number=torch.tensor(2**40),
    halves=torch.tensor([1.5, -2.0], dtype=torch.bfloat16),
    large=torch.arange(hand_over.SMALL, dtype=torch.int64),
)


class Samples(Dataset):
    """Two samples of tensors of all kinds, in a dict and in mmengine's structures."""

    def __len__(self) -> int:
        return 2

    def __getitem__(self, i: int) -> dict:
        boxes = InstanceData(bboxes=torch.full((i, 4), 7.0), labels=torch.arange(i))
        return {name: tensor.clone() for name, tensor in TENSORS.items()} | dict(
            instances=boxes, name=f"video {i}", mask=np.eye(3, dtype=bool)
        )


def loader(workers: int, **settings):
    sampler = dict(type="DefaultSampler", shuffle=False)
    return ConfigRunner.build_dataloader(
        dict(dataset=Samples(), batch_size=2, num_workers=workers, sampler=sampler) | settings
    )


@pytest.mark.parametrize("workers", [0, 1])
def test_a_batch_arrives_as_it_was_made(workers):
    (batch,) = loader(workers)
    expected = pseudo_collate([Samples()[0], Samples()[1]])
    assert list(batch) == list(expected)
    for name in TENSORS:
        for found, wanted in zip(batch[name], expected[name], strict=True):
            assert found.dtype == wanted.dtype
            assert torch.equal(found, wanted)
    assert batch["name"] == ["video 0", "video 1"]
    np.testing.assert_array_equal(batch["mask"][1], np.eye(3, dtype=bool))
    assert [len(instances) for instances in batch["instances"]] == [0, 1]
    assert torch.equal(batch["instances"][1].bboxes, torch.full((1, 4), 7.0))


@pytest.mark.filterwarnings("error:The given NumPy array is not writable")
def test_tensors_from_a_worker_can_be_changed():
    (batch,) = loader(1)
    batch["frames"][0] += 1
    assert torch.equal(batch["frames"][0], TENSORS["frames"] + 1)
    assert torch.equal(batch["frames"][1], TENSORS["frames"])


def test_small_tensors_travel_as_bytes_and_large_ones_in_shared_memory():
    """What lies in shared memory can be fetched once alone."""
    small = {name: tensor for name, tensor in TENSORS.items() if name not in ("halves", "large")}
    load, parts = hand_over.collate([small]).__reduce__()
    for _ in range(2):
        assert all(torch.equal(load(*parts)[name][0], tensor) for name, tensor in small.items())
    load, parts = hand_over.collate([dict(large=TENSORS["large"])]).__reduce__()
    assert len(parts[0]) < TENSORS["large"].nbytes / 100


def test_samples_that_are_no_dicts_are_left_alone():
    assert hand_over.collate([(1, 2), (3, 4)]) == pseudo_collate([(1, 2), (3, 4)])


def test_a_collate_function_of_the_config_is_kept():
    (batch,) = loader(0, collate_fn=dict(type="default_collate"), dataset=[torch.ones(2), torch.ones(2)])
    assert batch.shape == (2, 2)
