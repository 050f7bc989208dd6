"""Check everything that a GPU may do differently, and write the results as JSON; see docs/benchmark.md.

Each part runs in a process of its own: one that fails, crashes or hangs is reported and does not stop the others. The
exit code is 1 if anything failed. With --device cpu the same checks run on tiny shapes, as far as they have a meaning
there. ``bash tools/gpu_check.sh`` runs the tests marked gpu first.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from mmvis_ext.testing.gpu_check import (
    EVERY,
    PARTS,
    ROI_LAYERS,
    Options,
    choose_roi_layer,
    mmcv_runs_on,
    run_here,
    run_in_process,
)
from mmvis_ext.utils.errors import InputError, command_line
from mmvis_ext.utils.files import require_writable_file, write_atomically

SYSTEMS = [system.name for system in EVERY]


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="gpu_check.json", metavar="FILE", help="results (default: gpu_check.json)")
    parser.add_argument("--device", default="cuda", help="cuda, cuda:1 ... or cpu (default: cuda)")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="only these parts")
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=SYSTEMS, help="only these models")
    parser.add_argument(
        "--seconds", type=float, default=60, help="time for each part; what one leaves, the next may use (default: 60)"
    )
    parser.add_argument(
        "--roi", choices=["auto", *ROI_LAYERS], default="auto",
        help="whose RoIAlign the models have; plain needs neither mmcv's nor torchvision's operators on the device "
        "(default: the first that runs there)",
    )  # fmt: skip
    parser.add_argument("--tests", type=int, metavar="CODE", help="exit code of the tests, for the report")
    parser.add_argument("--lines", type=Path, help=argparse.SUPPRESS)  # run the one part here, outcomes to this file
    return parser.parse_args()


def check(args: argparse.Namespace) -> None:
    if args.device != "cpu" and not args.device.startswith("cuda"):
        raise InputError(f"--device {args.device} is not known; give cpu, cuda or cuda:NUMBER.")
    if args.device != "cpu" and not torch.cuda.is_available():
        raise InputError(f"--device {args.device}: this machine has no CUDA device; take --device cpu.")
    if args.seconds <= 0:
        raise InputError(f"--seconds {args.seconds:g} is too short; give more than 0.")
    require_writable_file(args.out)


def conditions(args: argparse.Namespace) -> dict[str, Any]:
    on_gpu = args.device != "cpu"
    return dict(
        device=torch.cuda.get_device_name(args.device) if on_gpu else "cpu",
        torch=torch.__version__,
        cuda=torch.version.cuda if on_gpu else None,
        tiny=not on_gpu,
        roi=args.roi,
        mmcv_operators=mmcv_runs_on(args.device),
        seconds_per_part=args.seconds,
    )


def of_tests(args: argparse.Namespace) -> dict[str, Any]:
    """What the report says of the tests marked gpu."""
    if args.tests is None:
        return dict(status="skipped", reason="tools/gpu_check.sh runs them")
    if args.tests:
        return dict(status="failed", reason=f"pytest ended with exit code {args.tests}")
    return dict(status="passed") if args.device != "cpu" else dict(status="skipped", reason="they need a GPU")


def command_of(part: str, args: argparse.Namespace, seconds: float, lines: Path) -> list[str]:
    """The command that runs one part in its own process."""
    options = ["--device", args.device, "--roi", args.roi, "--seconds", str(seconds), "--systems", *args.systems]
    return [sys.executable, __file__, *options, "--parts", part, "--lines", str(lines)]


def tell(part: str, outcome: dict[str, Any]) -> None:
    for one in (outcome, *outcome.get("checks", ())):
        name = f"{part}: {one['name']}" if "name" in one else part
        print(f"{name:<50} {one['status']:<8}{one.get('seconds', 0):7.1f} s  {one.get('reason', '')}", flush=True)


@command_line
def main() -> int:
    args = parse_args()
    if args.lines:
        run_here(PARTS[args.parts[0]], Options(args.device, args.roi, tuple(args.systems)), args.seconds, args.lines)
        return 0
    check(args)
    args.roi = choose_roi_layer(args.device) if args.roi == "auto" else args.roi
    start, report = time.monotonic(), conditions(args)
    report["parts"] = parts = dict(tests=of_tests(args))
    tell("tests", parts["tests"])
    for number, part in enumerate(args.parts, 1):
        with tempfile.TemporaryDirectory() as folder:
            lines, seconds = Path(folder) / "outcomes", max(1.0, start + number * args.seconds - time.monotonic())
            parts[part] = run_in_process(command_of(part, args, seconds, lines), seconds, lines)
        tell(part, parts[part])
        report["passed"] = all(outcome["status"] != "failed" for outcome in parts.values())
        report["seconds"] = round(time.monotonic() - start, 1)
        write_atomically(Path(args.out), json.dumps(report, indent=2).encode())
    print(f"{args.out}: {'all passed' if report['passed'] else 'something failed'} in {report['seconds']} s")
    return 0 if report["passed"] else 1


if __name__ == "__main__":
    main()
