"""The command export, and the example that streams a video through its file."""

import functools
import json
import runpy
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmvis_ext.export import FORMATS
from mmvis_ext.inference import VISInferencer
from mmvis_ext.structures.rle import decode
from mmvis_ext.testing import tiny_checkpoint, tiny_config

pytest.importorskip("onnxscript")
onnxruntime = pytest.importorskip("onnxruntime")

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/onnx_stream.py"
SIZE = (48, 64)  # of the network; the video is larger
OBJECTS = 20  # most that a step shows
CONFIGS = {
    "efficientvis": "efficientvis/efficientvis_small_shapesvis-mini.py",
    "inspro-lite": "inspro/inspro-lite_small_shapesvis-mini.py",
    "srnet": "srnet/srnet_small_shapesvis-mini.py",
}


def write(folder: Path, name: str) -> tuple[Path, Path]:
    """Write a tiny config and its checkpoint; returns both paths."""
    cfg = tiny_config(name=CONFIGS[name])
    if name == "srnet":
        cfg.model.update(max_instances=3, min_score=0.0)
    for transform in cfg.test_dataloader.dataset.pipeline[0].transforms:
        if "scale" in transform:
            transform.scale = SIZE[::-1]
    cfg.dump(folder / "tiny.py")
    return folder / "tiny.py", tiny_checkpoint(folder / "tiny.pth", cfg)


@pytest.fixture
def tiny(tmp_path):
    """Writes a tiny config and its checkpoint; returns both paths."""
    return lambda name="srnet": write(tmp_path, name)


@pytest.fixture(scope="module")
def folder_of(tmp_path_factory):
    """The folder of a model's files."""
    return functools.cache(tmp_path_factory.mktemp)


@pytest.fixture
def exported(folder_of, mmvis):
    """Exports a tiny model, once for all tests; returns config, checkpoint and the ONNX file."""

    def export(name: str) -> tuple[Path, Path, Path]:
        folder = folder_of(name)
        config, checkpoint, out = folder / "tiny.py", folder / "tiny.pth", folder / "m.onnx"
        if not out.exists():
            write(folder, name)
            size = f"{SIZE[1]}x{SIZE[0]}"
            code, said, error = mmvis("export", config, checkpoint, "--size", size, "--out", out, "--objects", OBJECTS)
            assert code == 0, error
            assert "largest difference from the model: scores" in said
        return config, checkpoint, out

    return export


def video(length: int) -> list[np.ndarray]:
    """Frames (72,96,3) of a square that moves over noise."""
    still = np.random.default_rng(0).integers(0, 256, (72, 96, 3), dtype=np.uint8)
    frames = [cv2.GaussianBlur(still, (9, 9), 0) for _ in range(length)]
    for t, frame in enumerate(frames):
        frame[20:50, 10 + 4 * t : 40 + 4 * t] = (250, 20, 60)
    return frames


@pytest.mark.slow
@pytest.mark.parametrize("name", CONFIGS)
def test_the_example_shows_what_the_library_shows(name, exported):
    config, checkpoint, out = exported(name)
    inferencer = VISInferencer(str(config), checkpoint, "cpu")
    frames, session, seen = video(2 * inferencer.window + 1), inferencer.session(), 0
    if name == "efficientvis":  # the library pastes masks into the video's pixels, the file into the network's
        frames = [cv2.resize(frame, SIZE[::-1]) for frame in frames]
    shape = frames[0].shape[:2]
    example = runpy.run_path(str(EXAMPLE))["stream"](out, iter(frames))
    for start in range(0, 2 * inferencer.window, inferencer.window):
        window = frames[start : start + inferencer.window]
        expected = session.push(window)
        for t, original in enumerate(window):
            frame, objects = next(example)
            assert frame is original
            slots = expected.visible[:, t].nonzero()[0]
            assert sorted(o["id"] for o in objects) == sorted(expected.track_ids[i] for i in slots)
            for slot in slots:
                (found,) = (o for o in objects if o["id"] == expected.track_ids[slot])
                factor = 1 if expected.objectness is None else expected.objectness[slot, t]
                assert found["score"] == pytest.approx(expected.scores[slot, t].max() * factor, abs=1e-3)
                assert found["name"] == inferencer.classes[expected.scores[slot, t].argmax()]
                np.testing.assert_allclose(found["box"], expected.boxes[slot, t], atol=3 if name == "srnet" else 0.1)
                mask = expected.masks[slot][t]
                if mask is not None:
                    assert iou(found["mask"], decode([mask], *shape)[0].astype(bool)) > 0.98
                    seen += 1
    assert seen > 2
    assert len(list(example)) == 1, "the last window is shorter"


