import pytest

from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.parallel import map_in_processes


def inverse(x: int) -> float:
    if x == 0:
        raise InputError("0 has no inverse; leave it out.")
    return 1 / x


@pytest.mark.parametrize("workers", [1, 2, None])
def test_results_keep_the_order(workers):
    assert map_in_processes(inverse, range(1, 9), workers=workers) == [1 / x for x in range(1, 9)]
    assert map_in_processes(inverse, [], workers=workers) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_errors_come_through(workers):
    with pytest.raises(InputError, match="0 has no inverse"):
        map_in_processes(inverse, range(3), workers=workers)


def test_progress_goes_to_stderr(capsys):
    map_in_processes(inverse, [1, 2], workers=1, progress=True, unit="file")
    out, err = capsys.readouterr()
    assert out == ""
    assert "2/2" in err


def test_no_workers():
    with pytest.raises(InputError, match="0 workers"):
        map_in_processes(inverse, [1], workers=0)
