"""Prices that only the copies of a product tell: the naive split must show them as known."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from raw_amazon import COMPUTE, text

from podium.pipelines.amazon import data_processing, feature_engineering, modeling
from podium.pipelines.amazon.split_comparison import compare_splits, estimate_test_score
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


#: Three listings of one product, a pair, and two single products. Errors are read off the prices:
#: a row of price 1 that is priced p errs by 200 * (p - 1) / (p + 1).
LISTED = pd.DataFrame(
    [
        # sample_id, group, naive_fold, priced without, and with what the split shows
        ("a", 0, 0, 3.0, 1.0),  # a copy of it is fitted: 100 points less
        ("b", 0, 1, 3.0, None),
        ("c", 0, 2, 1.0, None),
        ("d", 1, 0, 3.0, 3.0),  # its only copy is held out as well
        ("e", 1, 0, 3.0, 3.0),
        ("f", 2, 0, 3.0, 1.0),  # it has none
        ("g", 3, 1, 1.0, None),
    ],
    columns=["sample_id", "group", "naive_fold", "grouped", "seen"],
).assign(price=1.0, model="ridge")
SEEN_BEST = {"resamples": 200, "chosen": ["ridge"]}


def listed_predictions():
    own = LISTED.rename(columns={"grouped": "predicted"})
    shown = LISTED.dropna(subset="seen").rename(columns={"seen": "predicted"})
    naive = pd.concat([shown.assign(split=split) for split in ("naive", "copies")])
    return own, naive


def test_what_a_copy_is_worth_is_told_only_by_rows_whose_copy_was_fitted():
    """A pair that is held out as a whole saw no copy: it must not shrink the change."""
    own, naive = listed_predictions()
    (row,) = estimate_test_score(
        own,
        naive,
        compare_splits(own, naive, LISTED, SEEN_BEST),
        LISTED,
        LISTED.assign(rows=LISTED.groupby("group")["price"].transform("size")),
        pd.DataFrame({"test_id": ["s", "s"], "train_id": ["a", "b"]}),
        pd.DataFrame({"sample_id": ["s", "t"]}),
        pd.DataFrame({"model": ["ridge"]}),
        SEEN_BEST,
    ).to_dict("records")
    assert row["seen_rows"] == 1
    assert row["change"] == pytest.approx(-100)
    assert (row["copies"], row["test_rows"]) == (1, 2)
    # Of all seven rows, and of the five with a copy.
    assert row["score"] == pytest.approx(0.5 * 500 / 7 + 0.5 * (400 / 5 - 100))


def test_the_difference_of_the_splits_is_over_all_rows_held_out():
    """It tells what the naive split flatters a score by: rows that saw no copy belong to it."""
    (row,) = compare_splits(*listed_predictions(), LISTED, SEEN_BEST).to_dict("records")
    assert row["rows"] == 4
    assert row["grouped"] == pytest.approx(100) and row["naive"] == pytest.approx(50)
    assert row["difference"] == pytest.approx(-50)
