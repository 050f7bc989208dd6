"""What every test shares: one thread, a fixed start of the random generators, and names that resolve as in a config."""

import random
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope

torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def same_random_numbers() -> None:
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def default_scope() -> Iterator[None]:
    with DefaultScope.overwrite_default_scope("mmvis_ext"):
        yield
