"""A converted Sparse R-CNN or QueryInst does what mmdet's model does, stage by stage."""

from pathlib import Path

import pytest
import torch
from mmdet.structures.bbox import bbox2roi
from mmdet_twins import CONVERTER, query_detector
from mmengine.structures import InstanceData
from running import call
from torch import nn

from mmvis_ext.engine.building import build_model
from mmvis_ext.engine.checkpoints import check_fit
from mmvis_ext.models.converters import convert_sparse_rcnn, matching_rows
from mmvis_ext.testing import tiny_config
from mmvis_ext.utils.errors import InputError

C, S, M, N, K = 16, 5, 2, 4, 5
H, W = 64, 96


def still_config(**overrides):
    """T=1 and the comparisons of the paper that make a stage Sparse R-CNN's."""
    still = dict(model__head__attention="spatial", model__head__temporal_conv=False, model__clip_len=1)
    return tiny_config(**(still | overrides))


def detector(masks: bool, queries: int = N, classes: int = K, stages: int = M) -> nn.Module:
    """mmdet's model with the channels of the tiny config, all its weights away from their trivial values."""
    model = query_detector(still_config().model, stages, queries, classes, kept=queries, masks=masks)
    torch.manual_seed(1)
    for name, value in model.state_dict().items():
        if name.endswith("running_var"):
            value.uniform_(0.5, 2.0)
        elif value.is_floating_point():
            value.normal_(std=0.2)
    model.rpn_head.init_proposal_bboxes.weight.data.uniform_(0.3, 0.7)
    return model.eval()


def stage_outputs(model: nn.Module, features: tuple) -> list[tuple]:
    """(class logits, boxes, queries, mask features' proposals) of every stage of mmdet's RoI head."""
    images = len(features[0])
    metas = [dict(img_shape=(H, W))] * images
    samples = [InstanceData(metainfo=meta) for meta in metas]
    proposals = model.rpn_head._decode_init_proposals(features, samples)
    boxes = [p.bboxes for p in proposals]
    queries = torch.stack([p.features for p in proposals])
    outputs = []
    for stage in range(model.roi_head.num_stages):
        out = model.roi_head._bbox_forward(stage, features, bbox2roi(boxes), queries, metas)
        boxes, queries = out["detached_proposals"], out["object_feats"]
        outputs.append((out["cls_score"], torch.stack(boxes), queries))
    return outputs


@pytest.mark.parametrize("masks", [False, True], ids=["sparse_rcnn", "queryinst"])
@torch.no_grad()
def test_stages_agree(masks):
    source, model = detector(masks), build_model(still_config())
    model.load_state_dict(convert_sparse_rcnn(source.state_dict(), model).state_dict)
    images = torch.randn(2, 3, H, W)
    features = source.extract_feat(images)
    for ours, theirs in zip(model.extract_features(images), features, strict=True):
        torch.testing.assert_close(ours, theirs)
    expected = stage_outputs(source, features)
    outputs = model.head(features, torch.tensor([[H, W], [H, W]], dtype=torch.float32))
    assert len(outputs) == M
    for ours, (logits, boxes, queries) in zip(outputs, expected, strict=True):
        torch.testing.assert_close(ours.class_logits[:, :, 0], logits, rtol=1e-3, atol=1e-4)
        torch.testing.assert_close(ours.boxes[:, :, 0], boxes, rtol=1e-3, atol=1e-2)
        torch.testing.assert_close(ours.queries[:, :, 0], queries, rtol=1e-3, atol=1e-4)


