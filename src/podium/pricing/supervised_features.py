"""Features made from the prices of other rows, without a row's own price or its duplicates'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from podium.pricing.feature_set import FeatureSet
from podium.pricing.inner_groups import inner_folds as deal_folds
from podium.pricing.neighbour_prices import ComparedRows, NeighbourPrices
from podium.pricing.table_features import BRAND, LOG_TOTAL_AMOUNT, TOTAL_UNIT, UNIT
from podium.pricing.target_encoding import Prior, TargetEncoding

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Columns = dict[str, Floats]

_FEWEST_FOLDS = 2


class SupervisedFeatures:
    """Adds target encodings and prices of neighbours to the table of a `FeatureSet`.

    In `fit_transform` the rows are dealt into inner folds, groups whole, and the features of each
    fold are made from the rows of the others: a row never sees its own price nor that of a row of
    its group. `transform` uses all fitted rows. It belongs into every outer fold anew.

    The columns are those of `TargetEncoding` for every category and pair, and of `NeighbourPrices`.
    """

    def __init__(
        self,
        inner_folds: int = 5,
        neighbours: Sequence[int] = (1, 5, 20),
        candidates: int = 100,
        smoothing: float = 5.0,
        pairs: Sequence[Sequence[str]] = ((BRAND, UNIT),),
        amount: str = LOG_TOTAL_AMOUNT,
        amount_unit: str = TOTAL_UNIT,
        threads: int = 1,
        seed: int = 0,
    ) -> None:
        """Declare the features.

        Args:
            inner_folds: Folds of `fit_transform`; fewer where there are fewer groups.
            neighbours: Numbers of neighbours to take statistics of.
            candidates: See `podium.pricing.text_neighbours.nearest_texts`.
            smoothing: Rows that the prior counts as in a target encoding, not below 0.
            pairs: Categories that are also encoded together.
            amount: Column of the table with the logarithm of the total amount.
            amount_unit: Category that tells what the amount is counted in.
            threads: For the search; the features are the same on any number.
            seed: Of the inner folds.

        Raises:
            ValueError: where a number makes no sense.
        """
        if inner_folds < _FEWEST_FOLDS:
            raise ValueError(f"at least 2 inner folds are needed, got {inner_folds}")
        if not len(neighbours) or min(neighbours) < 1 or len(set(neighbours)) < len(neighbours):
            raise ValueError(f"neighbours must be different positive numbers, got {neighbours}")
        if not smoothing >= 0 or min(threads, candidates) < 1:
            raise ValueError("smoothing must not be below 0, threads and candidates not below 1")
        if any(len(pair) != 2 for pair in pairs):  # noqa: PLR2004
            raise ValueError(f"pairs must have two names each, got {pairs}")
        self.inner_folds, self.neighbours = inner_folds, tuple(neighbours)
        self.candidates, self.smoothing = candidates, smoothing
        self.pairs = [(left, right) for left, right in pairs]
        self.amount, self.amount_unit = amount, amount_unit
        self.threads, self.seed = threads, seed

    def fit_transform(
        self, features: FeatureSet, prices: NDArray[np.floating], groups: NDArray[np.integer]
    ) -> FeatureSet:
        """Learn from all rows, and give each row what the rows of other inner folds say of it.

        Args:
            features: n rows.
            prices: Positive and finite, shape (n,).
            groups: Rows of a group never see each other's prices, shape (n,).

        Raises:
            ValueError: prices or groups do not fit the rows, there are fewer than two groups, or a
                named column is missing.
        """
        target, groups = self._checked(features, prices, groups)
        folds = deal_folds(groups, self.inner_folds, self.seed)
        if (folds < 0).any():
            raise ValueError("inner folds need at least two groups of rows")
        known = self._known(features)
        # One prior for all folds: a constant tells no row anything about itself, but priors of the
        # folds would tell rows of a fold that their own mean differs.
        prior = Prior(float(target.mean()), float(np.median(target)))
        columns: Columns = {}
        for fold in range(folds.max() + 1):
            others, held_out = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
            learnt = self._learnt(known.take(others), target[others], prior)
            for name, numbers in learnt.transform(known.take(held_out)).items():
                columns.setdefault(name, np.full(len(target), np.nan))[held_out] = numbers
        self._from_all = self._learnt(known, target, prior)
        return _with_columns(features, columns)

    def transform(self, features: FeatureSet) -> FeatureSet:
        """Add what all fitted rows say; for rows that are not among them.

        Raises:
            ValueError: a named column is missing.
        """
        return _with_columns(features, self._from_all.transform(self._known(features)))

    def _checked(
        self, features: FeatureSet, prices: NDArray[np.floating], groups: NDArray[np.integer]
    ) -> tuple[Floats, NDArray[np.int64]]:
        values = np.asarray(prices, dtype=np.float64)
        for name, given in (("prices", values), ("groups", groups)):
            if np.shape(given) != (len(features),):
                raise ValueError(f"{len(features)} rows, {name} of shape {np.shape(given)}")
        if not (np.isfinite(values) & (values > 0)).all():
            raise ValueError("prices must be positive and finite")
        return np.log1p(values), np.asarray(groups, dtype=np.int64)

    def _known(self, features: FeatureSet) -> _Known:
        named = {name for pair in self.pairs for name in pair} | {self.amount_unit}
        missing = sorted(named - set(features.categories))
        if self.amount not in features.table:
            missing.append(self.amount)
        if missing:
            raise ValueError(f"the features lack {', '.join(missing)}")
        rows = ComparedRows.of(features, self.amount, self.amount_unit)
        return _Known(features.categories.reset_index(drop=True), rows)

    def _learnt(self, known: _Known, target: Floats, prior: Prior) -> _Learnt:
        encoding = TargetEncoding(self.pairs, self.smoothing)
        encoding.fit(known.categories, target, prior)
        neighbours = NeighbourPrices(self.neighbours, self.candidates, self.threads)
        neighbours.fit(known.rows, target)
        return _Learnt(encoding, neighbours)


@dataclass(frozen=True)
class _Known:
    """What the features are made from."""

    categories: pd.DataFrame
    rows: ComparedRows

    def take(self, rows: NDArray[np.integer]) -> _Known:
        return _Known(self.categories.iloc[rows].reset_index(drop=True), self.rows.take(rows))


@dataclass(frozen=True)
class _Learnt:
    encoding: TargetEncoding
    neighbours: NeighbourPrices

    def transform(self, known: _Known) -> Columns:
        return {
            **self.encoding.transform(known.categories),
            **self.neighbours.transform(known.rows),
        }


def _with_columns(features: FeatureSet, columns: Columns) -> FeatureSet:
    import pandas as pd

    made = pd.DataFrame(columns, index=features.table.index).astype(np.float32)
    table = pd.concat([features.table, made], axis=1)
    return replace(features, table=table)
