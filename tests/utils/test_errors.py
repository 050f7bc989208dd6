"""Errors at the command line: a sentence for bad input, and for a defect a sentence and a log with its traceback."""

import json
import os
import sys
import tempfile

import pytest
from mmengine.logging import MMLogger
from torch.utils.data import DataLoader

from mmvis_ext.utils.errors import ERROR_FILE, InputError, command_line

SENTENCE = "file.json: annotation 3 has no frames; remove it."


def outcome(capsys, main, *args) -> tuple[int, str]:
    """Exit code and what stands on stderr."""
    with pytest.raises(SystemExit) as caught:
        command_line(main)(*args)
    return caught.value.code, capsys.readouterr().err


def raising(error: BaseException):
    def main():
        raise error

    return main


def test_bad_input_ends_with_its_sentence(capsys):
    assert outcome(capsys, raising(InputError(SENTENCE))) == (1, f"error: {SENTENCE}\n")


@pytest.mark.parametrize(("returned", "code"), [(None, 0), (0, 0), (3, 3)])
def test_the_result_is_the_exit_code(capsys, returned, code):
    assert outcome(capsys, lambda: returned) == (code, "")


def test_arguments_are_passed_on(capsys):
    assert outcome(capsys, lambda a, b: a + b, 2, 3) == (5, "")


@pytest.fixture
def logs(tmp_path, monkeypatch):
    """The folder of logs of programs that have none of their own; afterwards there is no current logger."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    MMLogger._instance_dict.clear()
    return tmp_path


DEFECTS = [ValueError("x\ny"), KeyError("x"), RuntimeError(), AssertionError("half \ud800"), MemoryError()]


@pytest.mark.parametrize("error", DEFECTS, ids=repr)
def test_a_defect_ends_with_the_place_of_its_traceback(error, logs, capsys):
    code, said = outcome(capsys, raising(error))
    (log,) = logs.iterdir()
    assert code == 1
    assert said.startswith(f"error: stopped by an error that is not known here ({type(error).__name__}")
    assert f"its traceback is in {log}, and --traceback as an argument shows it" in said
    assert len(said.splitlines()) == 1
    assert "Traceback (most recent call last)" in log.read_text()
    assert "in raising" in log.read_text() or "in main" in log.read_text()


def test_a_run_with_a_log_keeps_the_traceback_there(logs, capsys):
    logger = MMLogger.get_instance("a run", log_file=str(logs / "run.log"))
    code, said = outcome(capsys, raising(KeyError("a defect")))
    logger.handlers.clear()
    assert code == 1
    assert f"its traceback is in {logs / 'run.log'}" in said
    assert "KeyError: 'a defect'" in (logs / "run.log").read_text()
    assert [p.name for p in logs.iterdir()] == ["run.log"]


def test_a_defect_is_said_even_where_no_log_can_be_written(logs, capsys, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(logs / "none"))
    assert "its traceback is in no file" in outcome(capsys, raising(KeyError("x")))[1]


@pytest.mark.parametrize("error", [*DEFECTS, InputError(SENTENCE)], ids=repr)
def test_the_traceback_is_shown_where_it_is_asked_for(error, monkeypatch):
    monkeypatch.setattr("sys.argv", ["tool", "a", "--traceback", "b"])
    with pytest.raises(type(error)):
        command_line(raising(error))()
    assert sys.argv == ["tool", "a", "b"], "the program does not see it"


def test_a_defect_while_a_file_problem_is_handled_is_not_taken_for_that(logs, capsys):
    def main():
        try:
            os.stat("/no/such/file")
        except OSError:
            {}["a defect in the fallback"]

    def quietly():
        try:
            os.stat("/no/such/file")
        except OSError:
            raise KeyError("a defect") from None

    for broken in (main, quietly):
        assert "(KeyError: 'a defect" in outcome(capsys, broken)[1]


def test_names_that_are_no_text_can_be_printed(capsys):
    assert outcome(capsys, lambda: print("half \ud800")) == (0, "")


def test_bad_input_is_found_behind_the_error_that_wraps_it(capsys):
    def main():
        try:
            raise InputError(SENTENCE)
        except InputError as error:
            raise RuntimeError("while building the data set") from error

    assert outcome(capsys, main) == (1, f"error: {SENTENCE}\n")


def test_a_file_problem_is_named_with_its_path(capsys):
    code, said = outcome(capsys, raising(OSError(28, "No space left on device", "/data/out.json")))
    assert code == 1
    assert said.startswith("error: No space left on device (/data/out.json): check")


def test_an_interrupt_and_a_closed_pipe_are_quiet(capsys):
    assert outcome(capsys, raising(KeyboardInterrupt())) == (130, "")
    assert outcome(capsys, raising(BrokenPipeError(32, "Broken pipe"))) == (1, "")


class Broken:
    """A data set whose second sample is bad input."""

    def __len__(self) -> int:
        return 2

    def __getitem__(self, i: int) -> int:
        if i:
            raise InputError(SENTENCE)
        return i


@pytest.mark.parametrize("workers", [0, 1])
def test_a_loading_workers_error_is_as_short_as_any(capsys, workers):
    loader = DataLoader(Broken(), num_workers=workers)
    assert outcome(capsys, lambda: list(loader) and None) == (1, f"error: {SENTENCE}\n")


def test_the_program_keeps_its_name():
    def main():
        """What it does."""

    assert (command_line(main).__name__, command_line(main).__doc__) == ("main", "What it does.")


def test_a_sentence_is_said_even_where_the_launcher_cannot_be_told(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv(ERROR_FILE, str(tmp_path / "missing" / "error.json"))
    code, said = outcome(capsys, raising(InputError("mend it.")))
    assert (code, said) == (1, "error: mend it.\n")
    monkeypatch.setenv(ERROR_FILE, str(tmp_path / "error.json"))
    assert outcome(capsys, raising(InputError("mend it."))) == (1, "")
    assert json.loads((tmp_path / "error.json").read_text())["message"] == "mend it."
