from .attention import FactorisedTemporoSpatialAttention
from .cascade import TrackletCascade
from .dynamic_conv import TemporalDynamicConv, fuse_neighbours
from .initial import InitialTracklets
from .roi import StaticRoIExtractor
from .stage import StageOutput, TrackletStage

__all__ = [
    "FactorisedTemporoSpatialAttention",
    "InitialTracklets",
    "StageOutput",
    "StaticRoIExtractor",
    "TemporalDynamicConv",
    "TrackletCascade",
    "TrackletStage",
    "fuse_neighbours",
]
