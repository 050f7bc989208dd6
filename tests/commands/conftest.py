import pytest

from mmvis_ext.commands import main


@pytest.fixture
def mmvis(monkeypatch, capsys):
    """Runs the program in this process; returns its exit code and what it printed on stdout and stderr."""

    def run(*arguments: object):
        monkeypatch.setattr("sys.argv", ["mmvis", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code, *capsys.readouterr()

    return run
