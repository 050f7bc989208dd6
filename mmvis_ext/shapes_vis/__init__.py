"""ShapesVIS: seeded videos of textured shapes with exact masks, in the layouts of five public datasets."""

from .config import TRAITS, SceneConfig
from .generate import generate
from .layouts import LAYOUTS
from .looks import CATEGORIES
from .presets import PRESETS, Preset, get_preset
from .render import MIN_VISIBLE, Rendered, render
from .scene import Actor, Scene, sample_scene
from .truth import TrackTruth, VideoTruth, describe

__all__ = [
    "CATEGORIES",
    "LAYOUTS",
    "MIN_VISIBLE",
    "PRESETS",
    "TRAITS",
    "Actor",
    "Preset",
    "Rendered",
    "Scene",
    "SceneConfig",
    "TrackTruth",
    "VideoTruth",
    "describe",
    "generate",
    "get_preset",
    "render",
    "sample_scene",
]
