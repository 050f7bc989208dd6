"""What a frame shows, against loops over slots and frames."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from mmvis_ext.inference import VISInferencer
from mmvis_ext.inference.frame_result import Choice, frame_results
from mmvis_ext.structures import decode, encode
from mmvis_ext.structures.stream import Detections
from mmvis_ext.testing import tiny_checkpoint, tiny_config
from mmvis_ext.utils.errors import InputError
from mmvis_ext.videos import Frame

CLASSES = ("cat", "dog", "fox")


@pytest.fixture
def found():
    """Seven slots over three frames of 12x16 pixels; slot 2 has no track, slot 5 is never visible."""
    rng = np.random.default_rng(0)
    visible = rng.random((7, 3)) > 0.3
    visible[5] = False
    masks = [
        [encode(rng.random((1, 12, 16)) > 0.5)[0] if there else None for there in row] for row in visible
    ]  # fmt: skip
    ids = [3, 1, -1, 8, 9, 10, 11]
    return Detections(ids, rng.random((7, 3, 3)), rng.random((7, 3, 4)).astype(np.float32) * 8, masks, visible)


@pytest.fixture
def frames():
    return [Frame(np.full((12, 16, 3), 40 * t, np.uint8), 10 + t, t / 2, f"f{t}") for t in range(3)]


@pytest.mark.parametrize("choice", [Choice(0.0), Choice(0.55), Choice(0, frozenset({1})), Choice(0.1, None, 2)])
def test_against_loops(choice, found, frames):
    kept = []
    for i, track_id in enumerate(found.track_ids):
        seen = [found.scores[i, t] for t in range(3) if found.visible[i, t]]
        if track_id < 0 or not seen:
            continue
        mean = sum(seen) / len(seen)
        label = max(range(3), key=lambda k: mean[k])
        if mean[label] >= choice.score_thr and (choice.labels is None or label in choice.labels):
            kept.append((-mean[label], i, label))
    kept = sorted(kept)[: choice.top_k]
    assert kept
    results = frame_results(found, frames, CLASSES, choice)
    for t, result in enumerate(results):
        here = [(score, i, label) for score, i, label in kept if found.visible[i, t]]
        assert result.ids == [found.track_ids[i] for _, i, _ in here]
        assert result.labels == [label for *_, label in here]
        assert result.classes == [CLASSES[label] for *_, label in here]
        np.testing.assert_allclose(result.scores, [-score for score, *_ in here], rtol=1e-6)
        np.testing.assert_array_equal(result.boxes, np.array([found.boxes[i, t] for _, i, _ in here]).reshape(-1, 4))
        assert result.masks == [found.masks[i][t] for _, i, _ in here]
        np.testing.assert_array_equal(result.decoded, decode(result.masks, 12, 16))
        assert (result.number, result.timestamp, result.size, len(result)) == (10 + t, t / 2, (12, 16), len(here))


def test_nothing_found(frames):
    empty = Detections([], np.zeros((0, 3, 3)), np.zeros((0, 3, 4)), [], np.zeros((0, 3), bool))
    for result in frame_results(empty, frames, CLASSES, Choice(0)):
        assert len(result) == 0
        assert result.decoded.shape == (0, 12, 16)
        assert result.draw().shape == (240, 320, 3)


def test_a_model_of_boxes_alone(found, frames):
    found.masks = None
    result = frame_results(found, frames, CLASSES, Choice(0))[0]
    assert len(result)
    assert result.masks is None
    assert result.decoded is None
    assert np.ptp(result.draw()) > 0, "boxes are drawn as filled rectangles"


def test_a_notebook_shows_the_picture(found, frames):
    result = frame_results(found, frames, CLASSES, Choice(0))[1]
    shown = np.array(Image.open(io.BytesIO(result._repr_png_())))
    np.testing.assert_array_equal(shown, result.draw())


def test_handed_to_supervision(found, frames):
    pytest.importorskip("supervision")
    result = frame_results(found, frames, CLASSES, Choice(0))[0]
    theirs = result.to_supervision()
    assert theirs.tracker_id.tolist() == result.ids
    assert theirs.class_id.tolist() == result.labels
    assert theirs.data["class_name"].tolist() == result.classes
    np.testing.assert_array_equal(theirs.mask, result.decoded)
    np.testing.assert_array_equal(theirs.xyxy, result.boxes)


def test_without_supervision(found, frames, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "supervision", None)
    with pytest.raises(InputError, match="pip install supervision"):
        frame_results(found, frames, CLASSES, Choice(0))[0].to_supervision()


@pytest.fixture(scope="module")
def inferencer(tmp_path_factory):
    checkpoint = tiny_checkpoint(tmp_path_factory.mktemp("tiny") / "tiny.pth", tiny_config())
    return VISInferencer(tiny_config(), checkpoint, "cpu")


def test_stream_finds_what_the_whole_video_has(inferencer):
    """Ids, boxes and masks of every frame are those of the tracks, to the bit."""
    rng = np.random.default_rng(1)
    pictures = [rng.integers(0, 255, (48, 64, 3), dtype=np.uint8) for _ in range(8)]
    tracks = {track.track_id: track for track in inferencer(pictures)}
    shown = set()
    for t, result in enumerate(inferencer.stream(pictures, score_thr=0)):
        assert result.number == t
        assert result.frame.picture is pictures[t]
        for place, track_id in enumerate(result.ids):
            assert result.masks[place] == tracks[track_id].segmentations[t]
            np.testing.assert_array_equal(result.boxes[place], tracks[track_id].boxes[t])
            shown.add((track_id, t))
    assert shown == {(i, t) for i, track in tracks.items() for t in track.visible.nonzero()[0].tolist()}
    assert shown
    assert inferencer.latency == inferencer.window - 1 == 2


def test_classes_by_name(inferencer):
    assert inferencer.choice(0.2, ["star", "disc"], 3) == Choice(0.2, frozenset({0, 3}), 3)
    with pytest.raises(InputError, match=r"class 'cow': the model does not know it; it knows disc, "):
        inferencer.choice(classes=["cow"])


def test_half_precision_is_close(inferencer, tmp_path):
    checkpoint = tiny_checkpoint(tmp_path / "tiny.pth", tiny_config())
    half = VISInferencer(tiny_config(), checkpoint, "cpu", half=True)
    rng = np.random.default_rng(1)
    pictures = [rng.integers(0, 255, (48, 64, 3), dtype=np.uint8) for _ in range(3)]
    one, other = next(inferencer.detections(pictures)), next(half.detections(pictures))
    assert other.scores.dtype == one.scores.dtype
    assert not np.array_equal(one.scores, other.scores)
    np.testing.assert_allclose(one.scores, other.scores, atol=0.05)
    dtypes = [{weight.dtype for weight in each.model.parameters()} for each in (inferencer, half)]
    assert dtypes == [{torch.float32}, {torch.float32, torch.bfloat16}]