@torch.no_grad()
def test_mask_heads_agree():
    """mmdet's convolutions with BatchNorm, averaged over classes, against the folded ones."""
    source, model = detector(True), build_model(still_config())
    model.load_state_dict(convert_sparse_rcnn(source.state_dict(), model).state_dict)
    x = torch.randn(3, C, 2 * S, 2 * S)
    for stage in range(M):
        theirs, y = source.roi_head.mask_head[stage], x
        for conv in theirs.convs:
            y = conv(y)
        y = theirs.conv_logits(theirs.relu(theirs.upsample(y))).mean(1)
        ours = model.head.stages[stage].mask_head(x[None, :, None])[0, :, 0]
        torch.testing.assert_close(ours, y, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("masks", [False, True], ids=["sparse_rcnn", "queryinst"])
@pytest.mark.parametrize("attention", ["factorised", "spatial", "temporal", "joint"])
def test_every_weight_is_accounted_for(masks, attention):
    weights = detector(masks).state_dict()
    model = build_model(tiny_config(model__head__attention=attention))
    done = convert_sparse_rcnn(weights, model)
    assert done.mapped.keys() | done.unused.keys() == weights.keys()
    assert not done.mapped.keys() & done.unused.keys()
    targets = {target for target, _ in done.mapped.values()}
    assert targets | done.initial.keys() == done.state_dict.keys() == model.state_dict().keys()
    assert sum(number for *_, number, _ in done.rows()) == len(weights) + len(done.initial)
    expected_unused = {".instance_interactive_conv.", ".num_batches_tracked"} if masks else set()
    expected_unused |= {".attention"} if attention == "temporal" else set()
    assert all(any(part in key for part in expected_unused) for key in done.unused)
    left = {".mask_head."} if not masks else set()
    left |= {".temporal."} if attention in {"factorised", "temporal"} else set()
    assert all(any(part in key for part in left) for key in done.initial)


def test_the_model_is_not_changed():
    model = build_model(still_config())
    before = {k: v.clone() for k, v in model.state_dict().items()}
    convert_sparse_rcnn(detector(True).state_dict(), model)
    for key, value in model.state_dict().items():
        assert torch.equal(value, before[key]), key


def test_first_queries_are_taken_and_missing_ones_stay_initial():
    model = build_model(still_config())
    key = "head.initial.init_proposal_features.weight"
    weights = detector(False, queries=7).state_dict()
    done = convert_sparse_rcnn(weights, model)
    theirs = weights["rpn_head.init_proposal_features.weight"]
    assert torch.equal(done.state_dict[key], theirs[:N])
    assert done.mapped["rpn_head.init_proposal_features.weight"] == (key, "the first 4 of 7 queries")
    assert key not in done.initial
    weights = detector(False, queries=3).state_dict()
    done = convert_sparse_rcnn(weights, model)
    assert torch.equal(done.state_dict[key][:3], weights["rpn_head.init_proposal_features.weight"])
    assert torch.equal(done.state_dict[key][3:], model.state_dict()[key][3:])
    assert done.initial[key] == "the other queries"


def test_classifier_of_other_classes():
    model, weights = build_model(still_config()), detector(False, classes=8).state_dict()
    ours, theirs = "head.stages.1.fc_cls.weight", "roi_head.bbox_head.1.fc_cls.weight"
    done = convert_sparse_rcnn(weights, model)
    assert theirs in done.unused
    assert torch.equal(done.state_dict[ours], model.state_dict()[ours])
    rows = matching_rows(["star", "Tennis_Racket", "cat", "x", "dog"], [*"abcde", "dog", "tennis racket", "mouse"])
    assert rows == [(1, 6), (4, 5)]
    done = convert_sparse_rcnn(weights, model, rows)
    assert torch.equal(done.state_dict[ours][[1, 4]], weights[theirs][[6, 5]])
    assert torch.equal(done.state_dict[ours][[0, 2, 3]], model.state_dict()[ours][[0, 2, 3]])
    assert done.mapped[theirs] == (ours, "2 of 5 classes, by name")
    assert done.initial[ours] == "the other classes"


def test_more_and_fewer_stages():
    model = build_model(still_config())
    done = convert_sparse_rcnn(detector(False, stages=3).state_dict(), model)
    assert all(key.startswith("roi_head.bbox_head.2.") for key in done.unused)
    done = convert_sparse_rcnn(detector(False, stages=1).state_dict(), model)
    assert "head.stages.1.fc_reg.weight" in done.initial


def test_other_models_are_refused():
    model = build_model(still_config())
    with pytest.raises(InputError, match="no roi_head"):
        convert_sparse_rcnn(model.state_dict(), model)
    wide = still_config(
        model__neck__out_channels=24, model__head__embed_dims=24, model__head__roi_extractor__out_channels=24,
        model__head__feedforward_channels=40, model__head__num_classes=3,
    )  # fmt: skip
    with pytest.raises(InputError, match="16 channels but the config's embed_dims is 24"):
        convert_sparse_rcnn(detector(False).state_dict(), build_model(wide))


@pytest.fixture
def tool(capsys, tmp_path):
    """Converts to ``start.pth`` and returns (exit code, stdout, stderr)."""
    config = tmp_path / "config.py"
    still_config().dump(config)

    def run(checkpoint: Path, *arguments) -> tuple[int, str, str]:
        code = call(CONVERTER, checkpoint, config, "--out", tmp_path / "start.pth", *arguments)
        return code, *capsys.readouterr()

    return run


def test_tool(tool, tmp_path):
    weights = detector(True).state_dict()
    names = ("star", "disc", "a", "b", "c")
    torch.save(dict(meta=dict(dataset_meta=dict(CLASSES=names)), state_dict=weights), tmp_path / "in.pth")
    code, out, _ = tool(tmp_path / "in.pth")
    assert code == 0
    assert "roi_head.mask_head.*.convs" in out
    assert "masks share the query branch's filters" in out
    check_fit(tmp_path / "start.pth", build_model(still_config()))
    categories = [dict(id=i, name=n) for i, n in enumerate(["disc", "square", "triangle", "star", "cross"])]
    (tmp_path / "train.json").write_text(str(dict(categories=categories)).replace("'", '"'))
    code, out, _ = tool(tmp_path / "in.pth", "--classes-of", tmp_path / "train.json")
    assert code == 0
    assert "2 of 5 classes, by name" in out
    start = torch.load(tmp_path / "start.pth", weights_only=True)["state_dict"]
    theirs = weights["roi_head.bbox_head.0.fc_cls.bias"]
    assert torch.equal(start["head.stages.0.fc_cls.bias"][[0, 3]], theirs[[1, 0]])


def test_the_tool_names_the_checkpoint_that_is_another_models(tool, tmp_path):
    torch.save(dict(state_dict=build_model(still_config()).state_dict()), tmp_path / "other.pth")
    code, _, err = tool(tmp_path / "other.pth")
    assert code == 1
    assert err.startswith(f"error: {tmp_path / 'other.pth'}: has no roi_head")


class Opaque:
    """Something that only a pickle can hold."""


def test_tool_runs_no_code_unless_told_to(tool, tmp_path):
    torch.save(dict(meta=dict(thing=Opaque()), state_dict=detector(False).state_dict()), tmp_path / "in.pth")
    code, _, err = tool(tmp_path / "in.pth")
    assert code == 1
    assert "pickle that could run code" in err
    assert not (tmp_path / "start.pth").exists()
    assert tool(tmp_path / "in.pth", "--allow-pickle")[0] == 0
    (tmp_path / "in.pth").write_bytes(b"\x80junk")
    code, _, err = tool(tmp_path / "in.pth", "--allow-pickle")
    assert code == 1
    assert "cannot be unpickled" in err
    assert tool(tmp_path / "missing.pth", "--allow-pickle")[0] == 1
