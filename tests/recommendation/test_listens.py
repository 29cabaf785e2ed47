"""Lengths of tracks out of plays, and the cap; worked by hand."""

from __future__ import annotations

import ibis
import pandas as pd
import pytest

from podium.recommendation.listens import cap_listens, estimate_track_seconds


@pytest.mark.parametrize(
    ("plays", "expected", "from_plays"),
    [
        ([200, 200, 200, 180, 3, 3, 3, 3, 3], 200, True),
        ([200, 200, 190, 190], 200, True),
        ([200, 200, 600], 200, True),
        ([90, 150, 40], 150, True),
        ([30], 30, True),
        ([29, 29, 5], 210, False),
        ([0], 210, False),
    ],
)
def test_track_length_from_plays(plays: list[int], expected: int, from_plays: bool) -> None:
    listens = ibis.memtable(
        pd.DataFrame({"item_id": [7] * len(plays) + [8], "listened_seconds": [*plays, 99]})
    )
    items = ibis.memtable(
        pd.DataFrame({"item_id": [7, 8, 9], "track_seconds": pd.array([None, 100, None], "Int64")})
    )
    found = estimate_track_seconds(listens, items, 30, 210).execute()
    assert found.to_numpy().tolist() == [[7, expected, from_plays]]


def test_listens_are_capped_and_sorted() -> None:
    times = pd.to_datetime(["2025-03-02", "2025-03-01", "2025-03-01"])
    listens = ibis.memtable(
        pd.DataFrame(
            {
                "user_id": [1, 1, 0],
                "item_id": [5, 5, 5],
                "listened_at": times,
                "listened_seconds": [250, 50, 0],
            }
        )
    )
    items = ibis.memtable(pd.DataFrame({"item_id": [5, 6], "track_seconds": [200, 100]}))
    train = cap_listens(listens, items).execute()
    assert train["user_id"].tolist() == [0, 1, 1]
    assert train["listened_seconds"].tolist() == [0, 50, 200]
    assert train["fraction"].tolist() == [0.0, 0.25, 1.0]
    assert train["track_seconds"].dtype == "int32"
