"""What the GPU check runs: the systems, at the paper's size on a GPU and tiny on a CPU."""

from dataclasses import dataclass
from typing import Any

import torch
from mmengine.config import Config

from mmvis_ext.engine.building import build_model, read_config
from mmvis_ext.models import VideoModel
from mmvis_ext.testing.tiny import CONFIGS, tiny_config, tiny_model

from .outcome import SkippedError
from .roi_layers import mmcv_runs_on, with_roi_layer

__all__ = ["BASELINES", "EVERY", "SYSTEMS", "VARIANTS", "Options", "System"]


@dataclass(frozen=True)
class System:
    """A model of the check.

    Attributes:
        name: in the report.
        config: relative to ``configs``, of the paper's size.
        static: whether ``forward_window`` is one graph whose shapes never change, see "One contract for models" in
            docs/architecture.md.
        needs_mmcv: whether it cannot run without mmcv's compiled operators, whichever RoI layer it has.
    """

    name: str
    config: str
    static: bool = True
    needs_mmcv: bool = False


SYSTEMS = (
    System("EfficientVIS", "efficientvis/efficientvis_r50_ytvis2019.py"),
    System("InsPro", "inspro/inspro_r50_ytvis2019.py"),
    System("SRNet", "srnet/srnet_r50_davis2019.py"),
)
"""The systems whose training is measured."""

VARIANTS = (
    System("InsPro-lite", "inspro/inspro-lite_r50_k10_ytvis2019.py"),
    System("InsPro-VID", "inspro/inspro-vid_r50_imagenet-vid.py"),
    System("InsProByDetection", "inspro/inspro_r50_tracking-by-detection_ytvis2019.py"),
    System("InsProTrackAndDetect", "inspro/inspro_r50_track-and-detect_ytvis2019.py", static=False),
)
BASELINES = (
    System("MaskTrack R-CNN", "baselines/masktrack-rcnn_r50_10-per-frame_ytvis2019.py", needs_mmcv=True),
    System("Mask2Former-VIS", "baselines/mask2former-vis_r50_ytvis2019.py", static=False, needs_mmcv=True),
    System("VisTR", "baselines/vistr_r50_ytvis2019.py", needs_mmcv=True),
    System("Salient object", "baselines/salient-object_lite0_davis2016.py"),
)
EVERY = (*SYSTEMS, *VARIANTS, *BASELINES)


@dataclass(frozen=True)
class Options:
    """How the check runs.

    Attributes:
        device: ``cpu``, ``cuda`` or ``cuda:NUMBER``. A CPU gets tiny models and frames, a GPU those of the papers.
        roi: the RoI layer, see :func:`with_roi_layer`.
        only: names of the systems to check; all if empty.
    """

    device: str
    roi: str
    only: tuple[str, ...] = ()

    def chosen(self, *systems: System) -> list[System]:
        """Those of the systems that are to be checked."""
        return [system for system in systems if system.name in self.only or not self.only]

    @property
    def on_gpu(self) -> bool:
        """Whether the device is a GPU."""
        return torch.device(self.device).type == "cuda"

    @property
    def size(self) -> tuple[int, int]:
        """(H, W) of the frames in pixels."""
        return (360, 640) if self.on_gpu else (64, 96)

    def config(self, system: System, tiny: bool | None = None) -> Config:
        """The system's config with the chosen RoI layer; tiny where not said otherwise on a CPU.

        Raises:
            SkippedError: the system needs operators that mmcv lacks on this device.
        """
        if system.needs_mmcv and not mmcv_runs_on(self.device):
            raise SkippedError(f"{system.name} needs mmcv's operators, which are not compiled for {self.device} here")
        tiny = not self.on_gpu if tiny is None else tiny
        cfg = tiny_config(name=system.config) if tiny else read_config(str(CONFIGS / system.config))
        cfg.model = with_roi_layer(cfg.model, self.roi)
        return cfg

    def model(self, system: System, tiny: bool | None = None) -> VideoModel:
        """The system's model on the device in test mode, with random weights."""
        tiny = not self.on_gpu if tiny is None else tiny
        cfg: Any = self.config(system, tiny)
        return (tiny_model(cfg) if tiny else build_model(cfg)).to(self.device)

    def require_gpu(self, what: str) -> None:
        """Raise :class:`SkippedError` on a CPU, on which ``what`` has no meaning."""
        if not self.on_gpu:
            raise SkippedError(f"{what} has no meaning on a CPU")