def iou(a: np.ndarray, b: np.ndarray) -> float:
    return (a & b).sum() / (a | b).sum()


@pytest.mark.slow
def test_the_example_draws_a_video(exported, tmp_path):
    _, _, out = exported("srnet")
    writer = cv2.VideoWriter(str(tmp_path / "in.mp4"), cv2.VideoWriter_fourcc(*"mp4v"), 5, (96, 72))
    for frame in video(4):
        writer.write(frame)
    writer.release()
    command = [sys.executable, EXAMPLE, out, tmp_path / "in.mp4", tmp_path / "out.mp4"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert {line.split()[0] for line in done.stdout.splitlines()} == {"0", "1", "2", "3"}
    drawn = cv2.VideoCapture(str(tmp_path / "out.mp4"))
    assert (drawn.get(cv2.CAP_PROP_FRAME_COUNT), drawn.get(cv2.CAP_PROP_FPS)) == (4, 5)


def test_the_example_needs_neither_torch_nor_this_package():
    script = f"import runpy, sys; runpy.run_path({str(EXAMPLE)!r}); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not {"torch", "mmvis_ext", "mmcv"} & set(done.stdout.split())
    assert len(EXAMPLE.read_text().splitlines()) <= 60


@pytest.mark.slow
def test_what_a_file_says_of_itself(exported):
    config, checkpoint, out = exported("inspro-lite")
    session = onnxruntime.InferenceSession(out)
    info = json.loads(session.get_modelmeta().custom_metadata_map["mmvis"])
    model = VISInferencer(str(config), checkpoint, "cpu").model
    assert (info["model"], info["width"], info["height"], info["window"]) == ("InsProLite", SIZE[1], SIZE[0], 1)
    assert info["classes"] == list(VISInferencer(str(config), checkpoint, "cpu").classes)
    assert info["key_interval"] == model.key_interval
    assert (info["key_frames"], info["between"]) == ("m.onnx", "m.between.onnx")
    assert info["visible_threshold"] == model.visible_thr
    assert info["inputs"]["frames"] == dict(dtype="uint8", shape=[1, *SIZE, 3])
    assert info["outputs"]["masks"]["shape"] == [model.slots, 1, *SIZE]
    for named, values in ((info["inputs"], session.get_inputs()), (info["outputs"], session.get_outputs())):
        assert {name: x["shape"] for name, x in named.items()} == {value.name: value.shape for value in values}
    assert (out.parent / "m.between.onnx").is_file()


@pytest.mark.parametrize("name", ["srnet", "efficientvis"])
def test_the_check_of_a_video_of_ones_own(name, tiny, mmvis, tmp_path):
    config, checkpoint = tiny(name)
    (tmp_path / "video").mkdir()
    for number, frame in enumerate(video(2)):
        cv2.imwrite(str(tmp_path / f"video/{number}.png"), frame)
    out = tmp_path / "m.pt"
    code, said, error = mmvis(
        "export",
        config,
        checkpoint,
        "--format",
        "torchscript",
        "--size",
        "64x48",
        "--out",
        out,
        "--video",
        out.parent / "video",
    )
    if name == "srnet":
        assert code == 0, error
        assert "largest difference from the model: scores 0.0e+00" in said
    else:
        assert error == f"error: {tmp_path}/video: has 2 frames, but a step takes 3; choose a longer video.\n"
        assert not out.exists()


def test_the_command_knows_the_formats():
    from mmvis_ext.commands import export

    assert set(export.FORMATS) == set(FORMATS)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--out", "{folder}"], "is a folder"),
        (["--size", "640"], "A frame size of '640' is not understood"),
        (["--size", "100000x100000"], "--size 100000x100000"),
        (["--frames", "2"], "--frames 2: SRNet takes 1 per step; leave it out."),
        (["--objects", "0"], "objects=0 is too few"),
        (["--out", "/dev/null/x.onnx"], "cannot be written"),
    ],
)
def test_bad_arguments(arguments, sentence, tiny, mmvis, tmp_path):
    arguments = [argument.format(folder=tmp_path) for argument in arguments]
    out = [] if "--out" in arguments else ["--out", tmp_path / "x.onnx"]
    code, _, error = mmvis("export", *tiny(), *out, *arguments)
    assert code == 1
    assert error.startswith("error: ")
    assert sentence in error
    assert error.count("\n") == 1
    assert not (tmp_path / "x.onnx").exists()
