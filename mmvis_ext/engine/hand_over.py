"""How the workers of a data loader hand their batches over."""

import io
import pickle
from multiprocessing.reduction import ForkingPickler
from typing import Any

import torch
from mmengine.dataset import pseudo_collate
from torch import Tensor

__all__ = ["WorkerBatch", "collate"]

SMALL = 2**18  # bytes; tensors of twice to four times as many are as fast in shared memory, larger ones faster
PLAIN = {torch.uint8, torch.bool, torch.int32, torch.int64, torch.float32}  # those of samples, all known to NumPy


class WorkerBatch(dict):
    """A batch whose small tensors travel with it, as bytes; the process that gets it from a worker has a plain dict.

    torch hands each tensor of a worker over in shared memory, by a connection of its own. That takes about as long for
    a label as for a picture, and a batch of clips has many labels, ids and boxes.
    """

    def __reduce__(self) -> tuple:
        buffer = io.BytesIO()
        _Pickler(buffer, pickle.HIGHEST_PROTOCOL).dump(dict(self))
        return pickle.loads, (buffer.getvalue(),)


def collate(samples: list) -> Any:
    """mmengine's ``pseudo_collate``, which keeps samples in lists; a dict of them is a :class:`WorkerBatch`."""
    batch = pseudo_collate(samples)
    return WorkerBatch(batch) if isinstance(batch, dict) else batch


class _Pickler(ForkingPickler):
    def reducer_override(self, part: Any) -> Any:
        if type(part) is Tensor and part.dtype in PLAIN and part.nbytes <= SMALL and not part.requires_grad:
            return torch.from_numpy, (part.numpy(),)
        return NotImplemented
