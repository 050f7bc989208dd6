"""The inferencer: the same tracks however the frames come, and sentences for what does not fit."""

import weakref
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import DefaultScope
from streamed import assert_same_tracks

from mmvis_ext.inference import VISInferencer
from mmvis_ext.inference.session import windows
from mmvis_ext.models.video_model import frame_geometry
from mmvis_ext.registry import DATASETS
from mmvis_ext.structures.stream import TrackBook
from mmvis_ext.testing import tiny_checkpoint, tiny_config, tiny_dataset, tiny_model
from mmvis_ext.utils.errors import InputError
from mmvis_ext.videos import VideoWriter, open_video

REAL = Path(__file__).resolve().parents[3] / "shared" / "real"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tiny_dataset(tmp_path_factory.mktemp("data") / "tiny")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return tiny_checkpoint(tmp_path_factory.mktemp("checkpoint") / "tiny.pth", tiny_config())


@pytest.fixture(scope="module")
def inferencer(checkpoint):
    return VISInferencer(tiny_config(), checkpoint, "cpu")


@pytest.fixture(scope="module")
def folder(data):
    return sorted((data / "val/JPEGImages").iterdir())[0]


@pytest.fixture
def frames(folder):
    return list(open_video(folder))


def test_streamed_is_whole(inferencer, frames):
    """Window by window, and the whole video given to ``predict`` at once."""
    assert len(frames) > 2 * inferencer.window
    assert len(frames) % inferencer.window
    inputs, sample = inferencer.prepare(frames)
    (whole,) = inferencer.model.predict(inputs[None], [sample])
    book = TrackBook(inferencer.model.score_reduction)
    for detections in inferencer.detections(iter(frames)):
        book.add(detections)
    streamed = book.close(0, frame_geometry(sample))
    assert len(streamed) > 0
    assert_same_tracks(streamed, whole.pred_tracks)
    assert_same_tracks(inferencer(frames), whole.pred_tracks)
    assert any(s is None for t in streamed for s in t.segmentations)


def test_frames_are_prepared_as_the_data_set_does(inferencer, data, folder):
    """The same files through the inferencer and through the config's data set are the same input."""
    with DefaultScope.overwrite_default_scope("mmvis_ext"):
        dataset = DATASETS.build(tiny_config(data).test_dataloader.dataset)
    batch = inferencer.model.data_preprocessor(pseudo_collate([dataset[0]]), False)
    inputs, sample = inferencer.prepare(list(open_video(folder)))
    assert folder.name in dataset[0]["data_samples"][0].metainfo["img_path"]
    assert torch.equal(inputs, batch["inputs"][0])
    assert sample[0].metainfo["img_shape"] == batch["data_samples"][0][0].metainfo["img_shape"] == (96, 128)
    assert sample[0].metainfo["ori_shape"] == (48, 64)


def test_file_folder_and_frames_agree(inferencer, folder, frames, tmp_path):
    assert_same_tracks(inferencer(folder), inferencer(frames))
    with VideoWriter(tmp_path / "a.mp4", 5) as video:
        for frame in frames:
            video.write(frame)
    assert_same_tracks(inferencer(str(tmp_path / "a.mp4")), inferencer(open_video(tmp_path / "a.mp4")))


def test_results_are_in_pixels_of_the_video(inferencer, frames):
    tracks = inferencer(frames, video_id="clip")
    assert (tracks.video_id, tracks.height, tracks.width, tracks.length) == ("clip", 48, 64, len(frames))
    for track in tracks:
        assert all(s["size"] == [48, 64] for s in track.segmentations if s)
        assert track.boxes.max() <= 64


def test_videos_do_not_disturb_each_other(inferencer, frames):
    alone = inferencer(frames)
    one, two = inferencer.session(), inferencer.session()
    for window in windows(frames, inferencer.window):
        one.push(window)
        two.push([frame[::-1].copy() for frame in window])
    assert_same_tracks(one.close(), alone)


def test_frames_are_not_changed(inferencer, frames):
    before = [frame.copy() for frame in frames]
    inferencer(frames)
    assert all(np.array_equal(a, b) for a, b in zip(frames, before, strict=True))


def test_frames_are_taken_only_as_needed(inferencer, frames):
    taken = []

    def live():
        for frame in frames:
            taken.append(1)
            yield frame

    stream = inferencer.stream(live())
    next(stream)
    assert len(taken) == inferencer.window


def test_no_more_frames_than_a_window_s_are_kept(inferencer, frames):
    born, most = [], 0

    def live():
        nonlocal most
        for t in range(30):
            most = max(most, sum(frame() is not None for frame in born))
            frame = np.roll(frames[0], t, axis=1)
            born.append(weakref.ref(frame))
            yield frame
            del frame

    assert inferencer(live()).length == 30
    assert most < inferencer.window
    for result in inferencer.stream(live()):
        del result
    assert most < inferencer.window, "and results are kept by whoever wants to"


