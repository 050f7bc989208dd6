"""From soft masks to RLE in original pixels.

There is one function per way of enlarging masks, since each model's original code does it differently. Masks are
enlarged one at a time on a CPU and :data:`TOGETHER` at a time on a GPU, so memory does not grow with their number.
"""

from collections.abc import Callable

import numpy as np
import torch.nn.functional as F
from mmdet.models.roi_heads.mask_heads.fcn_mask_head import _do_paste_mask
from mmdet.models.utils import aligned_bilinear
from torch import Tensor

from mmvis_ext.models.dense.grid import resize
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.structures.rle import RLE, encode, encode_columns

__all__ = ["encode_logits", "encode_mask", "encode_probabilities", "encode_visible"]

MASK_THR = 0.5
TOGETHER = 16  # on a GPU, which would otherwise wait for the CPU after every mask


def encode_visible(masks: Tensor, boxes: Tensor, visible: Tensor, size: tuple[int, int]) -> list[list[RLE | None]]:
    """Paste masks that are predicted inside boxes into original frames, and encode them.

    Args:
        masks: (N,T,s,s) probabilities, each on an s x s grid inside its box.
        boxes: (N,T,4) xyxy in original pixels, not clipped.
        visible: (N,T) bool; where it is false, the result is ``None``.
        size: (H, W) of the original frames.

    Returns:
        N lists of T RLEs; ``None`` also where no pixel reaches probability 0.5 or the box is outside the frame.
    """
    masks, boxes = masks.float().cpu(), boxes.float().cpu()
    x1, y1, x2, y2 = boxes.unbind(-1)
    meets = (x1 < x2) & (y1 < y2) & (x1 < size[1]) & (y1 < size[0]) & (x2 > 0) & (y2 > 0) & boxes.isfinite().all(-1)
    n, t = visible.shape
    out: list[list[RLE | None]] = [[None] * t for _ in range(n)]
    for i, j in (visible.cpu() & meets).nonzero().tolist():
        region, (rows, columns) = _do_paste_mask(masks[i, j][None, None], boxes[i, j][None], *size, skip_empty=True)
        frame = np.zeros((1, *size), dtype=np.uint8)
        frame[:, rows, columns] = (region >= MASK_THR).numpy()
        if frame.any():
            out[i][j] = encode(frame)[0]
    return out


def encode_logits(logits: Tensor, stride: int, geometry: FrameGeometry) -> list[RLE | None]:
    """Encode the masks of one frame as CondInst does: probabilities are enlarged with mmdet's ``aligned_bilinear``.

    Args:
        logits: (P,h,w), one per ``stride`` x ``stride`` input pixels.
        stride: input pixels per logit.
        geometry: original and resized size of the frame.

    Returns:
        P RLEs; ``None`` where no pixel reaches probability 0.5.
    """
    soft = logits.sigmoid()
    return _encode_full(soft, lambda m: aligned_bilinear(m, stride), geometry, lambda full: full >= MASK_THR)


def encode_probabilities(
    probabilities: Tensor, padded: tuple[int, int], geometry: FrameGeometry
) -> list[RLE | None]:  # fmt: skip
    """Encode the masks of one frame as SRNet does: probabilities are enlarged with aligned corners.

    Args:
        probabilities: (n,h,w), aligned with the corners of the padded input.
        padded: (H, W) of the padded input.
        geometry: original and resized size of the frame.

    Returns:
        n RLEs; ``None`` where no pixel is above 0.5.
    """
    return _encode_full(probabilities, lambda m: resize(m, padded), geometry, lambda full: full > MASK_THR)


def encode_mask(logits: Tensor, padded: tuple[int, int], geometry: FrameGeometry) -> RLE | None:
    """Encode one mask as mmdet's Mask2Former does: logits, not probabilities, are enlarged and compared with zero.

    Args:
        logits: (h,w) over the padded frame.
        padded: (H, W) of the padded input.
        geometry: original and resized size of the frame.

    Returns:
        RLE; ``None`` if no pixel is above probability 0.5.
    """
    return _encode_full(
        logits[None].float(),
        lambda m: F.interpolate(m, padded, mode="bilinear", align_corners=False),
        geometry,
        lambda full: full > 0,
    )[0]


def _encode_full(
    masks: Tensor, enlarge: Callable[[Tensor], Tensor], geometry: FrameGeometry, inside: Callable[[Tensor], Tensor]
) -> list[RLE | None]:
    """Enlarge soft masks (n,h,w), cut the padding off, resize to original pixels, apply the threshold and encode."""
    (h, w), out = geometry.resized, []
    for some in masks.split(_together(masks)):
        full = enlarge(some[:, None])[..., :h, :w]
        if geometry.resized != geometry.original:  # otherwise it would change nothing
            full = F.interpolate(full, geometry.original, mode="bilinear", align_corners=False)
        columns = inside(full[:, 0]).transpose(1, 2).contiguous().cpu().numpy()
        rles = encode_columns(columns)
        out += [rle if column.any() else None for rle, column in zip(rles, columns, strict=True)]
    return out


def _together(masks: Tensor) -> int:
    return TOGETHER if masks.is_cuda else 1
