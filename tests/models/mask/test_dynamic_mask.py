"""Conditional convolution against mmdet's CondInst and against a loop over pixels."""

import pytest
import torch
from mmdet.models.dense_heads import CondInstMaskHead
from mmdet.utils import register_all_modules
from mmengine.structures import InstanceData

from mmvis_ext.models import dynamic_mask_conv
from mmvis_ext.models.mask import encode_logits
from mmvis_ext.models.mask.dynamic_mask import SIZE_OF_INTEREST, DynamicMaskLayout, upsample_logits
from mmvis_ext.structures import decode
from mmvis_ext.structures.geometry import FrameGeometry

register_all_modules(init_default_scope=False)

B, N, H, W, STRIDE = 2, 3, 5, 7, 8


def inputs(features: int = 8, hidden: int = 8):
    layout = DynamicMaskLayout(features, hidden)
    centres = torch.rand(B, N, 2) * torch.tensor([W, H]) * STRIDE
    return torch.randn(B, features, H, W), centres, torch.randn(B, N, layout.count)


def condinst(features: int = 8, hidden: int = 8) -> CondInstMaskHead:
    return CondInstMaskHead(
        mask_feature_head=dict(
            in_channels=4, feat_channels=4, start_level=0, end_level=0, out_channels=features, mask_stride=STRIDE
        ),
        feat_channels=hidden,
        mask_out_stride=STRIDE // 2,
        loss_mask=dict(type="mmdet.DiceLoss", use_sigmoid=True),
    )


def convolve_slowly(features, centres, params, hidden):
    """One pixel of one instance after the other."""
    e = features.shape[1]
    out = torch.zeros(B, N, H, W)
    for b, n, i, j in [(b, n, i, j) for b in range(B) for n in range(N) for i in range(H) for j in range(W)]:
        numbers = iter(params[b, n].tolist())

        def take(*shape, numbers=numbers):
            count = torch.Size(shape).numel()
            return torch.tensor([next(numbers) for _ in range(count)]).view(shape)

        w1, w2, w3 = take(hidden, e + 2), take(hidden, hidden), take(1, hidden)
        b1, b2, b3 = take(hidden), take(hidden), take(1)
        pixel = torch.tensor([(j + 0.5) * STRIDE, (i + 0.5) * STRIDE])
        x = torch.cat([(centres[b, n] - pixel) / (STRIDE * SIZE_OF_INTEREST), features[b, :, i, j]])
        x = torch.relu(w1 @ x + b1)
        x = torch.relu(w2 @ x + b2)
        out[b, n, i, j] = w3 @ x + b3
    return out


@pytest.mark.parametrize(("features", "hidden"), [(8, 8), (16, 8), (8, 5), (3, 4)])
def test_pixel_by_pixel(features, hidden):
    f, centres, params = inputs(features, hidden)
    expected = convolve_slowly(f, centres, params, hidden)
    torch.testing.assert_close(dynamic_mask_conv(f, centres, params, STRIDE), expected, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_condinst_gives_the_same_logits():
    f, centres, params = inputs()
    head = condinst()
    for b in range(B):
        info = InstanceData(param_preds=params[b], points=centres[b], strides=torch.full((N,), float(STRIDE)))
        (theirs,) = head.forward_single(f[b], info)
        ours = upsample_logits(dynamic_mask_conv(f, centres, params, STRIDE), 2)[b]
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("features", "hidden"), [(8, 8), (16, 8), (8, 4), (16, 16), (5, 9)])
def test_condinst_counts_the_same_numbers(features, hidden):
    layout = DynamicMaskLayout(features, hidden)
    head = condinst(features, hidden)
    assert layout.count == head.num_params
    assert list(layout.sizes) == head.weight_nums + head.bias_nums
    assert DynamicMaskLayout.of(features, layout.count) == layout


def test_the_papers_number():
    assert DynamicMaskLayout().count == 169


@pytest.mark.parametrize("count", [0, 1, 168, 170])
def test_numbers_that_make_no_layout_are_refused(count):
    with pytest.raises(ValueError, match=f"{count} numbers"):
        dynamic_mask_conv(torch.zeros(1, 8, 2, 2), torch.zeros(1, 1, 2), torch.zeros(1, 1, count), STRIDE)


def test_no_instances_give_no_masks():
    assert dynamic_mask_conv(torch.zeros(1, 8, H, W), torch.zeros(1, 0, 2), torch.zeros(1, 0, 169), STRIDE).shape == (
        1, 0, H, W,
    )  # fmt: skip


def test_gradients_reach_features_centres_and_params():
    f, centres, params = (x.requires_grad_() for x in inputs())
    dynamic_mask_conv(f, centres, params, STRIDE).sum().backward()
    assert all((x.grad != 0).any() for x in (f, centres, params))


def test_masks_come_back_in_original_pixels():
    # a square of 16 to 48 pixels on an input of 64 that was a frame of 128
    logits = torch.full((2, 16, 16), -9.0)
    logits[0, 4:12, 4:12] = 9.0
    rles = encode_logits(logits, 4, FrameGeometry((120, 128), (60, 64)))
    assert rles[1] is None, "no pixel"
    (mask,) = decode([rles[0]], 120, 128)
    inside, outside = mask[36:92, 36:92], mask.copy()
    outside[28:100, 28:100] = 0
    assert inside.all()
    assert not outside.any()
