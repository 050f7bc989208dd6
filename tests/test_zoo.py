"""The model zoo: metafiles in the form of OpenMMLab's model index, and the READMEs' tables, which are made of them."""

import re
import shutil
from pathlib import Path

import pytest
import torch
import yaml
from mmengine.config import Config
from mmengine.registry import DefaultScope
from running import call
from torchvision_stand_in import needs_timm, timm_or_skip

from mmvis_ext.registry import MODELS

ROOT = Path(__file__).resolve().parents[1]
TOOL = "analysis_tools/zoo_tables.py"
FOLDERS = sorted(path.parent for path in (ROOT / "configs").glob("*/metafile.yml"))
METAFILES = {folder.name: yaml.safe_load((folder / "metafile.yml").read_text()) for folder in FOLDERS}
EVERY = pytest.mark.parametrize("system", METAFILES)
MODELS_OF_ALL = [model for metafile in METAFILES.values() for model in metafile["Models"]]
EVERY_MODEL = pytest.mark.parametrize("model", MODELS_OF_ALL, ids=[model["Name"] for model in MODELS_OF_ALL])

# keys of OpenMMLab's model index, each with whether it must be there
COLLECTION = {"Name": True, "Metadata": True, "Paper": True, "README": True, "Code": False}
MODEL = {"Name": True, "In Collection": True, "Config": True, "Metadata": True, "Results": True, "Weights": False}
RESULT = {"Task": True, "Dataset": True, "Metrics": True}
METADATA = {"Training Data", "Training Techniques", "Training Resources", "Training Memory (GB)", "Training Time",
            "Architecture", "Epochs", "Iterations", "Parameters", "FLOPs"}  # fmt: skip
METRICS = {
    "Video Instance Segmentation": {"AP", "AP50", "AP75", "AR1", "AR10"},
    "Video Object Detection": {"AP", "AP50", "AP75", "AR1", "AR10"},
    "Video Object Segmentation": {"J&F", "J", "F", "J-recall", "J-decay", "F-recall", "F-decay"},
}


def check_keys(node: dict, known: dict[str, bool], documented: str = "") -> None:
    """All keys that must be there are, and no others, but for own keys that the head of the metafile explains."""
    assert {key for key, needed in known.items() if needed} <= node.keys()
    for key in node.keys() - known.keys():
        assert key.islower(), f"{key}: a key of one's own is in lower case"
        assert f"#   {key}: " in documented, f"{key}: not explained at the head of the metafile"


def check_metadata(metadata: dict) -> None:
    assert metadata.keys() <= METADATA
    for key, value in metadata.items():
        if key in ("Epochs", "Iterations", "Parameters", "FLOPs"):
            assert isinstance(value, int), key
            assert value > 0, key
        else:  # OpenMMLab's tools look at the first item of a list
            assert value, key
            assert all(isinstance(item, str) for item in (value if isinstance(value, list) else [value])), key


@EVERY
def test_collections_are_well_formed(system):
    text = (ROOT / "configs" / system / "metafile.yml").read_text()
    for collection in METAFILES[system]["Collections"]:
        check_keys(collection, COLLECTION, text)
        check_metadata(collection["Metadata"])
        assert collection["README"] == f"configs/{system}/README.md"
        assert (ROOT / collection["README"]).is_file()
        assert collection["Paper"].keys() == {"Title", "URL"}
        assert re.fullmatch(r"https://[a-z.]+/[\w./-]+", collection["Paper"]["URL"])


@EVERY
def test_models_are_well_formed(system):
    text = (ROOT / "configs" / system / "metafile.yml").read_text()
    collections = {collection["Name"] for collection in METAFILES[system]["Collections"]}
    for model in METAFILES[system]["Models"]:
        check_keys(model, MODEL, text)
        check_metadata(model["Metadata"])
        assert model["In Collection"] in collections
        assert re.fullmatch(r"https://\S+\.pth", model.get("Weights", "https://x.pth"))


@EVERY
def test_results_are_our_own_figures(system):
    """A public data set has none yet; the papers' figures are not among what OpenMMLab's tools read."""
    for model in METAFILES[system]["Models"]:
        for result in model["Results"]:
            check_keys(result, RESULT)
            assert result["Dataset"] == model["tested_on"]
            assert result["Dataset"] in ("ShapesVIS mini", "DAVIS 2016")
            assert result["Metrics"]
            assert result["Metrics"].keys() <= METRICS[result["Task"]]
            assert all(isinstance(value, float) and 0 <= value <= 100 for value in result["Metrics"].values())
            assert not model.get("paper_figures"), "the papers know neither"


