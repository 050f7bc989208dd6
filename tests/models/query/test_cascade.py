"""The M iterations against a loop over them, frame by frame."""

import pytest
import torch
from mmdet.models.roi_heads.roi_extractors import SingleRoIExtractor
from small_model import SIZE, C, K, N, S, T, lively_model

from mmvis_ext.utils.errors import InputError

B = 2
SIZES = torch.tensor([SIZE, (SIZE[0] - 4, SIZE[1] - 8)], dtype=torch.float32)


def head(**changes):
    return lively_model(**{f"head.{k}": v for k, v in changes.items()}).head


def pyramid(clips: int = B, length: int = T) -> tuple[torch.Tensor, ...]:
    return tuple(torch.randn(clips * length, C, SIZE[0] // s, SIZE[1] // s) for s in (4, 8))


def extractor_config(side, finest_scale):
    return dict(
        roi_layer=dict(type="RoIAlign", output_size=side, sampling_ratio=2),
        out_channels=C, featmap_strides=[4, 8], finest_scale=finest_scale,
    )  # fmt: skip


def crop_slowly(features, boxes, side, finest_scale=12):
    """RoI features of (B,N,T,4) boxes, one at a time from its own frame."""
    extractor = SingleRoIExtractor(**extractor_config(side, finest_scale))
    b, n, t, _ = boxes.shape
    out = torch.zeros(b, n, t, C, side, side)
    for i, j, k in [(i, j, k) for i in range(b) for j in range(n) for k in range(t)]:
        frame = [f[i * t + k][None] for f in features]
        out[i, j, k] = extractor(frame, torch.cat([torch.zeros(1), boxes[i, j, k]])[None])[0]
    return out


def iterate_slowly(cascade, features, sizes, queries):
    length = len(features[0]) // len(sizes)
    queries = torch.stack([queries] * length, dim=2)
    boxes = cascade.initial.proposals(sizes, length)
    outputs = []
    for stage in cascade.stages:
        outputs.append(stage(queries, boxes, crop_slowly(features, boxes, S)))
        queries, boxes = outputs[-1].queries, outputs[-1].boxes
    return outputs


def one_clip(features, b, length=T):
    return tuple(f[b * length : (b + 1) * length] for f in features)


def assert_alike(a, b, **tolerance):
    for name in ("class_logits", "boxes", "queries", "proposals"):
        torch.testing.assert_close(getattr(a, name), getattr(b, name), **tolerance)


@torch.no_grad()
def test_iterations_follow_one_another():
    cascade, features = head(), pyramid()
    outputs = cascade(features, SIZES)
    expected = iterate_slowly(cascade, features, SIZES, torch.stack([cascade.initial.queries] * B))
    assert len(outputs) == len(expected) == 2
    for found, wanted in zip(outputs, expected, strict=True):
        assert_alike(found, wanted, rtol=1e-4, atol=1e-4)
    assert outputs[0].class_logits.shape == (B, N, T, K)
    assert torch.equal(outputs[1].proposals, outputs[0].boxes)
    assert (outputs[1].proposals - outputs[0].proposals).abs().max() > 1, "the boxes do move"


@torch.no_grad()
def test_with_context_crops_and_masks_are_of_windows_around_the_proposals():
    cascade, features = head(context=1.5), pyramid()
    boxes = cascade.initial.proposals(SIZES, T)
    queries = torch.stack([torch.stack([cascade.initial.queries] * B)] * T, dim=2)
    for m, output in enumerate(cascade(features, SIZES)):
        windows = boxes.clone()
        for place in (0, 1):
            centre, side = (boxes[..., place] + boxes[..., place + 2]) / 2, boxes[..., place + 2] - boxes[..., place]
            windows[..., place], windows[..., place + 2] = centre - 0.75 * side, centre + 0.75 * side
        expected = cascade.stages[m](queries, boxes, crop_slowly(features, windows, S))
        assert_alike(output, expected._replace(proposals=windows), rtol=1e-4, atol=1e-3)
        masks = cascade.stages[m].mask_head(
            cascade.stages[m].dynamic_conv.apply_filters(output.filters, crop_slowly(features, windows, 2 * S))
        )
        torch.testing.assert_close(cascade.segment(features, output, m), masks, rtol=1e-4, atol=1e-3)
        queries, boxes = output.queries, output.boxes


@pytest.mark.parametrize("context", [0.5, -1.0, float("nan")])
def test_windows_are_no_smaller_than_proposals(context):
    with pytest.raises(InputError, match="at least 1"):
        head(context=context)


@torch.no_grad()
def test_masks_come_from_larger_crops_and_the_same_filters():
    cascade, features = head(), pyramid()
    for m, output in enumerate(cascade(features, SIZES)):
        masks = cascade.segment(features, output, m)
        crops = crop_slowly(features, output.proposals, 2 * S)
        stage = cascade.stages[m]
        expected = stage.mask_head(stage.dynamic_conv.apply_filters(output.filters, crops))
        assert masks.shape == (B, N, T, 4 * S, 4 * S)
        torch.testing.assert_close(masks, expected, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_masks_may_come_from_finer_levels_and_larger_crops_than_the_stages_have():
    own = dict(extractor_config(3 * S, 1000), type="StaticRoIExtractor")  # all boxes are small to it
    cascade, plain, features = head(mask_roi_extractor=own), head(), pyramid()
    plain.load_state_dict(cascade.state_dict())  # there are no weights of its own
    output, other = cascade(features, SIZES)[-1], plain(features, SIZES)[-1]
    assert_alike(output, other)  # the stages are as before
    masks = cascade.segment(features, output)
    stage = cascade.stages[-1]
    expected, coarse = (
        stage.mask_head(stage.dynamic_conv.apply_filters(output.filters, crops))
        for crops in (crop_slowly(features, output.proposals, 3 * S, scale) for scale in (1000, 12))
    )
    assert masks.shape == (B, N, T, 6 * S, 6 * S)
    torch.testing.assert_close(masks, expected, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(masks, coarse, rtol=1e-2, atol=1e-2)


@torch.no_grad()
def test_the_last_iteration_is_segmented_unless_told_otherwise():
    cascade, features = head(), pyramid()
    output = cascade(features, SIZES)[-1]
    assert torch.equal(cascade.segment(features, output), cascade.segment(features, output, 1))
    assert not torch.equal(cascade.segment(features, output), cascade.segment(features, output, 0))


@torch.no_grad()
def test_picked_queries_are_segmented_as_among_all():
    cascade, features = head(), pyramid()
    output = cascade(features, SIZES)[0]
    every = cascade.segment(features, output, 0)
    pick = [torch.tensor([3, 1]), torch.tensor([0, 2, 1])]
    expected = torch.stack([every[b, n] for b, p in enumerate(pick) for n in p.tolist()])
    torch.testing.assert_close(cascade.segment(features, output, 0, pick), expected)
    none = [torch.tensor([], dtype=torch.int64)] * B
    assert cascade.segment(features, output, 0, none).shape == (0, T, 4 * S, 4 * S)


@torch.no_grad()
def test_clips_of_a_batch_do_not_touch_each_other():
    cascade, features = head(), pyramid()
    together = cascade(features, SIZES)
    for b in range(B):
        alone = cascade(one_clip(features, b), SIZES[b : b + 1])
        for m in range(2):
            whole = type(together[m])(*(x[b : b + 1] for x in together[m][:4]), together[m].filters)
            assert_alike(alone[m], whole, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_the_last_output_alone_is_the_last_of_all():
    cascade, features = head(), pyramid()
    (last,) = cascade(features, SIZES, last_only=True)
    assert_alike(last, cascade(features, SIZES)[-1], rtol=0, atol=0)


@torch.no_grad()
def test_given_queries_replace_the_learned_ones():
    cascade, features = head(), pyramid()
    queries = torch.randn(B, N, C)
    found = cascade(features, SIZES, queries)[-1]
    assert_alike(found, iterate_slowly(cascade, features, SIZES, queries)[-1], rtol=1e-4, atol=1e-4)
    start = cascade.initial.queries.expand(B, -1, -1)
    assert_alike(cascade(features, SIZES, start)[-1], cascade(features, SIZES)[-1], rtol=0, atol=0)


@torch.no_grad()
def test_time_shared_queries_are_the_mean_over_time():
    shared, features = head(time_shared=True), pyramid()
    outputs = shared(features, SIZES)
    for output in outputs:
        assert torch.equal(output.queries, output.queries[:, :, :1].expand_as(output.queries))
    own = head()
    own.load_state_dict(shared.state_dict())
    first = own(features, SIZES)[0].queries
    torch.testing.assert_close(outputs[0].queries[:, :, 0], sum(first[:, :, t] for t in range(T)) / T)
    assert not torch.equal(first[:, :, 0], first[:, :, 1])


def test_proposals_are_detached_between_iterations_and_queries_are_not():
    cascade, features = head(), pyramid()
    for stage in cascade.stages[1:]:
        stage.attention.requires_grad_(False)
    output = cascade(features, SIZES)[1]
    assert not output.proposals.requires_grad
    output.boxes.sum().backward()
    first = cascade.stages[0]
    assert first.fc_reg.weight.grad is None, "only through proposals"
    assert (first.update.fc_layer.weight.grad != 0).any(), "through queries"
    assert (cascade.initial.queries.grad != 0).any()


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@torch.no_grad()
def test_a_diverged_model_gives_bad_numbers_and_does_not_crash(bad):
    cascade, features = head(), pyramid()
    for parameter in cascade.parameters():
        parameter.fill_(bad)
    outputs = cascade(features, SIZES)
    assert not torch.isfinite(outputs[-1].class_logits).any()
    assert all(torch.isfinite(o.proposals).all() for o in outputs), "RoI operators fail on others"
    assert not torch.isfinite(cascade.segment(features, outputs[-1])).any()


@torch.no_grad()
def test_a_proposal_that_is_turned_inside_out_is_empty():
    cascade, features = head(), pyramid()
    cascade.initial.init_proposal_bboxes.weight[:, 2] = -0.5
    outputs = cascade(features, SIZES)
    assert all(torch.isfinite(o.class_logits).all() for o in outputs)
    assert (outputs[0].proposals[..., 2] == outputs[0].proposals[..., 0]).all()


@torch.no_grad()
def test_proposals_stay_near_the_frame_however_far_boxes_go():
    cascade, features = head(), pyramid()
    for stage in cascade.stages:
        stage.fc_reg.bias.copy_(torch.tensor([0.0, 50.0, 9.0, 9.0]))
    first, second = cascade(features, SIZES)
    assert first.boxes.abs().max() > 10 * max(SIZE)
    height, width = SIZES[:, 0, None, None], SIZES[:, 1, None, None]
    x1, y1, x2, y2 = second.proposals.unbind(-1)
    assert ((x1 >= -width) & (x2 <= 2 * width) & (y1 >= -height) & (y2 <= 2 * height)).all()
    assert ((x2 >= x1) & (y2 >= y1)).all()


@pytest.mark.parametrize("attention", ["factorised", "spatial", "temporal", "joint"])
@pytest.mark.parametrize("temporal_conv", [True, False])
def test_every_variant_trains_all_of_its_weights(attention, temporal_conv):
    cascade, features = head(attention=attention, temporal_conv=temporal_conv), pyramid(1, 2)
    outputs = cascade(features, SIZES[:1])
    loss = sum(o.class_logits.sum() + o.boxes.sum() for o in outputs)
    loss = loss + sum(cascade.segment(features, o, m).sum() for m, o in enumerate(outputs))
    loss.backward()
    assert all(torch.isfinite(p.grad).all() for p in cascade.parameters())


@torch.no_grad()
def test_no_weight_depends_on_the_number_of_frames():
    cascade = head()
    for length in (1, 7):
        assert cascade(pyramid(1, length), SIZES[:1])[-1].boxes.shape == (1, N, length, 4)
