from .dynamic_mask import DynamicMaskLayout, dynamic_mask_conv
from .mask_branch import MaskBranch
from .paste import crop_masks, encode_visible, mask_on_grid
from .roi_mask_head import RoIMaskHead

__all__ = [
    "DynamicMaskLayout",
    "MaskBranch",
    "RoIMaskHead",
    "crop_masks",
    "dynamic_mask_conv",
    "encode_visible",
    "mask_on_grid",
]
