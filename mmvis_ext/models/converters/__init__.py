from .condinst import add_condinst
from .conversion import Conversion
from .mask_rcnn import convert_mask_rcnn
from .sparse_rcnn import convert_sparse_rcnn, matching_rows

__all__ = ["Conversion", "add_condinst", "convert_mask_rcnn", "convert_sparse_rcnn", "matching_rows"]
