"""Stage submission: refit on both parts, predict the test rows, write what the organiser takes."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pandas as pd

from podium.fusion.cross_fitting import NestedLogits, fit_all
from podium.fusion.embedding_table import EmbeddingTable
from podium.fusion.ensemble import FittedEnsemble
from podium.fusion.majority import majority_class
from podium.pipelines.echoes.evaluation import Evaluation
from podium.pipelines.echoes.models import build_models, final_rules, read_modeling
from podium.pipelines.echoes.submission_rules import rules
from podium.pipelines.shared import Compute, accepted, chosen_model

logger = logging.getLogger(__name__)


def refit_models(
    train: EmbeddingTable,
    test: EmbeddingTable,
    folds: pd.DataFrame,
    nested_logits: dict[str, NestedLogits],
    blend_weights: pd.DataFrame,
    leaderboard: pd.DataFrame,
    models: dict[str, Any],
    parameters: dict[str, Any],
    evaluation: dict[str, Any],
    compute: dict[str, Any],
) -> FittedEnsemble:
    """Fit what the submission is made by on all training rows: `final_models`.

    Blend and threshold come from the out-of-fold logits of all rows. Empty where no model
    was fitted in time.
    """
    if not nested_logits:
        return FittedEnsemble({}, {})
    settings, wanted = Compute.parse(compute), read_modeling(parameters, models)
    members = blend_weights.loc[blend_weights["in_blend"], "model"].tolist()
    chosen = chosen_model(leaderboard, Evaluation.parse(evaluation))
    found = final_rules(nested_logits, train.labels, members, wanted, settings)
    if chosen not in found:
        return FittedEnsemble({}, {})
    names, rule = found[chosen]
    makes = build_models(models, wanted.pseudo_labels, test, settings)
    fitted = fit_all(
        {name: makes[name] for name in names},
        train.pairs,
        train.labels,
        groups=folds["group"].to_numpy(),
        workers=settings.threads,
    )
    return FittedEnsemble(fitted, {chosen: (names, rule)})


def predict_test(
    train: EmbeddingTable, test: EmbeddingTable, final_models: FittedEnsemble
) -> pd.DataFrame:
    """Probability and label of every test row: `test_predictions` (id, probability, predicted)."""
    table = pd.DataFrame({"id": test.rows["id"]})
    if not final_models.rules:
        label = majority_class(train.labels)
        logger.warning("there is no fitted model: every row gets the majority class, %d", label)
        return table.assign(probability=float(train.labels.mean()), predicted=np.int64(label))
    ((name, said),) = final_models.predict(test.pairs).items()
    share = said.predicted.mean()
    logger.info("%s: %.1f %% of the test rows are of class 1", name, 100 * share)
    return table.assign(probability=said.probability, predicted=said.predicted)


def order_rows(test_predictions: pd.DataFrame, asked_rows: pd.DataFrame) -> pd.DataFrame:
    """The labels in the order of the submission: `row_id`, `target`, not yet checked."""
    labels = test_predictions.set_index("id")["predicted"]
    targets = labels.reindex(asked_rows["row_id"]).to_numpy()
    return pd.DataFrame({"row_id": asked_rows["row_id"], "target": targets})


def check_submission(ordered_rows: pd.DataFrame, asked_rows: pd.DataFrame) -> pd.DataFrame:
    """Let a submission pass that keeps every rule of the organiser.

    Raises:
        SubmissionError: if any rule is broken, so that nothing is written.
    """
    return accepted(ordered_rows, rules(asked_rows["row_id"].tolist()), "as many test rows")
