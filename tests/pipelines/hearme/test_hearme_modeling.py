"""Which models the stage shows on the holdout, and which of them the fit log knows."""

import pandas as pd
import pytest
import ranked_folds as folds

from podium.common.time_budget import start_clock
from podium.pipelines.hearme.modeling import collect_holdout_predictions, fit_rankers


def modelled(rankers, compute=None):
    """Holdout predictions by model, and the fit log."""
    start_clock()
    _, predictions, costs, _ = fit_rankers(
        folds.features(),
        folds.targets(),
        rankers,
        folds.SOURCES,
        folds.SCORING,
        folds.MODELING,
        {**folds.COMPUTE, **(compute or {})},
    )
    names = ["fold", "source", "fit_seconds", "predict_seconds", "peak_memory_mb"]
    source_costs = pd.DataFrame([(1, name, 0, 0, 0) for name in folds.SOURCES], columns=names)
    oof, log = collect_holdout_predictions(
        folds.candidates(), predictions, source_costs, costs, folds.SOURCES, folds.MODELING
    )
    lists = {
        model: rows.groupby("user_id")["item_id"].agg(list) for model, rows in oof.groupby("model")
    }
    return lists, log.set_index("model")


def one_of(name):
    return {name: folds.rankers()[name]}


@pytest.mark.parametrize(
    ("rankers", "members"),
    [
        (folds.rankers(), "first + second + third"),
        (folds.rankers(second=0), "first + third"),
        (folds.rankers(second=0, third=0), "first"),
        (folds.rankers(first=0, second=0, third=0), None),
        (one_of("second"), "second"),
    ],
    ids=["all", "two weigh", "one weighs", "nobody weighs", "one alone"],
)
def test_what_is_shown_on_the_holdout_is_what_the_model_log_knows(rankers, members):
    lists, log = modelled(rankers)
    assert set(lists) == set(log.index)
    assert {*rankers, *folds.SOURCES} <= set(lists)
    assert ("blend" in lists) == (members is not None)
    if members is not None:
        assert log.at["blend", "note"] == members


def test_a_blend_of_one_ranker_lists_what_that_ranker_lists():
    """Weights of zero leave it in place, so that what was chosen is still there."""
    lists, _ = modelled(folds.rankers(second=0, third=0))
    assert lists["blend"].equals(lists["first"])
    assert not lists["blend"].equals(lists["second"])


def test_without_time_there_is_no_ranker_and_no_blend():
    lists, log = modelled(folds.rankers(), {"time_budget": 1e-6})
    assert set(lists) == set(folds.SOURCES)
    assert log.loc[list(folds.rankers()), "note"].str.startswith("left out").all()
    assert "blend" not in log.index
