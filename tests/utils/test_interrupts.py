"""Ending in good order."""

import os
import signal
import threading

import pytest

from mmvis_ext.utils.interrupts import stopping


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_noted_and_the_second_ends(number, capsys):
    before = signal.getsignal(number)
    with stopping("closing the files") as stop:
        assert not stop.asked
        os.kill(os.getpid(), number)
        assert stop.asked
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before
    assert "closing the files" in capsys.readouterr().err


def test_other_threads_leave_signals_alone():
    found = []

    def work():
        with stopping("nothing") as stop:
            found.append(stop.asked)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [False]
