"""Models in their stage: names that are declared, and the time that the naive split may take."""

import inspect
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from omegaconf import OmegaConf
from scipy.sparse import csr_matrix

from podium.common.parameters import ParameterError
from podium.pipelines.amazon import modeling
from podium.pipelines.amazon.pipeline import create_pipeline
from podium.pricing.cross_fitting import FoldFeatures
from podium.pricing.feature_set import FeatureSet

CONFIGURATION = Path(__file__).parents[3] / "conf" / "base"
ROWS, FOLDS, FEATURE_SECONDS = 18, 3, 10.0
LINEAR = {"kind": "baseline", "type": "podium.pricing.price_models.LinearPrice"}
MODELS = {"linear": LINEAR, "other": LINEAR, "left_out": LINEAR}
MODELING = {
    "smoothing": 0.1,
    "clip_quantiles": [0.001, 0.999],
    "naive_models": ["linear"],
    "reserve_seconds": 5,
    "reserve_share": 0,
}
#: Seconds of all three fits of a model; the third had no time.
FIT_LOG = pd.DataFrame({"model": list(MODELS), "fit_seconds": [40.0, 160.0, np.nan]})
#: The reserve; 2 folds of 3 took 10 seconds for their features, so all rows and as many test rows
#: take 30; and what took 200 seconds by 2 thirds of the rows, three times, takes 100 by all.
KEPT = 5 + 30 + 100


@pytest.fixture
def folds():
    numbers = np.arange(ROWS)
    return pd.DataFrame(
        {
            "sample_id": numbers.astype(str),
            "price": 1.0 + numbers,
            "group": numbers,
            "fold": numbers % FOLDS,
            "naive_fold": numbers // (ROWS // FOLDS),
        }
    )


def features_of(folds):
    def split(held):
        fitted, rest = np.flatnonzero(~held), np.flatnonzero(held)
        return FoldFeatures(bare(fitted), bare(rest), fitted, rest, FEATURE_SECONDS)

    cuts = {f"fold_{number}": (folds["fold"] == number).to_numpy() for number in range(FOLDS)}
    cuts |= dict.fromkeys(("naive", "copies"), (folds["naive_fold"] == 0).to_numpy())
    return {name: lambda held=held: split(held) for name, held in cuts.items()}


def bare(rows):
    nothing = np.empty((len(rows), 0), np.float32)
    table = pd.DataFrame({"row": rows.astype(np.float32)})
    terms = csr_matrix((len(rows), 1), dtype=np.float32)
    return FeatureSet(terms, nothing, nothing, table, pd.DataFrame(index=table.index))


def naive_splits(folds, budget, **changes):
    """The naive splits that were priced within a budget."""
    compute = {"seed": 1, "threads": 1, "time_budget": budget}
    parameters = {**MODELING, **changes}
    said = modeling.fit_naive_models(
        features_of(folds), folds, FIT_LOG, MODELS, parameters, compute
    )
    return set(said["split"])


def test_the_naive_split_leaves_the_time_of_all_that_is_fitted_for_the_submission(
    folds, monkeypatch
):
    """A second less than that and a few fits of 18 rows: nothing is begun."""
    monkeypatch.setattr("podium.common.time_budget.seconds_since_start", lambda: 1000.0)
    assert naive_splits(folds, 1000 + KEPT - 1) == set()
    assert naive_splits(folds, 1000 + KEPT + 60) == {"naive", "copies"}


def test_without_a_budget_or_naive_models_no_features_are_read_for_their_cost(folds):
    assert naive_splits(folds, None) == {"naive", "copies"}

    def unread():
        raise AssertionError("features are large")

    compute = {"seed": 1, "threads": 1, "time_budget": 1000}
    said = modeling.fit_naive_models(
        dict.fromkeys(features_of(folds), unread),
        folds,
        FIT_LOG,
        MODELS,
        {**MODELING, "naive_models": []},
        compute,
    )
    assert said.empty


@pytest.mark.parametrize("node", ["cross_fit_models", "fit_naive_models"])
def test_a_naive_model_that_is_not_declared_stops_before_any_fit(folds, node):
    inputs = [folds, FIT_LOG] if node == "fit_naive_models" else [folds]
    wrong = {**MODELING, "naive_models": ["linear", "rigde"]}
    with pytest.raises(ParameterError, match=r"modeling\.naive_models: 'rigde'.*linear, other"):
        getattr(modeling, node)({}, *inputs, MODELS, wrong, {"seed": 1, "threads": 1})


def test_a_naive_model_that_is_switched_off_is_left_out(folds):
    models = {**MODELS, "linear": {**LINEAR, "enabled": False}}
    compute = {"seed": 1, "threads": 1}
    members, log = modeling.cross_fit_models(features_of(folds), folds, models, MODELING, compute)
    assert "linear" not in members
    said = modeling.fit_naive_models(features_of(folds), folds, log, models, MODELING, compute)
    assert said.empty


def test_no_more_is_kept_in_reserve_than_by_the_other_challenges():
    """The features of the test rows are counted apart, by what those of the folds took."""
    shares = {
        path.parent.name: blocks[path.parent.name]["modeling"]["reserve_share"]
        for path in CONFIGURATION.glob("*/parameters.yml")
        if "modeling" in (blocks := OmegaConf.load(path)).get(path.parent.name, {})
    }
    others = [share for name, share in shares.items() if name != "amazon"]
    assert others and shares["amazon"] <= max(others), shares


def test_the_dataset_models_goes_by_its_name_in_every_node_that_reads_it():
    found = 0
    for node in create_pipeline().nodes:
        names = list(inspect.signature(node.func).parameters)
        if "amazon.models" in node.inputs:
            found += 1
            assert names[node.inputs.index("amazon.models")] == "models", node.name
    assert found
