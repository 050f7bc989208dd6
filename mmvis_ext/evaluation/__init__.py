"""Figures and results files; the metrics of mmengine's loops are imported when they are first asked for."""

from typing import TYPE_CHECKING

from mmvis_ext.utils.lazy import lazy_names

from .submission import read_results, write_submission
from .ytvis_ap import YTVISResult, evaluate_ytvis

if TYPE_CHECKING:
    from .cell_tracking_metric import CellTrackingMetric
    from .davis_metric import DAVIS2016Metric, DAVISMetric
    from .youtube_vis_metric import YouTubeVISMetric

__all__ = [
    "CellTrackingMetric", "DAVIS2016Metric", "DAVISMetric", "YTVISResult", "YouTubeVISMetric", "evaluate_ytvis",
    "read_results", "write_submission",
]  # fmt: skip

METRICS = dict(
    CellTrackingMetric="cell_tracking_metric", DAVIS2016Metric="davis_metric", DAVISMetric="davis_metric",
    YouTubeVISMetric="youtube_vis_metric",
)  # fmt: skip
__getattr__, __dir__ = lazy_names(__name__, METRICS)
