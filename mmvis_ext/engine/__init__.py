from mmvis_ext.utils.stack import import_mmdet

import_mmdet()

from mmvis_ext.checkpoints import read_checkpoint

from .atomic import AtomicBackend
from .bfloat16 import BFloat16OptimWrapper
from .checkpointing import ActivationCheckpointingHook
from .checkpoints import check_fit, check_resumable, check_start, latest_checkpoint, refuse_pickles
from .curves import CurvesHook
from .hooks import CheckClassesHook, CheckSlotsHook, CheckStartHook, FiniteLossHook
from .loops import VideoTestLoop, VideoValLoop
from .muon import MuonAdamW
from .progress import OutcomeHook, WallTimerHook
from .saving import EarlyStoppingHook, PlainCheckpointHook
from .speed_hook import SpeedHook
from .torchvision_weights import load_torchvision_weights
from .visualization_hook import TrackVisualizationHook, ValidationSheetHook

__all__ = [
    "ActivationCheckpointingHook",
    "AtomicBackend",
    "BFloat16OptimWrapper",
    "CheckClassesHook",
    "CheckSlotsHook",
    "CheckStartHook",
    "CurvesHook",
    "EarlyStoppingHook",
    "FiniteLossHook",
    "MuonAdamW",
    "OutcomeHook",
    "PlainCheckpointHook",
    "SpeedHook",
    "TrackVisualizationHook",
    "ValidationSheetHook",
    "VideoTestLoop",
    "VideoValLoop",
    "WallTimerHook",
    "check_fit",
    "check_resumable",
    "check_start",
    "latest_checkpoint",
    "load_torchvision_weights",
    "read_checkpoint",
    "refuse_pickles",
]
