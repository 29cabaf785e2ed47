"""The fit log holds what each model cost, those left out, and what is made of them."""

import pandas as pd
import pytest

from podium.common.fit_log import FitCost, log_of_fits, with_blend, with_unfitted


@pytest.fixture
def log() -> pd.DataFrame:
    fitted = {"b": FitCost(2.0, 0.5, 70.0), "a": FitCost(1.0, 0.25, 90.0)}
    kinds = {"a": "baseline", "late": "classifier", "b": "classifier"}
    return log_of_fits(kinds, fitted, {"late": "left out: no time"})


def test_every_model_has_a_row_in_the_order_of_the_declaration(log: pd.DataFrame) -> None:
    assert log["model"].tolist() == ["a", "late", "b"]
    assert log["note"].tolist() == ["", "left out: no time", ""]
    assert log["fit_seconds"].isna().tolist() == [False, True, False]
    assert log["peak_memory_mb"].tolist()[::2] == [90.0, 70.0]


def test_without_any_fit_costs_are_numbers_still() -> None:
    nothing = log_of_fits({"a": "ranker"}, {}, {"a": "left out"})
    assert nothing["fit_seconds"].dtype == "float64"
    assert log_of_fits({}, {}, {}).columns.tolist() == nothing.columns.tolist()


def test_a_blend_takes_the_time_of_its_members_and_the_memory_of_the_largest(
    log: pd.DataFrame,
) -> None:
    row = with_blend(log, "blend", ["a", "b"]).iloc[-1]
    assert row.drop("note").tolist() == ["blend", "blend", 3.0, 0.75, 90.0]
    assert row["note"] == "of 2 members"
    alone = with_blend(log, "blend", ["b"]).iloc[-1]
    assert alone["note"] == "of b alone"
    assert alone["fit_seconds"] == 2.0
    assert with_blend(log, "blend", ["b"], "b + c").iloc[-1]["note"] == "b + c"


def test_a_baseline_without_a_fit_costs_nothing(log: pd.DataFrame) -> None:
    row = with_unfitted(log, "constant").iloc[-1]
    assert row["kind"] == "baseline"
    assert row[["fit_seconds", "predict_seconds", "peak_memory_mb"]].tolist() == [0, 0, 0]
