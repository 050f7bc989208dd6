"""Test a model: compute metrics if there are annotations, write result files for a benchmark, draw pictures."""

import argparse
from typing import TYPE_CHECKING

from mmvis_ext.utils.arguments import finite
from mmvis_ext.utils.errors import InputError

from .arguments import add_config_arguments
from .launcher import in_processes

if TYPE_CHECKING:
    from mmengine.config import Config

__all__ = ["EXAMPLE", "add_arguments", "run"]

EXAMPLE = (
    "mmvis test configs/efficientvis/efficientvis_small_shapesvis-mini.py work_dirs/small/epoch_7.pth --out small.zip"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_config_arguments(parser)
    parser.add_argument("checkpoint", help="checkpoint file")
    parser.add_argument(
        "--out", metavar="PATH", help="path of the results: YouTube-VIS .zip or .json; DAVIS, cells: folder"
    )
    parser.add_argument("--format-only", action="store_true", help="only write --out, do not compute metrics")
    parser.add_argument(
        "--show-dir", metavar="DIR", help="draw ground truth (left) and prediction (right), as pictures and videos"
    )
    parser.add_argument(
        "--show-number", type=int, default=None, metavar="N", help="draw the data set's first N videos only"
    )
    parser.add_argument(
        "--score-thr", type=finite, default=0.3, help="lowest score of a track that is drawn (default: 0.3)"
    )
    parser.add_argument("--half", action="store_true", help="compute in half precision: bfloat16 on a CPU")
    parser.add_argument(
        "--compile",
        action="store_true",
        help="translate the model's step by torch.compile, on a GPU to a CUDA graph, for each size of frames",
    )


def run(args: argparse.Namespace) -> int | None:
    """Test."""
    if args.gpus is not None and args.launcher == "none":
        return in_processes(args.again, args.gpus)
    from mmvis_ext.checkpoints import read_checkpoint
    from mmvis_ext.engine.benchmarking import compile_step
    from mmvis_ext.engine.checkpoints import check_fit, refuse_pickles
    from mmvis_ext.engine.launch import build_runner, load_config
    from mmvis_ext.models.video_model import unwrapped

    refuse_pickles()
    cfg = load_config(args)
    _apply_arguments(cfg, args)
    checkpoint = read_checkpoint(args.checkpoint)
    cfg.load_from, cfg.resume = args.checkpoint, False
    runner = build_runner(cfg)
    check_fit(args.checkpoint, unwrapped(runner.model), checkpoint)
    if args.compile:
        compile_step(unwrapped(runner.model))
    runner.test()
    return None


def _apply_arguments(cfg: "Config", args: argparse.Namespace) -> None:
    """Apply the command-line arguments to the config."""
    from mmvis_ext.evaluation.video_metric import writing_metric

    if args.half and cfg.get("test_cfg"):
        cfg.test_cfg.fp16 = True  # what mmengine calls it; its dtype is that of the device
    evaluators = cfg.get("test_evaluator") or []
    evaluators = evaluators if isinstance(evaluators, list) else [evaluators]
    if args.format_only and not args.out:
        raise InputError("--format-only writes the results; say where with --out, such as --out FILE.zip.")
    if args.out:
        written = [(e, kind) for e in evaluators if (kind := writing_metric(e.get("type"))) is not None]
        if not written:
            raise InputError(
                f"{args.config}: has no metric in test_evaluator that writes results, which --out needs; add a "
                "YouTubeVISMetric, a DAVISMetric or a CellTrackingMetric."
            )
        metric, kind = written[0]
        metric.update(kind.writing(args.out, args.format_only))
    if args.show_dir:
        hook = dict(
            type="TrackVisualizationHook",
            out_dir=args.show_dir,
            score_thr=args.score_thr,
            max_videos=args.show_number,
        )
        cfg.custom_hooks = [*cfg.get("custom_hooks", []), hook]
