import numpy as np
import pandas as pd
import pytest

from podium.recommendation.breakdowns import activity_groups, attribute_groups, break_down
from podium.recommendation.metrics import Reading


def test_thirds_by_activity():
    listens = pd.Series({1: 5, 2: 1, 3: 9, 4: 0, 99: 1000})
    groups = activity_groups(listens, [1, 2, 3, 4, 5]).set_index("user_id")["group"]
    assert groups.to_dict() == {
        1: "medium (up to 5 listens)",
        2: "light (up to 1 listens)",
        3: "heavy (over 5 listens)",
        4: "no history",
        5: "no history",
    }


def test_small_groups_become_other_and_missing_ones_unknown():
    attributes = pd.DataFrame(
        {"user_id": range(7), "genre": ["Поп", "Поп", "Rock", "Rock", "Jazz", None, "Поп"]}
    )
    groups = attribute_groups(attributes, "genre", "genre", [0, 1, 2, 3, 4, 5, 7], largest=1)
    # Поп and Rock have two users each that count; the name decides.
    assert groups["group"].tolist() == [
        "other",
        "other",
        "Rock",
        "Rock",
        "other",
        "unknown",
        "unknown",
    ]
    assert groups.groupby("group")["position"].first().to_dict() == {
        "Rock": 0,
        "other": 1,
        "unknown": 2,
    }


def test_the_breakdown_worked_by_hand():
    predictions = pd.DataFrame(
        {"model": "m", "user_id": [1, 1, 2, 2], "item_id": [10, 11, 10, 12], "rank": [1, 2, 1, 2]}
    )
    targets = pd.DataFrame(
        [(1, 10, 1.0, True), (1, 11, 0.5, False), (1, 12, 1.0, False), (2, 10, 0.5, False)],
        columns=["user_id", "item_id", "best_listen", "repeat"],
    ).assign(total_listen=1.0)
    groups = pd.DataFrame(
        {
            "user_id": [1, 2, 3],
            "by": "age",
            "group": ["old", "young", "young"],
            "position": [1, 0, 0],
        }
    )
    table = break_down(predictions, targets, groups, Reading(), resamples=100, length=2)
    found = table.set_index("group")[["users", "score", "listened", "captured"]]
    # Worth per user: repeat 1/2 for user 1; new .5/2 for user 1 and 2; user 3 counts 0.
    expected = {
        "repeat": (1, 0.5 / 3, 0.5 / 3, 1.0),
        "new": (2, 0.5 / 3, (0.75 + 0.25) / 3, 0.5),
        "young": (2, 0.125, 0.125, 1.0),
        "old": (1, 0.75, 1.25, 0.6),
    }
    assert list(found.index) == list(expected)
    for group, values in expected.items():
        assert found.loc[group].tolist() == pytest.approx(list(values)), group


def test_a_group_that_heard_nothing_has_no_share_to_capture():
    predictions = pd.DataFrame({"model": "m", "user_id": [1], "item_id": [10], "rank": [1]})
    targets = pd.DataFrame(
        {"user_id": [1], "item_id": [10], "best_listen": 1.0, "total_listen": 1.0, "repeat": True}
    )
    groups = pd.DataFrame({"user_id": [1, 2], "by": "age", "group": ["a", "b"], "position": [0, 1]})
    table = break_down(predictions, targets, groups, Reading(), resamples=100).set_index("group")
    assert table.at["b", "score"] == 0 and np.isnan(table.at["b", "captured"])
    assert table.at["a", "captured"] == 1
