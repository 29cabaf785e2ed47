"""Which photos a reader of the report sees, and how sure the numbers are."""

import pandas as pd
import pytest
from museum_stages import parameters, predictions

from podium.pipelines.museum.evaluation import break_down_scores
from podium.pipelines.museum.models import NeighbourParameters
from podium.pipelines.museum.report import (
    _effects_section,
    _neighbours_section,
    _strengths_section,
    wall_queries,
)

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


def test_every_table_of_scores_has_its_interval_in_one_column():
    ranks = RANKS.assign(model="joined")
    breakdown = break_down_scores(ranks, {"resamples": 200, "confidence": 0.9})
    scores = {"score": 0.5, "ci_low": 0.25, "ci_high": 0.75}
    leaderboard = pd.DataFrame({"model": ["joined"], "kind": ["encoder"]}).assign(**scores)
    rules = NeighbourParameters.parse(parameters("neighbours"))
    sections = (
        _neighbours_section(leaderboard, rules, 0.9),
        _strengths_section(breakdown, leaderboard, "joined", 0.9),
        _effects_section(breakdown, ranks, leaderboard, "joined", 0.9),
    )
    tables = [block for section in sections for block in section.blocks if block.is_table]
    assert len(tables) == 3
    shown = []
    for table in tables:
        headings = [heading for heading, _ in table.headings]
        assert headings[headings.index("Hit@3") + 1] == "90 % interval"
        shown.append([row[headings.index("90 % interval")] for row in table.rows])
    assert shown[0] == ["0.2500 to 0.7500"]
    hit = breakdown[breakdown["cutoff"] == 3]
    expected = [f"{row.ci_low:.4f} to {row.ci_high:.4f}" for row in hit.itertuples()]
    assert shown[1] == shown[2] == expected
