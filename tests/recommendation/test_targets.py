"""Targets of a window, worked by hand."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from podium.recommendation.targets import listens_in_window, relevance, window_targets
from podium.recommendation.time_cuts import TimeCut

CUT = TimeCut(1, "holdout", date(2025, 8, 14), date(2025, 8, 16), date(2025, 8, 30))
ROWS = [
    # Heard before, then three times in the window: best 0.6, total above 1.
    (1, 10, "2025-08-14 23:59:59.9", 1.0),
    (1, 10, "2025-08-16 00:00:00", 0.6),
    (1, 10, "2025-08-20 10:00", 0.3),
    (1, 10, "2025-08-20 11:00", 0.3),
    # First and last moment of the window; new tracks.
    (1, 20, "2025-08-16 00:00:00", 0.1),
    (1, 20, "2025-08-17 00:00:00", 0.3),
    (1, 30, "2025-08-30 23:59:59.9", 0.7),
    # The gap belongs to neither history nor window.
    (1, 40, "2025-08-15 12:00", 1.0),
    (1, 50, "2025-08-15 12:00", 1.0),
    (1, 50, "2025-08-18 12:00", 0.5),
    # After the window; before it only; another user; a skip.
    (1, 60, "2025-08-31 00:00:00", 1.0),
    (1, 70, "2025-08-01 00:00:00", 1.0),
    (2, 10, "2025-08-20 00:00:00", 1.0),
    (3, 10, "2025-08-20 00:00:00", 1.0),
    (3, 80, "2025-08-20 00:00:00", 0.0),
]


@pytest.fixture(scope="module")
def targets(make_listens):
    listens = ibis.memtable(make_listens(ROWS))
    users = ibis.memtable(pd.DataFrame({"user_id": [1, 3, 4]}))
    frame = window_targets(listens, CUT, users).to_pandas()
    return frame.sort_values(["user_id", "item_id"], ignore_index=True)


def test_targets_worked_by_hand(targets):
    assert list(targets) == ["user_id", "item_id", "best_listen", "total_listen", "repeat"]
    rows = [tuple(row) for row in targets.round(9).itertuples(index=False)]
    assert rows == [
        (1, 10, 0.6, 1.0, True),
        (1, 20, 0.3, 0.4, False),
        (1, 30, 0.7, 0.7, False),
        (1, 50, 0.5, 0.5, False),
        (3, 10, 1.0, 1.0, False),
        (3, 80, 0.0, 0.0, False),
    ]


def test_the_window_holds_its_first_and_its_last_day(make_listens):
    found = listens_in_window(ibis.memtable(make_listens(ROWS)), CUT).to_pandas()
    assert sorted(set(found["item_id"])) == [10, 20, 30, 50, 80]
    assert len(found) == 10


@pytest.mark.parametrize(
    ("listen", "rounding", "expected"),
    [
        ("best", "quarters", [0.5, 0.25, 0.75, 0.5, 1, 0]),
        ("best", "continuous", [0.6, 0.3, 0.7, 0.5, 1, 0]),
        ("total", "quarters", [1, 0.5, 0.75, 0.5, 1, 0]),
        ("total", "continuous", [1, 0.4, 0.7, 0.5, 1, 0]),
    ],
)
def test_both_readings_of_the_statement(targets, listen, rounding, expected):
    found = relevance(targets, listen, rounding)
    assert found.dtype == np.float64
    assert found == pytest.approx(np.array(expected), abs=1e-9)


def test_a_track_of_no_length_has_no_total(make_listens):
    listens = make_listens([(1, 10, "2025-08-20", 0.5)]).assign(track_seconds=0)
    users = ibis.memtable(pd.DataFrame({"user_id": [1]}))
    assert window_targets(ibis.memtable(listens), CUT, users).to_pandas()["total_listen"][0] == 0
