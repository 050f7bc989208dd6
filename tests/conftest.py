"""What every test shares: one thread, a fixed start of the random generators, and no GPU tests without a GPU."""

import ast
import gc
import logging
import random

import mutants
import numpy as np
import pytest
import torch
from mmengine.logging import MMLogger
from yapf.yapflib import yapf_api

pytest_plugins = ["as_on_gpu", "small_data_sets", "small_figures"]

torch.set_num_threads(1)


def only_parsed(text: str, **options) -> tuple[str, bool]:
    """In place of yapf's formatting of configs, which takes longer than the rest of a tiny training."""
    ast.parse(text)
    return text, False


yapf_api.FormatCode = only_parsed


def pytest_addoption(parser) -> None:
    parser.addoption("--fuzz", type=int, metavar="N", help="try N mutants of each kind of file, other ones each time")


def pytest_configure(config) -> None:
    mutants.number = config.getoption("--fuzz")


def pytest_collection_finish() -> None:
    """What is imported and collected stays, and mmengine collects garbage whenever it builds a data set."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items) -> None:
    if not torch.cuda.is_available():
        for item in items:
            if item.get_closest_marker("gpu"):
                item.add_marker(pytest.mark.skip(reason="needs a CUDA device"))


@pytest.fixture(autouse=True)
def same_random_numbers() -> None:
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


@pytest.fixture
def log(caplog):
    """mmengine's logger writes to the console alone; a handler makes its lines visible."""
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    caplog.set_level(logging.INFO, logger=logger.name)
    yield caplog
    logger.removeHandler(caplog.handler)
