"""Where the error comes from: the numbers of the breakdown, against a table made by hand."""

import pandas as pd
import pytest

from podium.pipelines.amazon.evaluation import break_down_scores

PARAMETERS = {"price_bands": 2, "resamples": 200, "confidence": 0.9, "seed": 1}
#: SMAPE of a row: distance over the middle of both prices, in percent.
ROWS = pd.DataFrame(
    [
        # price, predicted, error, real image, group
        ("a", 2.0, 6.0, 100.0, True, 0),  # 4 / 4
        ("b", 6.0, 6.0, 0.0, False, 1),
        ("c", 10.0, 30.0, 100.0, True, 2),  # 20 / 20
        ("d", 30.0, 20.0, 40.0, False, 2),  # 10 / 25
        ("e", 40.0, 24.0, 50.0, False, 3),  # 16 / 32
    ],
    columns=["sample_id", "price", "predicted", "error", "real", "group"],
)


def broken_down(rows=ROWS):
    """The breakdown of a model that says `predicted`, and of one that is always right."""
    columns = ["model", "sample_id", "price", "predicted"]
    said = rows.assign(model="said")[columns]
    right = said.assign(model="right", predicted=said["price"])
    # Predictions come in another order than the rows.
    predictions = pd.concat([said.iloc[[3, 0, 4, 2, 1]], right], ignore_index=True)
    duplicates = pd.DataFrame(
        {"sample_id": rows["sample_id"], "rows": rows.groupby("group")["price"].transform("size")}
    )
    # The rows of the test stand below those of the training.
    images = pd.DataFrame(
        {"sample_id": [*rows["sample_id"], "t1", "t2"], "is_real": [*rows["real"], True, False]}
    )
    table = break_down_scores(
        predictions, rows[["sample_id", "price", "group"]], duplicates, images, PARAMETERS
    )
    assert list(table) == ["model", "by", "group", "rows", "score", "ci_low", "ci_high"]
    return table.set_index(["model", "by", "group"])


@pytest.mark.parametrize(
    ("by", "group", "rows", "score"),
    [
        ("price_band", "below 10", 2, (100 + 0) / 2),
        ("price_band", "from 10", 3, (100 + 40 + 50) / 3),
        ("image", "placeholder", 3, (0 + 40 + 50) / 3),
        ("image", "real image", 2, (100 + 100) / 2),
        ("duplicates", "single listing", 3, (100 + 0 + 50) / 3),
        ("duplicates", "has duplicates", 2, (100 + 40) / 2),
    ],
)
def test_each_part_has_the_mean_of_its_rows(by, group, rows, score):
    table = broken_down()
    assert len(table) == 12
    found = table.loc[("said", by, group)]
    assert found["rows"] == rows
    assert found["score"] == pytest.approx(score)
    assert 0 <= found["ci_low"] <= found["score"] <= found["ci_high"] <= 100
    right = table.loc[("right", by, group)]
    assert right.tolist() == [rows, 0, 0, 0]


def test_intervals_are_drawn_over_groups():
    """Both rows with duplicates are of one product: there is nothing to draw from."""
    table = broken_down()
    alike = table.loc[("said", "duplicates", "has duplicates")]
    assert alike[["ci_low", "ci_high"]].tolist() == pytest.approx([70, 70])
    single = table.loc[("said", "duplicates", "single listing")]
    assert single["ci_low"] < single["score"] < single["ci_high"]


def test_a_part_without_rows_is_left_out():
    table = broken_down(ROWS.assign(real=True))
    assert table.loc[("said", "image", "real image"), "rows"] == 5
    assert ("said", "image", "placeholder") not in table.index
