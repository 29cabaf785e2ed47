"""Prices that only the copies of a product tell: the naive split must show them as known."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from raw_amazon import COMPUTE, text

from podium.pipelines.amazon import data_processing, feature_engineering, modeling
from podium.pipelines.amazon.split_comparison import compare_splits
from podium.pricing.metrics import smape
from podium.vision.downloading.downloaded import DownloadedImages, without_download

PRODUCTS, COPIES = 30, 3
FOLDS = {"few_rows": 2000, "count_of_few": 3, "count": 8, "many_rows": 20000, "count_of_many": 3}
FOLDS |= {"price_bands": 1, "naive_most_rows": 30000}
FEATURES = {"text": {"components": 16, "character_features": 0}, "prices": {"neighbours": [1, 5]}}
MODELS = {
    "ridge": {"kind": "baseline", "type": "podium.pricing.price_models.RidgePrice"},
    "text_neighbours": {
        "kind": "regressor",
        "type": "podium.pricing.neighbour_model.NeighbourPrice",
    },
}
MODELING = {
    "smoothing": 0.1,
    "clip_quantiles": [0.001, 0.999],
    "naive_models": list(MODELS),
    "reserve_seconds": 0,
    "reserve_share": 0,
}


@pytest.fixture(scope="module")
def tables():
    """Folds and the predictions of both splits. Each product is listed three times at one price."""
    product = np.repeat(np.arange(PRODUCTS), COPIES)
    drawn = np.exp(np.random.default_rng(1).normal(2.6, 1.0, PRODUCTS)).round(2)
    train = pd.DataFrame(
        {
            "sample_id": [str(at) for at in range(len(product))],
            "catalog_content": [text(at) for at in product],
            "image_link": [f"https://images.example/I/{at}.jpg" for at in range(len(product))],
            "price": drawn[product],
        }
    )
    duplicates, _, _ = data_processing.detect_duplicates(train, train.head(0), {}, COMPUTE)
    assert duplicates["group"].nunique() == PRODUCTS
    folds = feature_engineering.assign_folds(train, duplicates, FOLDS, COMPUTE)
    features = feature_engineering.build_features(
        data_processing.parse_texts(train),
        train[["sample_id"]].assign(is_real=False),
        DownloadedImages(Path(), without_download(train)),
        folds,
        FEATURES,
        COMPUTE,
    )
    members, log = modeling.cross_fit_models(features, folds, MODELS, MODELING, COMPUTE)
    said = modeling.stack_prices(members, folds, log, MODELS, MODELING)[0]
    naive = modeling.fit_naive_models(features, folds, log, MODELS, MODELING, COMPUTE)
    return folds, said, naive


def test_each_model_knows_the_copies_that_the_naive_split_shows_it(tables):
    folds, said, naive = tables
    scores = compare_splits(said, naive, folds, {"resamples": 200})
    assert scores["model"].tolist() == list(MODELS)
    # Without a copy nothing tells the price; nearly all of the naive rows have one.
    assert (scores["naive"] < 0.6 * scores["grouped"]).all(), scores.to_string()
    assert (scores["ci_high"] < 0).all(), scores.to_string()


def test_the_scores_are_those_of_the_same_rows(tables):
    folds, said, naive = tables
    held = folds[folds["naive_fold"] == 0]
    for row in compare_splits(said, naive, folds, {"resamples": 200}).itertuples():
        grouped, own = (
            each[each["model"] == row.model].set_index("sample_id")["predicted"]
            for each in (said, naive[naive["split"] == "naive"])
        )
        assert sorted(own.index) == sorted(held["sample_id"]) and row.rows == len(held)
        assert row.grouped == pytest.approx(smape(held["price"], grouped[held["sample_id"]]))
        assert row.naive == pytest.approx(smape(held["price"], own[held["sample_id"]]))
        assert row.difference == pytest.approx(row.naive - row.grouped)


def test_what_is_fitted_with_groups_kept_whole_trusts_copies_less(tables):
    """The refit is fitted so; a model that saw copies in training learns to look prices up."""
    folds, _, naive = tables
    prices = folds.set_index("sample_id")["price"]
    scores = {
        key: smape(prices[part["sample_id"]], part["predicted"])
        for key, part in naive.groupby(["split", "model"])
    }
    for model in MODELS:
        assert scores["naive", model] < scores["copies", model] - 5, scores
