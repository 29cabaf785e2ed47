"""Numbers and categories of a table as models want them: scaled, one-hot, or as codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float32]
Scaling = Literal["standard", "minmax"]


class ScaledTable:
    """Numbers of a table for models that want them complete and alike in scale.

    Gaps are filled with the median of the training rows, and a column of 0 and 1 tells where they
    were (scikit-learn's SimpleImputer).
    """

    def __init__(self, scaling: Scaling = "standard", limit: float = 4.0) -> None:
        """Declare the scaling.

        Args:
            scaling: Mean 0 and variance 1, or all training values between 0 and 1.
            limit: Scaled numbers are cut off at this distance from 0: an amount of a million must
                not decide a price on its own.

        Raises:
            ValueError: for an unknown scaling or a limit not above 0.
        """
        if scaling not in ("standard", "minmax") or not limit > 0:
            raise ValueError(f"scaling must be standard or minmax, limit above 0: {scaling}")
        self.scaling = scaling
        self.limit = limit

    def fit(self, table: pd.DataFrame) -> Self:
        """Learn medians and scales from the training rows, of which there is at least one."""
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import MinMaxScaler, StandardScaler

        self._steps: Any = None
        if table.shape[1]:
            fill = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
            scaler = MinMaxScaler(clip=True) if self.scaling == "minmax" else StandardScaler()
            self._steps = make_pipeline(fill, scaler).fit(numbers_of(table))
        return self

    def transform(self, table: pd.DataFrame) -> Floats:
        """Finite numbers, (rows, columns and those that tell of gaps) float32."""
        if self._steps is None:
            return np.empty((len(table), 0), np.float32)
        scaled = self._steps.transform(numbers_of(table))
        return np.clip(scaled, -self.limit, self.limit).astype(np.float32)


class CategoryCodes:
    """A whole number for each text of a column, the frequent ones first; 0 for all others.

    Attributes:
        sizes: Codes of each column together with 0, in the columns' order.
    """

    def __init__(self, min_rows: int = 2) -> None:
        """Declare it; a text in fewer training rows than min_rows counts as unknown."""
        self.min_rows = min_rows

    def fit(self, categories: pd.DataFrame) -> Self:
        """Number the texts of the training rows."""
        self._known = []
        for name in categories:
            counts = categories[name].astype(object).value_counts().to_dict()
            frequent = [(-count, str(text), text) for text, count in counts.items()]
            # Ties by the text, so that the order of the rows does not matter.
            frequent.sort(key=lambda each: each[:2])
            self._known.append([text for less, _, text in frequent if -less >= self.min_rows])
        self.sizes = [len(known) + 1 for known in self._known]
        return self

    def transform(self, categories: pd.DataFrame) -> NDArray[np.int64]:
        """Codes, shape (rows, columns)."""
        import pandas as pd

        codes = np.zeros(categories.shape, np.int64)
        for place, (name, known) in enumerate(zip(categories, self._known, strict=True)):
            texts = pd.Index(categories[name].astype(object))
            codes[:, place] = pd.Index(known, dtype=object).get_indexer(texts) + 1
        return codes


class OneHotCategories:
    """A column of 0 and 1 for each frequent text of a column (scikit-learn's OneHotEncoder).

    Rare texts share a column, and new ones count as rare.
    """

    def __init__(self, min_rows: int = 20, most: int = 50) -> None:
        """Declare it.

        Args:
            min_rows: A text in fewer training rows is rare.
            most: Columns of each category at most; so many frequent texts are told apart.
        """
        self.min_rows = min_rows
        self.most = most

    def fit(self, categories: pd.DataFrame) -> Self:
        """Learn the frequent texts from the training rows."""
        from sklearn.preprocessing import OneHotEncoder

        self._encoder: Any = None
        if categories.shape[1]:
            self._encoder = OneHotEncoder(
                min_frequency=self.min_rows,
                max_categories=self.most,
                handle_unknown="infrequent_if_exist",
                sparse_output=False,
                dtype=np.float32,
            ).fit(_texts(categories))
        return self

    def transform(self, categories: pd.DataFrame) -> Floats:
        """The columns of all categories, side by side, (rows, texts) float32."""
        if self._encoder is None:
            return np.empty((len(categories), 0), np.float32)
        return self._encoder.transform(_texts(categories))


def _texts(categories: pd.DataFrame) -> NDArray[np.object_]:
    known = categories.astype(object)
    return known.where(known.notna(), "").to_numpy(dtype=object)


def numbers_of(table: pd.DataFrame) -> Floats:
    """The numbers of a table, (rows, columns) float32; NaN where there is none."""
    return table.to_numpy(dtype=np.float32, na_value=np.nan)
