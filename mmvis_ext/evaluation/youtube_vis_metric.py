"""YouTube-VIS figures and the results file, from a model's tracks of whole videos."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mmengine.logging import MMLogger

from mmvis_ext.annotations.checks import videos_of
from mmvis_ext.annotations.json_file import load_json
from mmvis_ext.annotations.records import AnnotationFile
from mmvis_ext.registry import METRICS
from mmvis_ext.structures.tracks import VideoTracks
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import require_writable_file

from .report import class_table
from .submission import check_results_path, write_submission
from .video_lengths import ShortAndLong, evaluate_short_and_long
from .video_metric import VideoMetric
from .video_shares import ap_shares, check_shares_path, write_shares
from .ytvis_ap import AREA_RANGES, YTVISResult, evaluate_ytvis, matches_by_video

__all__ = ["YouTubeVISMetric"]


@dataclass
class VideoResults:
    """One video and its results in the official form. Not a dict, which mmengine would copy to its last mask."""

    video: dict
    entries: list[dict]


@METRICS.register_module()
class YouTubeVISMetric(VideoMetric):
    """AP and AR of YouTube-VIS (also OVIS, and box tubes), and the file for the benchmark's server.

    Each data sample holds ``pred_tracks`` (:class:`VideoTracks`) and ``video`` with its ``id`` and its ``truth``, a
    :class:`VideoRecord` or ``None`` where the split has no annotations. The data set's meta holds ``classes`` and,
    where the ids of the file are not 1, 2, ..., ``categories``: dicts with ``id`` and ``name`` in label order.

    Args:
        top_k: number of (track, class) pairs kept per video.
        min_score: pairs with a lower score are left out.
        classes_per_track: with how many of its classes, the best ones, a track is kept; all of them if ``None``.
        iou_types: ``segm`` compares masks, ``bbox`` boxes; figures of the second type carry its name in front. With
            ``bbox`` the results file holds ``bboxes`` too.
        area_ranges: all, small, medium, large: mean area of an object in pixels.
        crowd_shares: see :func:`evaluate_ytvis`. With it and with COCO's area ranges the figures of images, read as
            videos of one frame, are COCO's.
        long_videos: path of an annotation file that lists the long videos, as YouTube-VIS 2022 has one. The figures of
            short and long videos are then given apart, with ``short_`` and ``long_`` in front, and AP is the mean of
            both. Where there is no such file, a warning says so and all videos are judged together.
        classwise: log a table of the classes.
        outfile: path of the results file, ``.zip`` or ``.json``.
        format_only: write the file and compute nothing.
        shares_file: path of a JSON file for the figures and what each video gives to AP, see :mod:`.video_shares`.
        collect_device: ``cpu`` or ``gpu``, how the processes' results are brought together.
        prefix: stands before each figure's name.

    Raises:
        InputError: an argument has a wrong value.
    """

    default_prefix = "youtube_vis"

    def __init__(
        self,
        top_k: int = 100,
        min_score: float = 0.0,
        classes_per_track: int | None = None,
        iou_types: Sequence[str] = ("segm",),
        area_ranges: Sequence[tuple[float, float]] = AREA_RANGES,
        crowd_shares: bool = False,
        long_videos: str | None = None,
        classwise: bool = False,
        outfile: str | None = None,
        format_only: bool = False,
        shares_file: str | None = None,
        collect_device: str = "cpu",
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if not iou_types or isinstance(iou_types, str) or not set(iou_types) <= {"segm", "bbox"}:
            raise InputError(f"YouTubeVISMetric: iou_types is a list of 'segm' and 'bbox', not {iou_types!r}.")
        if len(area_ranges) != 4 or not all(len(r) == 2 and r[0] <= r[1] for r in area_ranges):
            raise InputError(
                f"YouTubeVISMetric: area_ranges are four rising pairs (all, small, medium, large), not {area_ranges!r}."
            )
        if classes_per_track is not None and classes_per_track < 1:
            raise InputError(f"YouTubeVISMetric: classes_per_track is at least 1, or None, not {classes_per_track}.")
        if format_only and outfile is None:
            raise InputError("YouTubeVISMetric: format_only=True writes a file; give its path as outfile.")
        if shares_file is not None and (crowd_shares or long_videos is not None):
            raise InputError(
                "YouTubeVISMetric: shares_file knows AP of all videos alone; leave out crowd_shares and long_videos."
            )
        self.top_k = top_k
        self.min_score = min_score
        self.classes_per_track = classes_per_track
        self.iou_types = tuple(iou_types)
        self.area_ranges = tuple(area_ranges)
        self.crowd_shares = crowd_shares
        self.long_videos = long_videos
        self.classwise = classwise
        self.outfile = None if outfile is None else check_results_path(outfile)
        self.format_only = format_only
        self.shares_file = None if shares_file is None else check_shares_path(shares_file)

    @classmethod
    def writing(cls, path: str, format_only: bool) -> dict:
        require_writable_file(path)
        return dict(outfile=path, format_only=format_only)

    @property
    def categories(self) -> list[dict]:
        """``id`` and ``name`` of each class, in label order."""
        meta = self.dataset_meta or {}
        if meta.get("categories"):
            return [dict(id=c["id"], name=c["name"]) for c in meta["categories"]]
        return [dict(id=i, name=name) for i, name in enumerate(meta.get("classes", ()), start=1)]

    def process(self, data_batch: Any, data_samples: Sequence[Any]) -> None:
        """Keep each video and its results in the official form."""
        for sample in data_samples:
            sample = sample if isinstance(sample, dict) else sample.to_dict()
            self.results.append(VideoResults(sample["video"], self._official(sample["pred_tracks"])))

    def _official(self, tracks: VideoTracks) -> list[dict]:
        return tracks.official(
            [c["id"] for c in self.categories], self.top_k, self.min_score, self.classes_per_track,
            boxes="bbox" in self.iou_types,
        )  # fmt: skip

    def compute_metrics(self, results: list[list[VideoResults]]) -> dict[str, float]:
        """Write the file and compute the figures.

        Args:
            results: the videos of each process; a video that several processes saw counts once.

        Returns:
            AP, AP50, AP75, APs, APm, APl, AR1, AR10, AR100, ARs, ARm, ARl in 0..100, and AP_SO, AP_MO, AP_HO where the
            ground truth has OVIS' levels of occlusion; -1 where there is no ground truth to measure one on. Empty where
            the split has no annotations, and with ``format_only``.
        """
        logger = MMLogger.get_current_instance()
        kept = self.each_once(results)
        videos = [item.video for item in kept]
        entries = [entry for item in kept for entry in item.entries]
        if self.outfile is not None:
            write_submission(entries, self.outfile)
            logger.info(f"Wrote {len(entries)} results of {len(videos)} videos to {self.outfile}.")
        if self.format_only:
            return {}
        missing = [video["id"] for video in videos if video["truth"] is None]
        if missing or not videos:
            cause = f"{len(missing)} of {len(videos)} videos have no annotations" if videos else "there are no videos"
            logger.warning(f"AP cannot be computed: {cause}; send the results file to the benchmark's server instead.")
            return {}
        truth = AnnotationFile("the ground truth", self.categories, [video["truth"] for video in videos])
        figures = self._figures(truth, entries, logger)
        if self.shares_file is not None:
            matches = matches_by_video(truth, entries, self.iou_types[0])
            write_shares(self.shares_file, figures, ap_shares([video["id"] for video in videos], matches))
        return figures

    def _figures(self, truth: AnnotationFile, entries: list[dict], logger: MMLogger) -> dict[str, float]:
        figures: dict[str, float] = {}
        parts = self._by_length(truth, logger)
        for iou_type in self.iou_types:
            settings: dict[str, Any] = dict(
                iou_type=iou_type, area_ranges=self.area_ranges, crowd_shares=self.crowd_shares
            )
            result: YTVISResult | ShortAndLong
            if parts is None:
                result = evaluate_ytvis(truth, entries, **settings)
                tables = {"": result}
            else:
                result = evaluate_short_and_long(*parts, entries, **settings)
                tables = {" of short videos": result.short, " of long videos": result.long}
            front = "" if iou_type == self.iou_types[0] else f"{iou_type}_"
            figures |= {front + name: value for name, value in result.summary().items()}
            if self.classwise:
                for which, part in tables.items():
                    logger.info(f"Figures of each class{which} ({iou_type}):\n{class_table(part)}")
        return figures

    def _by_length(self, truth: AnnotationFile, logger: MMLogger) -> tuple[AnnotationFile, AnnotationFile] | None:
        """The short and the long videos, where they are told apart."""
        if self.long_videos is None:
            return None
        if not Path(self.long_videos).exists():
            logger.warning(
                f"{self.long_videos}: there is no such file, so long videos are not told from short ones; set the "
                "metric's long_videos to the list of the long ones."
            )
            return None
        ids = {v["id"] for v in videos_of(load_json(self.long_videos), self.long_videos)}
        short, long = ([v for v in truth.videos if (v.id in ids) == side] for side in (False, True))
        return replace(truth, videos=short), replace(truth, videos=long)