def test_classes_come_from_the_checkpoint(inferencer, checkpoint, tmp_path):
    assert inferencer.classes == ("disc", "square", "triangle", "star", "cross")
    assert [c["id"] for c in inferencer.categories] == [2, 5, 7, 11, 13]
    weights = torch.load(checkpoint, weights_only=True)
    torch.save(weights["state_dict"], tmp_path / "bare.pth")
    bare = VISInferencer(tiny_config(), tmp_path / "bare.pth", "cpu")
    assert bare.classes[1] == "class 1"
    assert bare.categories[1] == dict(id=2, name="class 1")
    weights["meta"]["dataset_meta"]["classes"] = ("one",)
    torch.save(weights, tmp_path / "few.pth")
    with pytest.raises(InputError, match=r"few.pth: names 1 classes but has weights for 5"):
        VISInferencer(tiny_config(), tmp_path / "few.pth", "cpu")


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (np.zeros((48, 64), np.uint8), r"frame 1: expected an RGB array .* not uint8 \(48, 64\)"),
        (np.zeros((48, 64, 3), np.float32), "frame 1: expected an RGB array .* not float32"),
        ("a.jpg", "frame 1: .* not str"),
        (np.zeros((40, 64, 3), np.uint8), "frame 1: has 64x40 pixels but the video began with 64x48"),
    ],
)
def test_bad_frames_are_named(inferencer, frames, bad, said):
    with pytest.raises(InputError, match=said):
        inferencer([frames[0], bad])


def test_no_frames(inferencer, tmp_path):
    with pytest.raises(InputError, match="no frames"):
        inferencer([])
    assert list(inferencer.stream([])) == []
    with pytest.raises(InputError, match="no such video"):
        inferencer(tmp_path / "none.mp4")


def test_a_window_is_neither_empty_nor_too_long(inferencer, frames):
    for window in ([], frames[: inferencer.window + 1]):
        with pytest.raises(ValueError, match="1 to 3 frames"):
            inferencer.session().push(window)


def test_what_does_not_belong_together_is_said(checkpoint, tmp_path):
    with pytest.raises(InputError, match=r"none.py: no such config"):
        VISInferencer(tmp_path / "none.py", checkpoint, "cpu")
    with pytest.raises(InputError, match=r"none.pth: no such checkpoint"):
        VISInferencer(tiny_config(), tmp_path / "none.pth", "cpu")
    with pytest.raises(InputError, match="5 classes and the config 7"):
        VISInferencer(tiny_config(model__head__num_classes=7), checkpoint, "cpu")
    with pytest.raises(InputError, match="belongs to another model"):
        VISInferencer(tiny_config(model__head__num_iterations=3), checkpoint, "cpu")
    with pytest.raises(InputError, match="'tpu3' cannot be used"):
        VISInferencer(tiny_config(), checkpoint, "tpu3")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (dict(model=dict(type="NoSuchModel")), "model cannot be built .*NoSuchModel"),
        (dict(model=dict(no_such_argument=1)), "model cannot be built .*no_such_argument"),
        (dict(test_dataloader=dict(dataset=dict(pipeline=[dict(type="NoStep")]))), "pipeline cannot be built .*NoStep"),
    ],
)
def test_broken_configs(checkpoint, change, said):
    cfg = tiny_config()
    cfg.merge_from_dict(change)
    with pytest.raises(InputError, match=said):
        VISInferencer(cfg, checkpoint, "cpu")


def test_configs_that_lack_something(checkpoint):
    with pytest.raises(InputError, match=r"model cannot be built .*model"):
        VISInferencer(Config({}), checkpoint, "cpu")
    cfg = tiny_config()
    cfg.pop("test_dataloader")
    with pytest.raises(InputError, match="test_dataloader"):
        VISInferencer(cfg, checkpoint, "cpu")


def test_another_window_needs_no_other_weights(checkpoint, frames):
    inferencer = VISInferencer(tiny_config(model__clip_len=5), checkpoint, "cpu")
    assert inferencer.window == 5
    assert inferencer(frames).length == len(frames)


def test_weights_are_those_of_the_checkpoint(inferencer):
    expected = tiny_model(tiny_config()).state_dict()
    assert all(torch.equal(v, expected[k]) for k, v in inferencer.model.state_dict().items())
    assert not inferencer.model.training


@pytest.mark.skipif(not (REAL / "demo.mp4").exists(), reason="needs the real video demo.mp4")
def test_a_real_video(inferencer):
    tracks = inferencer(REAL / "demo.mp4")
    assert (tracks.length, tracks.height, tracks.width) == (8, 1080, 1920)


def test_a_device_without_numbers_is_refused(checkpoint, data):
    with pytest.raises(InputError, match="device 'meta' cannot be used"):
        VISInferencer(tiny_config(data), checkpoint, "meta")


def test_a_frame_that_is_a_line_is_refused(inferencer):
    with pytest.raises(InputError, match="frame 0: 16384x1 pixels are no frame"):
        inferencer([np.zeros((1, 16384, 3), np.uint8)])
