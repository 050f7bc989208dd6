from .davis_metric import DAVISMetric
from .submission import read_results, write_submission
from .youtube_vis_metric import YouTubeVISMetric
from .ytvis_ap import YTVISResult, evaluate_ytvis

__all__ = ["DAVISMetric", "YTVISResult", "YouTubeVISMetric", "evaluate_ytvis", "read_results", "write_submission"]
