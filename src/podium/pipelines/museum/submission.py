"""Stage submission: the vectors of all images, whitened on all of them, and the checked file."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from podium.common.shards import Arrays
from podium.common.submission import SubmissionError
from podium.pipelines.museum.evaluation import Evaluation, submitted_model
from podium.pipelines.museum.modeling import blocks_of, make_joined
from podium.pipelines.museum.models import VERIFIED, ModelingParameters, NeighbourParameters
from podium.pipelines.museum.submission_rules import vector_faults
from podium.pipelines.shared import Compute
from podium.retrieval.fallback_vectors import fill_zero_rows
from podium.retrieval.joined_vectors import JoinedVectors, rows_of
from podium.retrieval.neighbour_drawing import draw_together, pairs_from, weigh_pairs
from podium.retrieval.vector_table import VectorTable
from podium.retrieval.verified_neighbours import accept_pairs

logger = logging.getLogger(__name__)


def fit_whitening(
    vectors: Mapping[str, Arrays],
    train: pd.DataFrame,
    encoders: dict[str, Any],
    parameters: dict[str, Any],
) -> JoinedVectors:
    """Learn all projections anew from all images, held-out ones included: `final_models`."""
    images = blocks_of(vectors, "images")
    wanted = ModelingParameters.parse(parameters)
    rows = rows_of(images, train["image"].to_numpy("int64"))
    return make_joined(encoders, list(images), wanted).fit(rows)


def compute_vectors(
    vectors: Mapping[str, Arrays],
    final_models: JoinedVectors,
    neighbours: Mapping[str, Arrays],
    leaderboard: pd.DataFrame,
    test: pd.DataFrame,
    parameters: dict[str, Any],
    neighbour_parameters: dict[str, Any],
    compute: dict[str, Any],
) -> np.ndarray:
    """One vector of length 1 for each image: `test_predictions`, (images, dimensions) float32.

    An image without any content for the encoders, such as one that cannot be read, gets a random
    vector of its own, near to none.
    """
    rules = NeighbourParameters.parse(neighbour_parameters)
    own = submitted_model(leaderboard, Evaluation.parse(parameters), rules)
    single, found = final_models.transform(blocks_of(vectors, "images"))
    found = single.get(own, found)
    if own == VERIFIED:
        pairs = pairs_from(*(neighbours["images"][n] for n in ("first", "second", "inliers")))
        weights = weigh_pairs(pairs, rules.drawing)
        believed = len(accept_pairs(pairs, rules.drawing.acceptance))
        logger.info(
            "%d pairs of images are verified, %d doubtful", believed, len(weights) - believed
        )
        found = draw_together(found, weights, rules.strength)
    filled, count = fill_zero_rows(found, test["image_name"].tolist(), Compute.parse(compute).seed)
    if count:
        logger.warning("%d images have no content: their vectors are random", count)
    logger.info("vectors of %s: %d images, %d dimensions", own, *filled.shape)
    return filled


def check_submission(test_predictions: np.ndarray, test: pd.DataFrame) -> VectorTable:
    """Let vectors pass that keep every rule of the organiser.

    Raises:
        SubmissionError: if any rule is broken, so that nothing is written.
    """
    table = VectorTable(test["ID"].to_numpy(), test["image_name"].tolist(), test_predictions)
    faults = vector_faults(table, test["image_name"].tolist())
    if faults:
        raise SubmissionError(faults)
    logger.info("submission checked: %d images, no fault", len(test))
    return table
