"""Parts and checks that fail, crash and hang."""

import json
import math
import sys
import textwrap

import pytest

from mmvis_ext.testing.gpu_check import FailedError, Options, SkippedError, driver, run_checks, run_in_process, summary

OPTIONS = Options("cpu", "mmcv")


def fails(**figures):
    raise FailedError("too far", **figures)


def skips():
    raise SkippedError("no such thing here")


def test_a_failing_check_does_not_stop_the_others():
    checks = [
        ("a", lambda: fails(deviation=2.0)),
        ("b", lambda: 1 / 0),
        ("c", skips),
        ("d", lambda: dict(fps=3.0)),
    ]
    outcomes = [outcome for outcome in run_checks(checks, 1e9) if outcome["status"] != "running"]
    a, b, c, d = ({key: value for key, value in outcome.items() if key != "seconds"} for outcome in outcomes)
    assert a == dict(name="a", status="failed", reason="too far", deviation=2.0)
    assert (b["status"], b["reason"]) == ("failed", "ZeroDivisionError: division by zero")
    assert "1 / 0" in b["traceback"]
    assert c == dict(name="c", status="skipped", reason="no such thing here")
    assert d == dict(name="d", status="passed", fps=3.0)
    assert [summary(part) for part in (outcomes, [c], [c, d])] == ["failed", "skipped", "passed"]


def test_no_check_begins_after_the_time_is_over():
    (outcome,) = run_checks([("late", lambda: fails())], -1.0)
    assert (outcome["status"], outcome["reason"]) == ("skipped", "the time of this part was over")


def process(lines, then: str) -> list[str]:
    """A part that does one check well and then something in the middle of the next."""
    script = f"""
        import os, time
        with open({str(lines)!r}, "w") as file:
            file.write('{{"name": "a", "status": "running"}}\\n{{"name": "a", "status": "passed"}}\\n')
            file.write('{{"name": "b", "status": "running", "began": %f}}\\n' % time.time())
        {then}
    """
    return [sys.executable, "-c", textwrap.dedent(script)]


@pytest.mark.parametrize(
    ("then", "said"), [("os._exit(3)", "exit code 3"), ("os.abort()", "exit code -6"), ("time.sleep(60)", "too long")]
)
def test_a_check_that_takes_the_process_along_is_reported(then, said, tmp_path, monkeypatch):
    monkeypatch.setattr(driver, "GRACE", 5.0)
    monkeypatch.setattr(driver, "LONG", 0.1)
    part = run_in_process(process(tmp_path / "lines", then), 1.0, tmp_path / "lines")
    assert part["status"] == "failed"
    a, b = part["checks"]
    assert a == dict(name="a", status="passed")
    assert b["status"] == "failed"
    assert said in b["reason"]


def test_a_check_that_began_too_late_to_end_is_no_failure(tmp_path, monkeypatch):
    monkeypatch.setattr(driver, "GRACE", 5.0)
    part = run_in_process(process(tmp_path / "lines", "time.sleep(60)"), 1.0, tmp_path / "lines")
    assert part["status"] == "passed"
    assert part["checks"][1]["status"] == "skipped"
    assert part["checks"][1]["reason"] == "the time of this part was over"


def test_a_part_that_never_begins_is_reported(tmp_path):
    part = run_in_process([sys.executable, "-c", "raise SystemExit(3)"], 30.0, tmp_path / "lines")
    assert (part["status"], part["checks"]) == ("failed", [])
    assert part["reason"] == "its process ended with exit code 3"


def test_outcomes_are_json_whatever_was_measured(tmp_path):
    driver.run_here(lambda _: [("a", lambda: dict(losses=[math.inf, 1.0]))], OPTIONS, 1.0, tmp_path / "lines")
    last = (tmp_path / "lines").read_text().splitlines()[-1]
    assert json.loads(last, parse_constant=pytest.fail)["losses"] == ["inf", 1.0]
