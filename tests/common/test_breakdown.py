"""Scores of the parts as metrics: each under a name of its own that MLflow takes."""

import pandas as pd
import pytest
from mlflow.utils.validation import _validate_metric_name

from podium.common.breakdown import breakdown_metrics


def metrics_of(*groups, by="genre"):
    rows = [("als", by, group, 0.1 * number) for number, group in enumerate(groups, 1)]
    rows.append(("other", by, "elsewhere", 0.9))
    return breakdown_metrics(pd.DataFrame(rows, columns=["model", "by", "group", "score"]), "als")


def test_each_part_of_the_model_has_its_score():
    table = pd.DataFrame(
        [("als", "repeat", "new", 0.1), ("als", "age", "18_29", 0.2), ("pop", "age", "18_29", 0.3)],
        columns=["model", "by", "group", "score"],
    )
    assert breakdown_metrics(table, "als") == {"by_repeat.new": 0.1, "by_age.18_29": 0.2}


@pytest.mark.parametrize(
    ("group", "name"),
    [
        ("light (up to 20 listens)", "light _up to 20 listens_"),
        ("Қазақ эстрадасы", "Қазақ эстрадасы"),
        ("Rock'n'Roll", "Rock_n_Roll"),
        ("Hip-Hop / Rap", "Hip-Hop _ Rap"),
        ("../..//x", ".._..__x"),
        ("..", ".."),
        ("", "_"),
        (" ", "_"),
        ("<b>", "_b_"),
        ("x" * 400, "x" * 200),
    ],
)
def test_names_are_such_as_mlflow_takes_and_stay_readable(group, name):
    (found,) = metrics_of(group)
    assert found == f"by_genre.{name}"
    _validate_metric_name(found)
    _validate_metric_name(f"hearme.{found}")


def test_names_that_fall_together_are_numbered_and_no_score_is_lost():
    found = metrics_of("R&B", "R+B", "R_B 2", "R'B", "x" * 300, "x" * 301)
    names = ["R_B", "R_B 2", "R_B 2 2", "R_B 3", "x" * 200, "x" * 200 + " 2"]
    assert list(found) == [f"by_genre.{name}" for name in names]
    assert list(found.values()) == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    for name in found:
        _validate_metric_name(name)


def test_a_part_without_a_score_is_left_out():
    table = pd.DataFrame(
        [("als", "age", "18_29", float("nan"))], columns=["model", "by", "group", "score"]
    )
    assert breakdown_metrics(table, "als") == {}
