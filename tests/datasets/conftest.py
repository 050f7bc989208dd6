"""Names resolve in these tests as in a config."""

from collections.abc import Iterator

import pytest
from mmengine.registry import DefaultScope


@pytest.fixture(autouse=True)
def default_scope() -> Iterator[None]:
    with DefaultScope.overwrite_default_scope("mmvis_ext"):
        yield