@EVERY
def test_a_metafile_names_every_config_once(system):
    models = METAFILES[system]["Models"]
    named = [m["Config"] for m in models]
    assert sorted(named) == sorted(str(p.relative_to(ROOT)) for p in (ROOT / "configs" / system).glob("*.py"))
    assert [m["Name"] for m in models] == [Path(n).stem for n in named]


@EVERY_MODEL
def test_metadata_is_that_of_the_configs(model):
    cfg, metadata = Config.fromfile(ROOT / model["Config"]), model["Metadata"]
    if needs_timm(cfg):
        timm_or_skip()
    parts = cfg.model.get("detector", cfg.model)
    # transformers compute with values when they are built, which meta tensors do not have
    device = "meta" if "ResNet" in parts.backbone.type else "cpu"
    with DefaultScope.overwrite_default_scope("mmvis_ext"), torch.device(device):
        built = MODELS.build(cfg.model)
    assert metadata["Parameters"] == sum(p.numel() for p in built.parameters())
    lengths = (metadata.get("Epochs"), metadata.get("Iterations"))
    assert lengths == (cfg.train_cfg.get("max_epochs"), cfg.train_cfg.get("max_iters"))


def test_the_model_index_names_every_metafile():
    index = yaml.safe_load((ROOT / "model-index.yml").read_text())
    assert index == dict(Import=[f"configs/{system}/metafile.yml" for system in METAFILES])
    names = [model["Name"] for meta in METAFILES.values() for model in meta["Models"]]
    assert len(names) == len(set(names))


def test_the_readmes_are_what_the_metafiles_say(capsys):
    assert call(TOOL, "--check") == 0, capsys.readouterr().err


@EVERY
def test_a_readme_speaks_of_every_model(system):
    readme = (ROOT / "configs" / system / "README.md").read_text()
    for name in (model["Name"] for model in METAFILES[system]["Models"]):
        assert f"[{name}]({name}.py)" in readme, name
    outside = re.sub(r"<!-- zoo\n.*?<!-- end of zoo -->", "", readme, flags=re.DOTALL)
    assert "|---" not in outside, "every table is made of the metafile"


@pytest.fixture
def zoo(tmp_path):
    """A folder with README and metafile that a test may change."""
    for name in ("README.md", "metafile.yml"):
        shutil.copy(ROOT / "configs" / "srnet" / name, tmp_path)
    return tmp_path


def test_a_changed_figure_is_found_and_written(zoo, capsys):
    metafile, readme = zoo / "metafile.yml", zoo / "README.md"
    before = readme.read_text()
    assert "J&F: 76.2" in metafile.read_text()
    metafile.write_text(metafile.read_text().replace("J&F: 76.2", "J&F: 12.3"))
    assert call(TOOL, "--check", zoo) == 1
    assert "a table is not what the metafile says" in capsys.readouterr().err
    assert readme.read_text() == before
    assert call(TOOL, zoo) == 0
    assert readme.read_text() == before.replace("| 76.2 |", "| 12.3 |")
    assert call(TOOL, "--check", zoo) == 0


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("<!-- end of zoo -->", "", "a table has no start or no end"),
        ('models: "*_ytvis2019"', 'models: "*_ytvis2020"', "no model of the metafile is named *_ytvis2020"),
        ("J: Results.J,", "J: Results.K,", "column 'J' of a table is empty; correct its place, Results.K"),
        ('models: "*_ytvis2019"', "", "the settings of a table are not understood"),
    ],
)
def test_a_readme_that_asks_for_the_impossible(old, new, said, zoo, capsys):
    readme = zoo / "README.md"
    assert old in readme.read_text()
    readme.write_text(readme.read_text().replace(old, new, 1))
    assert call(TOOL, zoo) == 1
    err = capsys.readouterr().err
    assert err.startswith(f"error: {readme}: ")
    assert said in err


def test_a_folder_without_a_metafile(tmp_path, capsys):
    (tmp_path / "README.md").write_text("")
    assert call(TOOL, tmp_path) == 1
    assert "metafile.yml: no such file" in capsys.readouterr().err
