"""Work ahead of its use: order, bounds, errors."""

import threading
import time

import pytest

from podium.common.ordered_work import work_ahead


def test_results_come_in_order_from_several_threads():
    names = set()

    def slow(number):
        names.add(threading.current_thread().name)
        time.sleep(0.005 * (number % 3))
        return number * 10

    assert list(work_ahead(slow, range(20), 3, 4)) == [number * 10 for number in range(20)]
    assert len(names) == 3
    assert list(work_ahead(slow, [], 3, 4)) == []


def test_no_more_is_begun_than_asked():
    begun = []
    results = work_ahead(begun.append, iter(range(100)), 2, 5)
    for taken in range(1, 4):
        next(results)
        time.sleep(0.05)
        assert sorted(begun) == list(range(5 + taken))
    results.close()
    time.sleep(0.05)
    assert len(begun) == 8


def test_an_error_comes_at_its_turn_and_ends_the_threads():
    done, before = [], threading.active_count()

    def fail_at_two(number):
        if number == 2:
            raise RuntimeError("two")
        done.append(number)
        return number

    results = work_ahead(fail_at_two, iter(range(1000)), 2, 3)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(RuntimeError, match="two"):
        next(results)
    assert (len(done) < 10, threading.active_count()) == (True, before)
