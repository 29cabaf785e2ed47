"""Which photos a reader of the report sees."""

import pytest
from museum_stages import predictions

from podium.pipelines.museum.report import wall_queries

RANKS = predictions(
    [
        ("a", "easy", "p", "mixed", 1, 1),
        ("a", "hard", "p", "mixed", 3, 3),
        ("a", "also hard", "q", "mixed", 3, 2),
        ("a", "far", "q", "mixed", 2, 90),
        ("a", "missed", "p", "mixed", 2, 4),
        ("a", "hard and missed", "p", "mixed", 3, 4),
    ]
)


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (4, ["far", "hard and missed", "also hard", "hard"]),
        (3, ["far", "also hard", "hard"]),
        (1, ["also hard"]),
        (5, ["far", "hard and missed", "also hard", "hard", "easy"]),
        (9, ["far", "hard and missed", "missed", "also hard", "hard", "easy"]),
        (0, []),
    ],
)
def test_the_wall_shows_the_worst_misses_then_the_hardest_hits(count, shown):
    assert wall_queries(RANKS, count)["photo_name"].tolist() == shown


def test_where_all_hit_or_all_miss_the_wall_is_full_of_them():
    hits, misses = RANKS.head(3), RANKS.tail(3)
    assert wall_queries(hits, 3)["photo_name"].tolist() == ["also hard", "hard", "easy"]
    shown = wall_queries(misses, 2)["photo_name"].tolist()
    assert shown == ["far", "hard and missed"]
