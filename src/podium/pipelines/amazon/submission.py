"""Stage submission: refit on all rows, price the test rows, write what the organiser takes."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pandas as pd

from podium.pipelines.amazon.evaluation import Evaluation
from podium.pipelines.amazon.feature_engineering import (
    FeatureParameters,
    products_of,
    training_products,
)
from podium.pipelines.amazon.modeling import stack_members
from podium.pipelines.amazon.models import build_models
from podium.pipelines.amazon.submission_rules import rules
from podium.pipelines.shared import Compute, accepted, chosen_model
from podium.pricing.best_constant import best_constant
from podium.pricing.catalog_rows import CONTENT, PRICE, SAMPLE_ID
from podium.pricing.feature_set import FeatureSet
from podium.pricing.fitted_prices import FittedPrices
from podium.pricing.price_stack import PriceStack
from podium.vision.downloading.downloaded import DownloadedImages

logger = logging.getLogger(__name__)

_DECIMALS = 4


def refit_models(
    train_products: pd.DataFrame,
    image_features: pd.DataFrame,
    images: DownloadedImages,
    folds: pd.DataFrame,
    member_prices: pd.DataFrame,
    models: dict[str, PriceStack],
    leaderboard: pd.DataFrame,
    feature_parameters: dict[str, Any],
    declared: dict[str, Any],
    evaluation: dict[str, Any],
    compute: dict[str, Any],
) -> FittedPrices:
    """Fit what the submission is made by on all training rows: `final_models`.

    `models` are those that modeling has fitted on all rows already, the stack; `declared` are the
    blocks of parameters. The stack's weights come from the out-of-fold prices of all rows; a member
    that weighs nothing is not fitted.
    """
    settings = Compute.parse(compute)
    prices, groups = folds[PRICE].to_numpy(), folds["group"].to_numpy()
    constant = best_constant(prices)
    chosen = chosen_model(leaderboard, Evaluation.parse(evaluation))
    names, final = [chosen] if chosen in member_prices else [], None
    unseen = member_prices[names].to_numpy()
    if chosen in models:
        stack = models[chosen]
        members = stack_members(member_prices, declared)
        unseen = stack.predict(member_prices[members].to_numpy())
        kept = np.flatnonzero(stack.weights_)
        names = [members[place] for place in kept]
        final = stack.restricted(kept)
    if not names:
        return FittedPrices(constant, None, {}, None)
    products = training_products(train_products, image_features, images)
    wanted = FeatureParameters.parse(feature_parameters)
    features, same_text = wanted.build(settings), wanted.build_same_text()
    same_text.fit(products.texts, prices, unseen.ravel())
    own = features.fit_transform(products, prices, groups)
    makes = build_models(declared, settings)
    fitted = {}
    for name in names:
        fitted[name] = makes[name]().fit(own, prices, groups)
        logger.info("%s is fitted on all %s rows", name, f"{len(products):,}")
    logger.info(
        "%s training rows have a copy: prices of known texts are drawn to those by %.1f",
        f"{same_text.judged_rows_:,}",
        same_text.weight_,
    )
    columns = image_columns(image_features)
    return FittedPrices(constant, features, fitted, final, columns, same_text)


def build_test_features(
    test_products: pd.DataFrame,
    image_features: pd.DataFrame,
    images: DownloadedImages,
    final_models: FittedPrices,
) -> FeatureSet:
    """Features of the products that a price is asked for; bare where no model needs them.

    `image_features` and `images` end with the rows of these products; numbers that the first lacks
    count as those of a product without an image.
    """
    rows = len(test_products)
    own = image_features.tail(rows).reset_index(drop=True)
    numbers = own.reindex(index=range(rows), columns=list(final_models.image_columns))
    places = len(images.pictures) - rows + np.arange(rows)
    pictures = images.pictures.take(places)
    return final_models.features_of(products_of(test_products, numbers, pictures))


def predict_prices(
    test_products: pd.DataFrame, test_features: FeatureSet, final_models: FittedPrices
) -> pd.DataFrame:
    """The price of every product: `test_predictions` (sample_id, price, and what each model said).

    The price is that of the stack or chosen model, drawn towards what the same text costs in
    training. The rows stand in the order of the products.
    """
    members = final_models.member_prices(test_features)
    if not members:
        constant = final_models.constant
        logger.warning("there is no fitted model: every row gets the best constant, %g", constant)
    table = test_products.reindex(columns=[SAMPLE_ID]).reset_index(drop=True)
    texts = test_products[CONTENT].tolist()
    return table.assign(**{PRICE: final_models.combined(members, texts)}, **members)


def order_prices(test_predictions: pd.DataFrame, test: pd.DataFrame) -> pd.DataFrame:
    """`sample_id`, `price` in the order of the test file, not yet checked."""
    prices = test_predictions.set_index(SAMPLE_ID)[PRICE].reindex(test[SAMPLE_ID])
    return pd.DataFrame({SAMPLE_ID: test[SAMPLE_ID], PRICE: prices.round(_DECIMALS).to_numpy()})


def check_submission(ordered_prices: pd.DataFrame, test: pd.DataFrame) -> pd.DataFrame:
    """Let a submission pass that keeps every rule of the organiser.

    Raises:
        SubmissionError: if any rule is broken, so that nothing is written.
    """
    return accepted(ordered_prices, rules(test[SAMPLE_ID].tolist()), "as many test rows")


def image_columns(image_features: pd.DataFrame) -> tuple[str, ...]:
    """Names of the numbers of an image."""
    return tuple(str(name) for name in image_features if name not in (SAMPLE_ID, "is_real"))
