from .attention import FactorisedTemporoSpatialAttention
from .cascade import QueryCascade
from .dynamic_conv import TemporalDynamicConv
from .initial import InitialQueries
from .instance_cascade import InstanceCascade
from .neighbours import fuse_neighbours
from .propagation import FeatureBank, IntraQueryAttention, Propagated
from .pyramid import Pyramid, align_rows, as_pyramid, gather_pyramid
from .roi import StaticRoIExtractor
from .sequence_transformer import SequenceOutput, SequenceTransformer
from .sine_encoding import padded_tokens, sine_encoding
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
    "SequenceOutput",
    "SequenceTransformer",
    "StageOutput",
    "StaticRoIExtractor",
    "TemporalDynamicConv",
    "TrackletCascade",
    "TrackletStage",
    "align_rows",
    "as_pyramid",
    "fuse_neighbours",
    "gather_pyramid",
    "padded_tokens",
    "sine_encoding",
]
