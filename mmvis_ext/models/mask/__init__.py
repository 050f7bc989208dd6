from .attention_maps import AttentionMaps
from .dynamic_mask import DynamicMaskLayout, MaskInputs, dynamic_mask_conv, upsample_logits
from .encode import encode_logits, encode_mask, encode_probabilities, encode_visible
from .mask_branch import MaskBranch
from .paste import crop_masks, mask_on_grid
from .roi_mask_head import RoIMaskHead
from .sequence_mask_head import SequenceMaskHead

__all__ = [
    "AttentionMaps",
    "DynamicMaskLayout",
    "MaskBranch",
    "MaskInputs",
    "RoIMaskHead",
    "SequenceMaskHead",
    "crop_masks",
    "dynamic_mask_conv",
    "encode_logits",
    "encode_mask",
    "encode_probabilities",
    "encode_visible",
    "mask_on_grid",
    "upsample_logits",
]
