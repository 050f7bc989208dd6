from .paste import crop_masks, encode_visible, mask_on_grid
from .roi_mask_head import RoIMaskHead

__all__ = ["RoIMaskHead", "crop_masks", "encode_visible", "mask_on_grid"]
