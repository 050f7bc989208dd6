"""A converted Sparse R-CNN or QueryInst does what mmdet's model does, stage by stage."""

import pytest
import torch
from mmdet.structures.bbox import bbox2roi
from mmdet_twins import query_detector
from mmengine.structures import InstanceData
from torch import nn

from mmvis_ext.engine.building import build_model
from mmvis_ext.models.converters import ClassRows, convert_sparse_rcnn, spread_queries
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


def test_queries_are_chosen_and_missing_ones_stay_initial():
    model = build_model(still_config())
    key, theirs = "head.initial.init_proposal_features.weight", "rpn_head.init_proposal_features.weight"
    weights = detector(False, queries=7).state_dict()
    done = convert_sparse_rcnn(weights, model)
    chosen = spread_queries(weights["rpn_head.init_proposal_bboxes.weight"], N)
    for name in ("features", "bboxes"):
        taken = done.state_dict[f"head.initial.init_proposal_{name}.weight"]
        assert torch.equal(taken, weights[f"rpn_head.init_proposal_{name}.weight"][chosen])
    assert done.mapped[theirs] == (key, "4 of 7 queries, those that reach most of a frame")
    assert key not in done.initial
    weights = detector(False, queries=3).state_dict()
    done = convert_sparse_rcnn(weights, model)
    assert torch.equal(done.state_dict[key][:3], weights[theirs])
    assert torch.equal(done.state_dict[key][3:], model.state_dict()[key][3:])
    assert done.initial[key] == "the other queries"


def test_classifier_of_other_classes():
    model, weights = build_model(still_config()), detector(False, classes=8).state_dict()
    ours, theirs = "head.stages.1.fc_cls.weight", "roi_head.bbox_head.1.fc_cls.weight"
    done = convert_sparse_rcnn(weights, model)
    assert theirs in done.unused
    assert torch.equal(done.state_dict[ours], model.state_dict()[ours])
    rows = ClassRows([(1, 6), (4, 5)], here=K, there=8)
    done = convert_sparse_rcnn(weights, model, rows)
    assert torch.equal(done.state_dict[ours][[1, 4]], weights[theirs][[6, 5]])
    assert torch.equal(done.state_dict[ours][[0, 2, 3]], model.state_dict()[ours][[0, 2, 3]])
    assert done.mapped[theirs] == (ours, "2 of 5 classes, by name")
    assert done.initial[ours] == "the other classes"


@pytest.mark.parametrize("temporal_first", [True, False])
@torch.no_grad()
def test_with_temporal_attention_the_model_starts_as_the_detector_on_each_frame(temporal_first):
    source = detector(True)
    own = {"model__head__temporal_first": temporal_first, "model__head__attention": "factorised"}
    model = build_model(still_config(**own))
    before = {key: value.clone() for key, value in model.state_dict().items()}
    frames = torch.randn(3, 3, H, W)
    sizes = torch.tensor([[H, W]], dtype=torch.float32)
    expected = stage_outputs(source, source.extract_feat(frames))

    def likeness() -> list[float]:
        """Correlation of each stage's queries with those of the detector, over frames, slots and channels."""
        outputs = model.head(model.extract_features(frames), sizes)
        pairs = [
            (ours.queries[0].transpose(0, 1), theirs) for ours, (_, _, theirs) in zip(outputs, expected, strict=True)
        ]
        return [float(torch.corrcoef(torch.stack([a.flatten(), b.flatten()]))[0, 1]) for a, b in pairs]

    conversion = convert_sparse_rcnn(source.state_dict(), model)
    temporal = [key for key in before if ".temporal." in key]
    assert all(conversion.initial[key] == "silent: it passes its input on" for key in temporal)
    model.load_state_dict(conversion.state_dict)
    silent = likeness()
    assert min(silent) > 0.95
    model.load_state_dict(conversion.state_dict | {key: before[key] for key in temporal})
    assert max(likeness()) < min(silent), "as the layers are initialised, they change what the detector says"
    model.load_state_dict(conversion.state_dict)
    with torch.enable_grad():
        outputs = model.head(model.extract_features(frames), sizes)
        sum(output.class_logits.sum() for output in outputs).backward()
    assert model.head.stages[0].attention.attentions["temporal"].out_proj.weight.grad.abs().max() > 0


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
