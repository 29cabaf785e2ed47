"""Work ahead of its use: order, bounds, errors."""

import threading
import time

import pytest

from podium.common.ordered_work import RangesAhead, work_ahead


def test_results_come_in_order_from_several_threads():
    names, together = set(), threading.Barrier(3)

    def slow(number):
        names.add(threading.current_thread().name)
        if number < 3:
            together.wait(60)
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
        wait_for(lambda count=5 + taken: len(begun) == count)
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


def wait_for(reached):
    until = time.monotonic() + 60
    while not reached() and time.monotonic() < until:
        time.sleep(0.005)
    time.sleep(0.05)  # and no further


def test_the_next_range_is_begun_while_nobody_asks_and_no_more_than_is_bounded():
    begun, before = [], threading.active_count()

    def note(number):
        begun.append(number)
        return -number

    ranges = [range(3), range(3, 20), range(20, 22)]
    work = RangesAhead(note, ranges, threads=2, ahead=4)
    assert begun == []
    assert list(work.take(0)) == [0, -1, -2]
    wait_for(lambda: len(begun) == 7)
    assert sorted(begun) == list(range(7))
    assert list(work.take(1)) == [-number for number in ranges[1]]
    assert list(work.take(2)) == [-20, -21]
    # Nothing was done twice, and nothing is left.
    assert (sorted(begun), threading.active_count()) == (list(range(22)), before)


def test_ranges_out_of_turn_and_again_give_the_same():
    ranges, before = [range(2), range(2, 2), range(2, 9)], threading.active_count()
    work = RangesAhead(lambda number: number * 10, ranges, threads=2, ahead=3)
    for place in (2, 0, 0, 1, 2, 1):
        assert list(work.take(place)) == [number * 10 for number in ranges[place]]
    work.close()
    assert threading.active_count() == before


def test_a_range_that_fails_or_is_left_ends_the_threads_and_can_be_taken_again():
    broken, before = [True], threading.active_count()

    def fail_at_five(number):
        if number == 5 and broken[0]:
            raise RuntimeError("five")
        return number

    work = RangesAhead(fail_at_five, [range(4), range(4, 8), range(8, 90)], threads=2, ahead=3)
    assert list(work.take(0)) == [0, 1, 2, 3]
    with pytest.raises(RuntimeError, match="five"):
        list(work.take(1))
    assert threading.active_count() == before
    broken[0] = False
    left = work.take(1)
    assert next(left) == 4
    left.close()
    assert threading.active_count() == before
    assert list(work.take(1)) == [4, 5, 6, 7]
    work.close()
