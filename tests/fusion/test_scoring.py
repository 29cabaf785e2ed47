"""Counts and readings of out-of-fold predictions, by hand and against scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from sklearn import metrics

from podium.fusion.metrics import CELLS, macro_f1_of_counts
from podium.fusion.scoring import (
    READINGS,
    calibration_table,
    confusion_by_group,
    mean_probability,
    other_readings,
)

ROWS = pd.DataFrame({"id": list("abcd"), "label": [1, 0, 1, 0], "group": [5, 5, 2, 9]})


def predictions(model, *repeats, ids="abcd"):
    parts = [
        pd.DataFrame({"model": model, "repeat": number, "id": list(ids), "predicted": predicted})
        for number, predicted in enumerate(repeats, 1)
    ]
    return pd.concat(parts, ignore_index=True)


def test_counts_of_a_group_are_the_mean_of_the_repeats():
    """Group 5 holds a (1) and b (0); both right in the first repeat, both wrong in the second."""
    said = pd.concat(
        [predictions("two", [1, 0, 0, 1], [0, 1, 1, 1]), predictions("one", [1, 1, 1, 0])]
    )
    table = confusion_by_group(said, ROWS)
    assert list(table) == ["model", "group", *CELLS]
    assert table[["model", "group"]].to_numpy().tolist() == [
        [model, group] for model in ("one", "two") for group in (2, 5, 9)
    ]
    counts = table.set_index(["model", "group"])
    assert counts.loc[("one", 5)].tolist() == [1, 1, 0, 0]
    assert counts.loc[("one", 9)].tolist() == [0, 0, 0, 1]
    assert counts.loc[("two", 5)].tolist() == [0.5, 0.5, 0.5, 0.5]
    assert counts.loc[("two", 2)].tolist() == [0.5, 0, 0.5, 0]
    assert counts.loc[("two", 9)].tolist() == [0, 1, 0, 0]


def test_the_order_of_the_predictions_does_not_matter():
    said = predictions("m", [1, 0, 0, 1])
    pd.testing.assert_frame_equal(
        confusion_by_group(said, ROWS), confusion_by_group(said.iloc[::-1], ROWS.iloc[::-1])
    )


@pytest.fixture(scope="module")
def random_run():
    """Two repeats of 300 rows, the labels by id, in an order of their own."""
    generator = np.random.default_rng(4)
    ids = [f"r{at}" for at in range(300)]
    probability = generator.random((2, 300))
    labels = pd.Series((generator.random(300) < probability.mean(axis=0)).astype(int), index=ids)
    said = pd.concat(
        pd.DataFrame(
            {
                "model": "m",
                "repeat": repeat + 1,
                "id": ids,
                "probability": probability[repeat],
                "predicted": (probability[repeat] >= 0.4).astype(int),
            }
        ).sample(frac=1, random_state=repeat)
        for repeat in (0, 1)
    )
    return said, labels


def test_readings_are_those_of_scikit_learn(random_run):
    said, labels = random_run
    (row,) = other_readings(said, labels).to_dict("records")
    wanted = []
    for _, part in said.groupby("repeat"):
        truth = labels[part["id"]].to_numpy()
        f1 = metrics.f1_score(truth, part["predicted"], average=None)
        wanted.append(
            [
                *f1,
                metrics.accuracy_score(truth, part["predicted"]),
                metrics.roc_auc_score(truth, part["probability"]),
                metrics.log_loss(truth, part["probability"]),
            ]
        )
    assert [row[name] for name in READINGS[:5]] == pytest.approx(np.mean(wanted, axis=0))
    first = said[said["repeat"] == 1].assign(group=0)
    rows = pd.DataFrame({"id": labels.index, "label": labels.to_numpy(), "group": 0})
    counts = confusion_by_group(first, rows)[list(CELLS)].to_numpy()[0]
    truth = labels[first["id"]]
    f1 = metrics.f1_score(truth, first["predicted"], average="macro")
    assert macro_f1_of_counts(counts) == pytest.approx(f1)


def test_a_certain_error_costs_a_finite_log_loss():
    said = predictions("m", [0, 0, 1, 0]).assign(probability=[0.0, 0.0, 1.0, 0.0])
    (row,) = other_readings(said, ROWS.set_index("id")["label"]).to_dict("records")
    assert row["log_loss"] == pytest.approx(-np.log(1e-6) / 4, rel=1e-4)


def test_calibration_in_bins_of_equally_many_rows_by_hand():
    probability = np.array([0.9, 0.1, 0.2, 0.8, 0.4, 0.5])
    labels = np.array([1, 0, 1, 1, 0, 1])
    table = calibration_table(probability, labels, 3)
    assert table["said"].tolist() == pytest.approx([0.15, 0.45, 0.85])
    assert table["seen"].tolist() == [0.5, 0.5, 1]
    assert table["rows"].tolist() == [2, 2, 2]
    for row in table.itertuples():
        interval = binomtest(int(row.seen * 2), 2).proportion_ci(0.95, "wilson")
        assert (row.low, row.high) == pytest.approx((interval.low, interval.high), abs=1e-9)
    (reading,) = other_readings(
        pd.DataFrame(
            {
                "model": "m",
                "repeat": 1,
                "id": range(6),
                "probability": probability,
                "predicted": labels,
            }
        ),
        pd.Series(labels),
    ).to_dict("records")
    # Six rows, ten bins asked for: each row is a bin.
    assert reading["calibration_error"] == pytest.approx(np.abs(probability - labels).mean())
    assert len(calibration_table(probability, labels, 10)) == 6


def test_the_mean_probability_is_by_row(random_run):
    said, _ = random_run
    other = said.assign(model="other", probability=0.0)
    means = mean_probability(pd.concat([said, other]), "m")
    assert means["r7"] == pytest.approx(said.loc[said["id"] == "r7", "probability"].mean())
    assert len(means) == 300
