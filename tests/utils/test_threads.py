"""Work beside the main thread."""

import threading
import time

import pytest

from mmvis_ext.utils.threads import Handover, read_ahead


def test_items_come_in_their_order():
    assert list(read_ahead(range(100), 3)) == list(range(100))
    assert list(read_ahead([], 1)) == []


def test_no_more_than_asked_for_wait():
    taken = []

    def items():
        for i in range(20):
            taken.append(i)
            yield i

    reader = read_ahead(items(), 2)
    assert next(reader) == 0
    time.sleep(0.2)
    assert len(taken) <= 1 + 2 + 1, "one given, two waiting, one in hand"
    reader.close()
    time.sleep(0.2)
    assert len(taken) <= 4


def test_an_error_comes_in_its_turn():
    def items():
        yield 1
        raise ZeroDivisionError

    reader = read_ahead(items(), 5)
    assert next(reader) == 1
    with pytest.raises(ZeroDivisionError):
        next(reader)


def test_who_leaves_early_leaves_no_thread_and_closes_the_source():
    closed, before = [], threading.active_count()

    def items():
        try:
            yield from range(10**9)
        finally:
            closed.append(True)

    reader = read_ahead(items(), 2)
    next(reader)
    reader.close()
    assert closed == [True]
    assert threading.active_count() == before


def test_handed_over_in_order_and_done_at_the_end():
    done = []

    def work(item):
        time.sleep(0.001)
        done.append(item)

    with Handover(work, 2) as take:
        for i in range(30):
            take(i)
    assert done == list(range(30))


def fail_at(place, count=1000):
    done = []

    def work(item):
        if item == place:
            raise ZeroDivisionError
        done.append(item)

    with Handover(work, 1) as take:
        for i in range(count):
            take(i)
    return done


@pytest.mark.parametrize("count", [6, 1000])
def test_an_error_of_the_work_is_raised(count):
    with pytest.raises(ZeroDivisionError):
        fail_at(5, count)


def test_an_error_of_the_block_is_not_hidden():
    def block():
        with Handover(lambda _: 1 / 0, 1) as take:
            take(1)
            raise KeyError

    with pytest.raises(KeyError):
        block()
