"""Mask features from the feature pyramid (CondInst; InsPro, Sec. 3.2)."""

from collections.abc import Sequence

from mmdet.models.dense_heads.condinst_head import MaskFeatModule

__all__ = ["MaskBranch"]


class MaskBranch(MaskFeatModule):
    """CondInst's mask feature branch as mmdet implements it, on the pyramid levels from ``stride`` to the coarsest.

    ``forward`` takes the pyramid levels and returns mask features (B, out_channels, h, w) at ``stride``.

    Args:
        in_channels: channels of each level.
        strides: strides of the pyramid's levels, in pixels.
        stride: stride of the mask features, one of ``strides``.
        out_channels: E, channels of the mask features.
        feat_channels: channels of the branch's inner convolutions.
        num_convs: number of convolutions after the levels have been summed.
        norm_cfg: config of the normalisation after its convolutions; ``None`` for BatchNorm.

    Raises:
        ValueError: the pyramid has no level of that stride.
    """

    def __init__(
        self, in_channels: int, strides: Sequence[int], stride: int = 8, out_channels: int = 8,
        feat_channels: int = 128, num_convs: int = 4, norm_cfg: dict | None = None,
    ) -> None:  # fmt: skip
        if stride not in strides:
            raise ValueError(f"A mask branch of stride {stride} needs a pyramid level of it; there are {strides}.")
        super().__init__(
            in_channels=in_channels,
            feat_channels=feat_channels,
            start_level=list(strides).index(stride),
            end_level=len(strides) - 1,
            out_channels=out_channels,
            mask_stride=stride,
            num_stacked_convs=num_convs,
            norm_cfg=norm_cfg or dict(type="BN"),
        )
