from .clustering import Instances, class_scores, cluster_instances
from .decoder import DenseDecoder
from .grid import spatial_grid
from .head import DenseHead, DenseOutput
from .heatmap import draw_centres
from .probability import instance_probabilities, pixel_probability
from .targets import DenseTargets

__all__ = [
    "DenseDecoder",
    "DenseHead",
    "DenseOutput",
    "DenseTargets",
    "Instances",
    "class_scores",
    "cluster_instances",
    "draw_centres",
    "instance_probabilities",
    "pixel_probability",
    "spatial_grid",
]
