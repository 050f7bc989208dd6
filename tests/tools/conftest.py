import shutil

import pytest

from mmvis_ext.testing import tiny_config, tiny_dataset


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """ShapesVIS tiny; not to be changed."""
    return tiny_dataset(tmp_path_factory.mktemp("data") / "tiny")


@pytest.fixture
def own_data(data, tmp_path):
    """A copy that a test may break."""
    return shutil.copytree(data, tmp_path / "data")


@pytest.fixture
def write_config(tmp_path):
    """Write the tiny config for a data root to a file."""

    def write(root, **overrides):
        cfg = tiny_config(root, **overrides)
        cfg.custom_imports = None
        path = tmp_path / "tiny.py"
        cfg.pop("custom_imports")
        cfg.dump(path)
        return path

    return write
