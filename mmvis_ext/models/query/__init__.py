from .attention import FactorisedTemporoSpatialAttention
from .cascade import QueryCascade
from .dynamic_conv import TemporalDynamicConv, fuse_neighbours
from .initial import InitialQueries
from .instance_cascade import InstanceCascade
from .propagation import FeatureBank, IntraQueryAttention, Propagated
from .pyramid import Pyramid, align_rows, as_pyramid
from .roi import StaticRoIExtractor
from .stage import QueryStage, StageOutput, TrackletStage
from .tracklet_cascade import TrackletCascade

__all__ = [
    "FactorisedTemporoSpatialAttention",
    "FeatureBank",
    "InitialQueries",
    "InstanceCascade",
    "IntraQueryAttention",
    "Propagated",
    "Pyramid",
    "QueryCascade",
    "QueryStage",
    "StageOutput",
    "StaticRoIExtractor",
    "TemporalDynamicConv",
    "TrackletCascade",
    "TrackletStage",
    "align_rows",
    "as_pyramid",
    "fuse_neighbours",
]
