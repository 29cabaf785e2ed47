"""RecTools' recommenders on Podium's listens; runs in an environment of its own (pandas 2).

Arguments: folder with listens.parquet (user_id, item_id, fraction, age_days, datetime: everything
known at the cut) and users.parquet (whom to recommend to). Writes lists.parquet (model, user_id,
item_id, rank) and seconds.json (model: wall, cpu; of fit and lists together) beside them.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from catboost import CatBoostClassifier
from implicit.als import AlternatingLeastSquares
from implicit.nearest_neighbours import CosineRecommender
from rectools import Columns
from rectools.dataset import Dataset
from rectools.model_selection import TimeRangeSplitter
from rectools.models import (
    ImplicitALSWrapperModel,
    ImplicitItemKNNWrapperModel,
    PopularModel,
)
from rectools.models.ranking import (
    CandidateFeatureCollector,
    CandidateGenerator,
    CandidateRankingModel,
    CatBoostReranker,
    PerUserNegativeSampler,
)

LENGTH = 50
CANDIDATES = 120
HALF_LIFE_DAYS = 30.0
SEED = 20250901


class OwnHistory(CandidateFeatureCollector):
    """What the user did with the track: decayed fractions, listens, days since the last."""

    def _get_user_item_features(
        self, useritem: pd.DataFrame, dataset: Dataset, fold_info: dict[str, Any] | None
    ) -> pd.DataFrame:
        rows = dataset.get_raw_interactions(include_extra_cols=True)
        rows = rows[rows[Columns.User].isin(useritem[Columns.User].unique())]
        age = (rows[Columns.Datetime].max() - rows[Columns.Datetime]).dt.total_seconds() / 86_400
        terms = rows[Columns.UserItem].assign(listens=1, days_since_last=age)
        for days in (3, 7, 21, 60):
            terms[f"decay_{days}d"] = rows["fraction"] * np.exp(-np.log(2.0) / days * age)
        how = dict.fromkeys(terms.columns.drop(Columns.UserItem), "sum")
        features = terms.groupby(Columns.UserItem).agg(how | {"days_since_last": "min"})
        features["best"] = rows.groupby(Columns.UserItem)["fraction"].max()
        return features.reset_index()


def als() -> ImplicitALSWrapperModel:
    """ALS as Podium declares its own."""
    return ImplicitALSWrapperModel(
        AlternatingLeastSquares(
            factors=64, iterations=10, regularization=0.05, alpha=10.0, random_state=SEED
        )
    )


def item_knn() -> ImplicitItemKNNWrapperModel:
    """Cosine neighbours, as many as Podium takes."""
    return ImplicitItemKNNWrapperModel(CosineRecommender(K=33))


def two_stage() -> CandidateRankingModel:
    """ALS, item-kNN and popularity, ranked by CatBoost with features of the own history."""
    generators = [
        CandidateGenerator(model, CANDIDATES, keep_ranks=True, keep_scores=True)
        for model in (als(), item_knn(), PopularModel(popularity="sum_weight"))
    ]
    return CandidateRankingModel(
        generators,
        TimeRangeSplitter("15D", filter_already_seen=False, filter_cold_items=False),
        CatBoostReranker(
            CatBoostClassifier(iterations=300, random_state=SEED, verbose=False),
        ),
        sampler=PerUserNegativeSampler(n_negatives=50, random_state=SEED),
        feature_collector=OwnHistory(),
    )


def main() -> None:
    """Fit each, recommend, and write lists and seconds."""
    folder = Path(sys.argv[1])
    listens = pd.read_parquet(folder / "listens.parquet")
    users = pd.read_parquet(folder / "users.parquet")["user_id"].to_numpy()
    listens[Columns.Weight] = listens["fraction"] * np.exp(
        -np.log(2.0) / HALF_LIFE_DAYS * listens["age_days"]
    )
    dataset = Dataset.construct(listens.drop(columns="age_days"), keep_extra_cols=True)
    makers = {"als": als, "item_knn": item_knn, "two_stage": two_stage}
    lists, seconds = [], {}
    for name, make in makers.items():
        model = make()
        began, busy = time.perf_counter(), time.process_time()
        model.fit(dataset)
        fitted = time.perf_counter()
        # Repeats count in this competition, so tracks already heard stay in the lists.
        found = model.recommend(
            users, dataset, k=LENGTH, filter_viewed=False, on_unsupported_targets="ignore"
        )
        ended = time.perf_counter()
        columns = [Columns.User, Columns.Item, Columns.Rank]
        lists.append(found[columns].astype("int64").assign(model=name))
        seconds[name] = {"wall": ended - began, "cpu": time.process_time() - busy}
        print(f"{name}: fit {fitted - began:.1f} s, lists {ended - fitted:.1f} s", flush=True)
    pd.concat(lists, ignore_index=True).to_parquet(folder / "lists.parquet", index=False)
    (folder / "seconds.json").write_text(json.dumps(seconds))


if __name__ == "__main__":
    main()
