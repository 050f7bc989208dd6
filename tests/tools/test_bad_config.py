"""A broken config, option or place for the result ends with one sentence before anything is computed."""

import pytest
from mmengine.config import Config
from running import assert_one_sentence, call

from mmvis_ext.testing import tiny_checkpoint, tiny_config

SWEEP, FLOPS = "analysis_tools/sweep.py", "analysis_tools/get_flops.py"
BENCHMARK, BROWSE = "analysis_tools/benchmark.py", "analysis_tools/browse_dataset.py"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return tiny_checkpoint(tmp_path_factory.mktemp("weights") / "tiny.pth", tiny_config())


@pytest.fixture
def test(data, write_config, checkpoint, tmp_path):
    """Test the tiny model with some options of the tool."""

    def run(*options, config=None):
        return call("test.py", config or write_config(data), checkpoint, "--work-dir", tmp_path / "w", *options)

    return run


@pytest.mark.parametrize("key", ["test_evaluator", "test_dataloader", "model"])
@pytest.mark.parametrize("options", [(), ("--out", "x.zip")])
def test_a_missing_part(key, options, data, write_config, test, tmp_path, capfd):
    path = write_config(data)
    cfg = Config.fromfile(path)
    cfg.pop(key)
    cfg.dump(path)
    options = [str(tmp_path / o) if o == "x.zip" else o for o in options]
    assert test(*options, config=path) == 1
    assert_one_sentence(capfd, "tiny.py", key)


def test_a_config_that_only_trains(data, write_config, test, capfd):
    path = write_config(data)
    cfg = Config.fromfile(path)
    for key in ("test_evaluator", "test_dataloader", "test_cfg"):
        cfg.pop(key)
    cfg.dump(path)
    assert test(config=path) == 1
    assert_one_sentence(capfd, "has no test_dataloader and no test_cfg and no test_evaluator, which testing needs")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.py", "x = nosuch\n", "NameError: name 'nosuch'"),
        ("a.py", "x = 1 / 0\n", "ZeroDivisionError"),
        ("a.py", "x = (\n", "SyntaxError"),
        ("a.json", "[1, 2]", "cannot be read"),
        ("a.json", "{", "cannot be read"),
        ("a.txt", "x = 1\n", "cannot be read"),
    ],
)
def test_a_config_that_cannot_be_read(name, content, said, test, tmp_path, capfd):
    (tmp_path / name).write_text(content)
    assert test(config=tmp_path / name) == 1
    assert_one_sentence(capfd, str(tmp_path / name), said)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("foo", "--cfg-options foo: write KEY=VALUE"),
        ("=3", "write KEY=VALUE"),
        ("model.clip_len=[1,(2]", "the brackets of this value do not match"),
        ("model.clip_len.deep=1", "model.clip_len.deep=1 does not go with the config"),
        ("model.nosuch=1", "its model cannot be built (TypeError: VideoModel.__init__() got an unexpected"),
        ("model.head.attention=foo", "Attention mode 'foo' is unknown"),
        ("model.type=Foo", "Foo is not in the mmvis_ext::model registry"),
        ("default_hooks.logger.type=Foo", "its runner cannot be built (KeyError: Foo is not in"),
        ("test_dataloader.dataset.foo=1", "its test_dataloader, test_cfg or test_evaluator cannot be built"),
    ],
)
def test_an_option_that_makes_no_sense(option, said, test, capfd):
    assert test("--cfg-options", option) == 1
    assert_one_sentence(capfd, said)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("optim_wrapper.optimizer.lrr=1", "its optim_wrapper cannot be built"),
        ("param_scheduler.0.type=Foo", "its param_scheduler cannot be built"),
        ("train_dataloader.dataset.foo=1", "its train_dataloader or train_cfg cannot be built"),
    ],
)
def test_what_only_training_builds(option, said, data, write_config, tmp_path, capfd):
    options = ("--work-dir", tmp_path / "w", "--cfg-options", option)
    assert call("train.py", write_config(data), *options) == 1
    assert_one_sentence(capfd, said)


@pytest.mark.parametrize("named", ["no/such.pth", "torchvision://no_such_model"])
def test_weights_that_an_init_cfg_names_and_that_are_not_there(named, data, write_config, tmp_path, capfd):
    pretrained = dict(type="Pretrained", checkpoint=named, _delete_=True)
    config = write_config(data, model__backbone__init_cfg=pretrained)
    assert call("train.py", config, "--work-dir", tmp_path / "w") == 1
    assert_one_sentence(capfd, "such.pth" if "such.pth" in named else "init_cfg")


def test_the_other_tools_say_the_same(data, write_config, checkpoint, tmp_path, capfd):
    config, work = write_config(data), ("--work-dir", tmp_path / "w")
    assert call(SWEEP, config, checkpoint, "model.nosuch", "1", *work) == 1
    assert_one_sentence(capfd, "unexpected keyword argument 'nosuch'")
    assert call(FLOPS, config, "--cfg-options", "model.nosuch=1") == 1
    assert_one_sentence(capfd, "unexpected keyword argument 'nosuch'")
    broken = ("--cfg-options", "train_dataloader.dataset.foo=1")
    assert call(BROWSE, config, "--out", tmp_path / "b", *broken) == 1
    assert_one_sentence(capfd, "its train_dataloader.dataset cannot be built")


@pytest.mark.parametrize("place", ["folder", "file/below", "file/far/below"])
def test_a_place_that_cannot_be_written_is_found_first(place, data, write_config, checkpoint, test, tmp_path, capfd):
    (tmp_path / "folder.zip").mkdir()
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "file").write_text("")
    config = write_config(data)
    assert test("--out", tmp_path / f"{place}.zip") == 1
    assert_one_sentence(capfd, "folder" if place == "folder" else "file")
    out = ("--json", tmp_path / f"{place}.json")
    # neither the checkpoint nor the model of a missing config is looked at before
    assert call(SWEEP, config, tmp_path / "no.pth", "model.visible_thr", "1", *out) == 1
    assert_one_sentence(capfd, "folder" if place == "folder" else "file")
    assert call(BENCHMARK, tmp_path / "no.py", "--device", "cpu", *out) == 1
    assert_one_sentence(capfd, "folder" if place == "folder" else "file")
