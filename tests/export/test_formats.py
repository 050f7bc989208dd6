"""Every format's file gives what the model gives, over whole videos."""

import functools
import io
import json

import pytest
import torch
from export_cases import OBJECTS, SIZE, model_of, outputs_over, video_for

from mmvis_ext.export import FORMATS, METADATA, agreement, check_agreement, formats, inspro, load_format, steps_of
from mmvis_ext.export.agreement import moving_squares, same_objects
from mmvis_ext.export.steps import best_slots
from mmvis_ext.utils.errors import InputError

SYSTEMS = ["efficientvis", "inspro", "inspro, boxes alone", "inspro-lite", "srnet with classes"]
ATOL = dict(scores=1e-4, boxes=1e-2, masks=1e-3)
SAID = json.dumps(dict(classes=["ü"]))

# two formats are made of the same traced program
traced = functools.cache(formats._program)
steps_for = functools.cache(lambda case: steps_of(model_of(case), SIZE, OBJECTS))


def description_in(format: str, content: bytes) -> str | bytes:
    """What a file says of itself, read as other programs do."""
    if format == "onnx":
        session = pytest.importorskip("onnxruntime").InferenceSession(content)
        return session.get_modelmeta().custom_metadata_map[METADATA]
    extra, load = {METADATA: ""}, torch.jit.load if format == "torchscript" else torch.export.load
    load(io.BytesIO(content), **{"_extra_files" if format == "torchscript" else "extra_files": extra})
    return extra[METADATA]


@pytest.mark.slow
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("case", SYSTEMS)
def test_a_file_is_the_model(case, format, monkeypatch):
    pytest.importorskip("onnxscript")
    monkeypatch.setattr(formats, "_program", traced)
    chosen, steps, frames = load_format(format), steps_for(case), video_for(case)
    files = [chosen.write(step, SAID) for step in steps]
    runs = [chosen.load(file) for file in files]
    assert {description_in(format, file) for file in files} <= {SAID, SAID.encode()}
    for step, file in zip(steps, files, strict=True):
        if format == "onnx":
            session = pytest.importorskip("onnxruntime").InferenceSession(file)
            assert [value.name for value in session.get_inputs()] == step.input_names
            assert [value.name for value in session.get_outputs()] == step.output_names
    for ours, theirs in zip(outputs_over(steps, steps, frames), outputs_over(steps, runs, frames), strict=True):
        assert ours["visible"].any()
        for name, value in ours.items():
            assert theirs[name].dtype == value.dtype
            torch.testing.assert_close(theirs[name], value, atol=ATOL.get(name, 1e-3), rtol=1e-4)


def test_a_file_that_differs_is_found(monkeypatch):
    (step,), window = steps_of(model_of("inspro"), SIZE, OBJECTS), moving_squares(1, SIZE)

    def changed(name, change):
        def run(*inputs):
            out = dict(zip(step.output_names, step(*inputs), strict=True))
            return tuple((out | {name: change(out[name])}).values())

        return run

    def last(value):
        """The same with another last number."""
        return torch.cat([value.flatten()[:-1], value.flatten()[-1:] + 0.25]).reshape(value.shape)

    assert check_agreement([step], [step]) == dict(scores=0, boxes=0, masks=0, state=0)
    monkeypatch.setattr(agreement, "PIECE", 7)
    assert check_agreement([step], [changed("boxes", last)], window)["boxes"] == pytest.approx(0.25, abs=1e-3)
    monkeypatch.undo()
    slightly = check_agreement([step], [changed("boxes", lambda boxes: boxes + 0.25)])
    assert slightly["boxes"] == pytest.approx(0.25, abs=1e-3)
    for name in ("boxes", "scores", "masks", "next.queries"):
        kind = "state" if name.startswith("next.") else name
        with pytest.raises(InputError, match=rf"disagrees with the model by .* in its {kind}, which is more than"):
            check_agreement([step], [changed(name, lambda value: value + 0.1 + value.abs().max())], window)
        with pytest.raises(InputError, match="disagrees with the model by inf"):
            check_agreement([step], [changed(name, lambda value: value * torch.nan)], window)
    with pytest.raises(InputError, match="disagrees with the model in its track_ids; choose another format"):
        check_agreement([step], [changed("track_ids", lambda ids: ids + 100)])
    with pytest.raises(InputError, match="disagrees with the model"):
        check_agreement([step], [changed("track_ids", lambda ids: ids + 1)])


def test_objects_that_score_alike_at_the_end_of_those_shown_may_differ():
    def side(ids, scores):
        return {"track_ids": torch.tensor(ids), "scores": torch.tensor(scores)[:, None, None], "next.x": torch.ones(7)}

    ours = side([2, 5, 8], [0.9, 0.5, 0.5])
    for other in (side([2, 6, 8], [0.9, 0.502, 0.5]), side([2, 8, 9], [0.9, 0.5, 0.499])):
        found, wanted = same_objects(other, ours)
        assert found["track_ids"].tolist() == wanted["track_ids"].tolist() == [2, 8]
        assert len(found["next.x"]) == len(wanted["next.x"]) == 7
        torch.testing.assert_close(found["scores"], wanted["scores"])
    for other in (
        side([2, 6, 8], [0.9, 0.8, 0.5]),  # a better object than any at the end
        side([5, 6, 8], [0.5, 0.5, 0.5]),  # the best one is missing
        side([2, 6, -1], [0.9, 0.5, 0.0]),  # fewer
        side([3, 6, 9], [0.9, 0.5, 0.5]),  # none in common
        side([8, 5, 2], [0.9, 0.5, 0.5]),  # another order
    ):
        assert same_objects(other, ours) == (other, ours)


def test_other_slots_of_those_that_all_score_one(monkeypatch):
    model = model_of("inspro")
    for stage in model.head.stages:
        torch.nn.init.constant_(stage.fc_cls.bias, 1000.0)
    (step,) = steps_of(model, SIZE, 3)

    def run(*inputs):
        with monkeypatch.context() as patch:
            patch.setattr(inspro, "best_slots", lambda scores, objects: best_slots(scores, objects + 1)[1:])
            return step(*inputs)

    ours, theirs = (dict(zip(step.output_names, run(*step.example), strict=True)) for run in (step, run))
    assert ours["scores"].min() == theirs["scores"].min() == 1
    assert not torch.equal(ours["track_ids"], theirs["track_ids"])
    assert check_agreement([step], [run])["scores"] == 0
