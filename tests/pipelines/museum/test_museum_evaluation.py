"""The stage evaluation on tables small enough to be worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from museum_stages import COMPUTE, parameters, predictions

from podium.common.time_budget import start_clock
from podium.pipelines.museum import evaluation
from podium.pipelines.museum.evaluation import (
    Evaluation,
    assemble_map,
    break_down_scores,
    hits_by_strength,
    rank_nearest_pairs,
    submitted_model,
)
from podium.pipelines.museum.models import JOINED, VERIFIED, NeighbourParameters

RULES = parameters("evaluation", resamples=200)
NEIGHBOURS = parameters("neighbours")


def board(**scores):
    return pd.DataFrame({"model": scores.keys(), "score": scores.values()})


@pytest.mark.parametrize(
    ("use", "joined", "verified", "submitted"),
    [
        ("always", 0.6, 0.5, VERIFIED),
        ("never", 0.5, 0.6, JOINED),
        ("auto", 0.5, 0.6, VERIFIED),
        ("auto", 0.6, 0.5, JOINED),
        ("auto", 0.5, 0.5, JOINED),
    ],
)
def test_neighbours_are_used_always_never_or_where_they_score_higher(
    use, joined, verified, submitted
):
    rows = board(vlad=0.9, joined=joined, joined_verified=verified)
    rules = NeighbourParameters.parse(NEIGHBOURS | {"use": use})
    assert submitted_model(rows, Evaluation.parse(RULES), rules) == submitted


@pytest.mark.parametrize(
    ("chosen", "submitted"), [(["gone", "vlad", JOINED], "vlad"), (["gone"], VERIFIED)]
)
def test_preferred_vectors_come_before_all_rules(chosen, submitted):
    rows = board(vlad=0.1, joined=0.5, joined_verified=0.6)
    rules = NeighbourParameters.parse(NEIGHBOURS | {"use": "auto"})
    assert submitted_model(rows, Evaluation.parse(RULES | {"chosen": chosen}), rules) == submitted


def test_a_misspelt_choice_is_warned_of(caplog):
    rows = board(vlad=0.9, joined=0.5, joined_verified=0.6)
    rules = NeighbourParameters.parse(NEIGHBOURS | {"use": "auto"})
    start_clock()
    submitted_model(rows, Evaluation.parse(RULES | {"chosen": ["vald"]}), rules)
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    for words in ("evaluation.chosen", "vald", f"; {VERIFIED} makes the submission"):
        assert words in record.getMessage()


RANKS = predictions(
    [
        ("a", "1", "p.jpg", "mixed", 1, 1),
        ("a", "2", "q.jpg", "mixed", 1, 4),
        ("a", "3", "p.jpg", "mixed", 3, 11),
        ("a", "4", "q.jpg", "mixed", 3, 10),
        ("a", "5", "p.jpg", "blur", 2, 3),
        ("b", "1", "p.jpg", "mixed", 1, 2),
        ("b", "2", "q.jpg", "mixed", 1, 1),
        ("b", "3", "p.jpg", "mixed", 3, 3),
        ("b", "4", "q.jpg", "mixed", 3, 3),
    ]
)


def test_effects_are_scored_by_model_and_strength():
    found = break_down_scores(RANKS, RULES).set_index(["model", "effect", "strength", "cutoff"])
    expected = {
        ("a", "blur", 2): (0, 1, 1),
        ("a", "mixed", 1): (0.5, 0.5, 1),
        ("a", "mixed", 3): (0, 0, 0.5),
        ("b", "mixed", 1): (0.5, 1, 1),
        ("b", "mixed", 3): (0, 1, 1),
    }
    assert len(found) == 3 * len(expected)
    for key, scores in expected.items():
        for cutoff, score in zip((1, 3, 10), scores, strict=True):
            row = found.loc[(*key, cutoff)]
            assert row["score"] == score and row["photos"] == (1 if key[1] == "blur" else 2)
            # Of two images a sample holds both, or one of them twice.
            bounds = (0, 1) if score == 0.5 else (score, score)
            assert (row["ci_low"], row["ci_high"]) == bounds


def test_photos_of_one_image_are_drawn_together():
    rows = [("a", str(rank), "p.jpg", "mixed", 1, rank) for rank in (1, 99)]
    row = break_down_scores(predictions(rows), RULES).iloc[0]
    assert (row["score"], row["ci_low"], row["ci_high"]) == (0.5, 0.5, 0.5)


def test_hits_by_strength_stand_in_the_order_of_the_leaderboard():
    found = hits_by_strength(break_down_scores(RANKS, RULES), board(b=0.9, a=0.2))
    assert found.astype({"model": "object"}).to_dict("list") == {
        "model": ["b", "b", "a", "a"],
        "strength": [1, 3, 1, 3],
        "photos": [2, 2, 2, 2],
        "hit_at_1": [0.5, 0, 0.5, 0],
        "hit_at_3": [1, 1, 0.5, 0],
        "hit_at_10": [1, 1, 1, 0.5],
        "ci_low": [1, 1, 0, 0],
        "ci_high": [1, 1, 1, 0],
    }


def at_angles(*degrees):
    radians = np.radians(degrees)
    return np.column_stack([np.cos(radians), np.sin(radians)]).astype("float32")


def test_the_nearest_pairs_with_what_verifies_them():
    # 0 and 1, 2 and 3 choose each other; 4 chooses 1.
    vectors = at_angles(0, 10, 90, 95, 40)
    test = pd.DataFrame({"image_name": list("abcde")})
    columns = {"first": np.array([0, 1, 0]), "second": np.array([1, 4, 2])}
    inliers = {"images": columns | {"inliers": np.array([30, 7, 9])}}
    found = rank_nearest_pairs(vectors, inliers, test, RULES, NEIGHBOURS)
    assert found[["first", "second"]].to_numpy().tolist() == [["c", "d"], ["a", "b"], ["b", "e"]]
    np.testing.assert_allclose(found["cosine"], np.cos(np.radians([5, 10, 30])), atol=1e-6)
    assert found["inliers"].tolist() == [0, 30, 7]
    assert found["verified"].tolist() == [False, True, False]
    fewer = rank_nearest_pairs(vectors, inliers, test, RULES | {"nearest_pairs": 1}, NEIGHBOURS)
    pd.testing.assert_frame_equal(fewer, found.head(1))


def test_the_map_says_what_was_found(monkeypatch):
    places = np.array([[0, 1], [2, 3], [np.nan, np.nan], [4, 5]], dtype="float32")
    asked = []

    def lay_out(vectors, most, seed):
        asked.append((vectors[:, 0].tolist(), most, seed))
        return places

    monkeypatch.setattr(evaluation, "embedding_map", lay_out)
    # Image 1 cannot be read, so that it is in no fold.
    folds = pd.DataFrame({"image": [0, 2, 3, 4], "image_name": list("acde")})
    ranks = predictions(
        [
            ("joined", "1", "a", "mixed", 1, 3),
            ("joined", "2", "a", "mixed", 3, 1),
            ("joined", "3", "a", "blur", 3, 99),
            ("joined", "4", "c", "mixed", 1, 1),
            ("joined", "5", "c", "mixed", 3, 4),
            ("vlad", "1", "a", "mixed", 1, 99),
            ("vlad", "4", "e", "mixed", 1, 1),
        ]
    )
    vectors = np.arange(5, dtype="float32")[:, None]
    rows = board(vlad=0.9, joined=0.5, joined_verified=0.4)
    wanted = RULES | {"most_map_images": 3}
    table = assemble_map(vectors, folds, ranks, rows, wanted, NEIGHBOURS, COMPUTE)
    assert asked == [([0, 2, 3, 4], 3, COMPUTE["seed"])]
    assert table.to_numpy().tolist() == [
        ["a", 0, 1, "found"],
        ["c", 2, 3, "missed"],
        ["e", 4, 5, "not held out"],
    ]
