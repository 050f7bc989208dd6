from .class_rows import ClassRows
from .condinst import add_condinst
from .conversion import Conversion
from .convert import convert_weights
from .detr import convert_detr
from .efficientnet_lite import convert_efficientnet_lite
from .mask_rcnn import convert_mask_rcnn
from .queries import spread_queries
from .sparse_rcnn import convert_sparse_rcnn

__all__ = [
    "ClassRows",
    "Conversion",
    "add_condinst",
    "convert_detr",
    "convert_efficientnet_lite",
    "convert_mask_rcnn",
    "convert_sparse_rcnn",
    "convert_weights",
    "spread_queries",
]
