"""What is known at a cut, to the second."""

from datetime import date

import numpy as np

CUT = date(2025, 8, 14)
ROWS = [
    (1, 10, "2025-08-14 23:59:59.99999", 1.0),  # the last that is known
    (1, 11, "2025-08-15 00:00:00", 1.0),  # not known
    (1, 12, "2025-08-14 00:00:00", 1.0),
    (2, 13, "2025-08-13 23:59:59.5", 1.0),
    (2, 14, "2025-08-13 00:00:00", 1.0),
    (3, 15, "2025-08-12 23:59:59.5", 1.0),
]


def ages(table):
    frame = table.to_pandas().sort_values("item_id")
    columns = (frame[name].astype(float).tolist() for name in ("age", "day"))
    return dict(zip(frame["item_id"].tolist(), zip(*columns, strict=True), strict=True))


def test_age_and_day_of_every_known_listen(make_history):
    history = make_history(ROWS, CUT, [1, 2])
    day = 86_400
    assert ages(history.listens) == {
        10: (0, 0),
        12: (day - 1, 0),
        13: (day, 1),
        14: (2 * day - 1, 1),
        15: (2 * day, 2),
    }
    assert history.end_epoch == 1_755_216_000


def test_recent_days_and_own_listens(make_history):
    history = make_history(ROWS, CUT, [2, 1, 9])
    assert set(ages(history.recent(1))) == {10, 12}
    assert set(ages(history.recent(2))) == {10, 12, 13, 14}
    assert set(ages(history.own_listens)) == {10, 12, 13, 14}
    assert np.sort(history.user_table.to_pandas()["user_id"]).tolist() == [1, 2, 9]
