"""Targets of several frames."""

import torch

from mmvis_ext.models.dense import DenseTargets
from mmvis_ext.models.dense.targets import join


def of_frames(frames: list[int], total: int) -> DenseTargets:
    n = len(frames)
    return DenseTargets(
        torch.tensor(frames, dtype=torch.int64), torch.rand(n, 4, 6) < 0.5, torch.arange(n), torch.rand(n, 2),
        torch.rand(n) < 0.5, torch.rand(total, 4, 6) < 0.5, torch.rand(total),
    )  # fmt: skip


def test_joined_targets_count_their_frames_on():
    parts = [of_frames([0, 0, 1], 2), of_frames([], 1), of_frames([1], 2)]
    found = join(parts)
    assert found.frame.tolist() == [0, 0, 1, 4]
    for name in ("masks", "labels", "before", "was_there", "known", "weight"):
        assert torch.equal(getattr(found, name), torch.cat([getattr(part, name) for part in parts])), name
    assert all(torch.equal(a, b) for a, b in zip(join(parts[:1]), parts[0], strict=True))


def test_targets_move_to_a_device():
    assert {part.device.type for part in of_frames([0], 1).to(torch.device("meta"))} == {"meta"}
