"""Seconds and peak memory of real work."""

import time

import psutil
import pytest

from podium.common import measure as measure_module
from podium.common.measure import Measure

MEGABYTE = 1 << 20


def resident_mb():
    return psutil.Process().memory_info().rss / MEGABYTE


# Other libraries give memory back meanwhile, so 200 MB more may show as somewhat less.


def held(megabytes):
    """Memory that is really used, every page of it."""
    return b"\x01" * (megabytes * MEGABYTE)


def test_seconds():
    with Measure() as measure:
        time.sleep(0.25)
    assert 0.25 <= measure.seconds < 5
    stopped = measure.seconds
    time.sleep(0.01)
    assert measure.seconds == stopped


def test_the_peak_is_seen_even_if_it_is_gone_at_the_end():
    before = resident_mb()
    with Measure() as measure:
        time.sleep(0.1)
        block = held(200)
        time.sleep(0.3)
        del block
        time.sleep(0.1)
    assert resident_mb() < before + 100
    assert before + 120 < measure.peak_memory_mb < before + 400


def test_the_peak_of_work_shorter_than_the_interval(monkeypatch):
    monkeypatch.setattr(measure_module, "_INTERVAL_SECONDS", 60.0)
    before = resident_mb()
    with Measure() as measure:
        time.sleep(0.1)
        block = held(200)
    assert measure.peak_memory_mb > before + 120
    del block


def test_the_peak_counts_what_the_process_held_before():
    block = held(200)
    with Measure() as measure:
        pass
    assert measure.peak_memory_mb > 200
    del block


def test_an_error_passes_through_and_is_measured():
    measure = Measure()
    with pytest.raises(KeyError), measure:
        time.sleep(0.1)
        raise KeyError("inside")
    assert measure.seconds >= 0.1
    assert not measure._sampler.is_alive()
