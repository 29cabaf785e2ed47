"""Numbers and categories of a product, from its parsed text, and both as one dense matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from podium.pricing.normalised_text import normalised
from podium.pricing.quantities import COUNT, GRAM, MILLILITRE

if TYPE_CHECKING:
    import pandas as pd

    from podium.pricing.feature_set import FeatureSet

Floats = NDArray[np.float32]
CategoryEncoding = Literal["one-hot", "label"]

#: Columns that other features build on.
LOG_TOTAL_AMOUNT, TOTAL_UNIT, BRAND, UNIT = "log_total_amount", "total_unit", "brand", "unit"
_AMOUNTS = ("value", "base_amount", "item_amount", "total_amount", "pack_size", "unit_count")
_TITLE_STARTS = {"first_word": 1, "first_two_words": 2, "first_three_words": 3}
#: Characters of a description that names a kind and tells no story.
_SHORT = 80
_BEFORE_STOP = r"^(.*?)(?:[,|(\[;:]|\s[-–—]|\s\d|$)"


def table_numbers(parsed: pd.DataFrame) -> pd.DataFrame:
    """What a parsed text says in numbers.

    Args:
        parsed: n rows of `podium.pricing.catalog_text.parse_catalog`.

    Returns:
        n rows, float32, NaN where the text does not say:

        - `log_value`, `log_base_amount`, `log_item_amount`, `log_total_amount`, `log_pack_size`,
          `log_unit_count`, `log_value_to_size`: natural logarithms;
        - `log_total_gram`, `log_total_millilitre`, `log_total_count`: the total where that is its
          unit; `log_amount_per_pack`: the total over the pack size;
        - `title_characters`, `title_words`, `bullet_characters`, `description_characters`: log1p
          of lengths; `bullet_count`;
        - `title_digits`, `title_numbers`: how many; `largest_number`: log1p of the title's largest;
        - `title_capitals`: share of the title's characters; `other_script_share`;
        - `english`, `spanish`: 1 for texts that look it, else 0.
    """
    import pandas as pd

    logs = {f"log_{name}": _log(parsed[name]) for name in (*_AMOUNTS, "value_to_size")}
    total = logs[LOG_TOTAL_AMOUNT]
    for base in (GRAM, MILLILITRE, COUNT):
        logs[f"log_total_{base}"] = np.where(parsed["total_unit"] == base, total, np.nan)
    logs["log_amount_per_pack"] = total - np.nan_to_num(logs["log_pack_size"])
    title = parsed["item_name"]
    length = title.str.len().to_numpy(float)
    shape = {
        "title_characters": np.log1p(length),
        "title_words": np.log1p(title.str.count(r"\S+").to_numpy(float)),
        "bullet_characters": np.log1p(parsed["bullets"].str.len().to_numpy(float)),
        "description_characters": np.log1p(parsed["description"].str.len().to_numpy(float)),
        "bullet_count": parsed["bullet_count"].to_numpy(float),
        "title_digits": title.str.count(r"[0-9]").to_numpy(float),
        "title_numbers": parsed["numbers"].str.count(r"\S+").to_numpy(float),
        "largest_number": np.log1p([_largest(numbers) for numbers in parsed["numbers"]]),
        "title_capitals": title.str.count(r"[A-Z]").to_numpy(float) / np.maximum(length, 1),
        "other_script_share": parsed["other_script_share"].to_numpy(float),
        "english": (parsed["language"] == "en").to_numpy(float),
        "spanish": (parsed["language"] == "es").to_numpy(float),
    }
    return pd.DataFrame({**logs, **shape}).astype(np.float32)


def _log(column: pd.Series) -> NDArray[np.float64]:
    numbers = column.to_numpy(float)
    return np.log(np.where(numbers > 0, numbers, np.nan))


def _largest(numbers: str) -> float:
    found = [float(number.replace(",", "")) for number in numbers.split() if number.count(".") < 2]  # noqa: PLR2004
    # Longer ones are article numbers.
    return max((number for number in found if number < 1e6), default=np.nan)  # noqa: PLR2004


def table_categories(parsed: pd.DataFrame) -> pd.DataFrame:
    """What a parsed text says in words.

    Args:
        parsed: n rows of `podium.pricing.catalog_text.parse_catalog`.

    Returns:
        n rows of texts, None where unknown: `brand`, `unit` (in lower case), `base_unit`,
        `item_unit`, `total_unit`, `total_rule`, `language`; `first_word`, `first_two_words`,
        `first_three_words` of the title, where it has as many; `product_word`, the last word
        before the title's first comma, dash, bracket or number, which is often what the thing is;
        and `short_description`, a description of few words, which is often a kind of product.
    """
    import pandas as pd

    known = ("base_unit", "item_unit", TOTAL_UNIT, "total_rule", "language")
    columns: dict[str, list[str | None]] = {
        BRAND: _texts(parsed["brand"]),
        UNIT: _texts(parsed["unit"].str.lower()),
        **{name: _texts(parsed[name]) for name in known},
    }
    titles = [normalised(title).split() for title in parsed["item_name"]]
    for name, count in _TITLE_STARTS.items():
        columns[name] = [" ".join(each[:count]) if len(each) >= count else None for each in titles]
    stopped = parsed["item_name"].str.extract(_BEFORE_STOP, expand=False).fillna("")
    columns["product_word"] = [
        words[-1] if (words := normalised(part).split()) else None for part in stopped
    ]
    described = [normalised(text) if len(text) <= _SHORT else "" for text in parsed["description"]]
    columns["short_description"] = [text or None for text in described]
    return pd.DataFrame({name: pd.Series(texts, dtype=object) for name, texts in columns.items()})


def _texts(column: pd.Series) -> list[str | None]:
    return [text if isinstance(text, str) and text else None for text in column]


class DenseTable:
    """Numbers and categories of a `FeatureSet` as one matrix, for linear models and networks.

    Gaps in the numbers are filled with the median of the fitted rows, and a column tells where they
    were. Categories become a column per level, or a number per level.
    """

    def __init__(
        self,
        scale: bool = True,
        encoding: CategoryEncoding = "one-hot",
        one_hot_limit: int = 100,
        min_rows: int = 2,
    ) -> None:
        """Declare the matrix.

        Args:
            scale: Bring every column to 0..1 (scikit-learn's MinMaxScaler); later rows are cut
                off there.
            encoding: "one-hot" or "label" (scikit-learn's OrdinalEncoder; -1 for unknown levels).
            one_hot_limit: Columns that a category gets at most: its most frequent levels, and one
                column for all others.
            min_rows: A rarer level shares the column of the others.

        Raises:
            ValueError: for an unknown encoding, a limit below 2 or min_rows below 1.
        """
        if encoding not in get_args(CategoryEncoding):
            raise ValueError(f"encoding must be one-hot or label, got {encoding!r}")
        if one_hot_limit < 2 or min_rows < 1:  # noqa: PLR2004
            raise ValueError("one_hot_limit must be at least 2 and min_rows at least 1")
        self.scale, self.encoding = scale, encoding
        self.one_hot_limit, self.min_rows = one_hot_limit, min_rows

    def fit(self, features: FeatureSet) -> Self:
        """Learn medians, scales and levels from at least one row."""
        self.fit_transform(features)
        return self

    def fit_transform(self, features: FeatureSet) -> Floats:
        """Fit, and give the matrix of the same rows."""
        from sklearn.preprocessing import MinMaxScaler

        self._numbers = self._number_steps().fit(_numbers(features.table))
        self._levels = self._level_encoder().fit(_levels(features.categories))
        self._scaler: Any = None
        whole = self._whole(features)
        if self.scale and whole.shape[1]:
            self._scaler = MinMaxScaler(clip=True).fit(whole)
        return self._scaled(whole)

    def transform(self, features: FeatureSet) -> Floats:
        """The matrix, (rows, columns) float32, finite; columns as `names`."""
        return self._scaled(self._whole(features))

    @property
    def names(self) -> list[str]:
        """Name of each column of the matrix."""
        numbers = self._numbers.get_feature_names_out()
        return [*map(str, numbers), *map(str, self._levels.get_feature_names_out())]

    def _number_steps(self) -> Any:
        from sklearn.impute import SimpleImputer

        return SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)

    def _level_encoder(self) -> Any:
        from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

        if self.encoding == "label":
            return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
        return OneHotEncoder(
            handle_unknown="infrequent_if_exist",
            max_categories=self.one_hot_limit,
            min_frequency=self.min_rows,
            sparse_output=False,
            dtype=np.float32,
        )

    def _whole(self, features: FeatureSet) -> NDArray[np.float64]:
        numbers = self._numbers.transform(_numbers(features.table))
        return np.hstack([numbers, self._levels.transform(_levels(features.categories))])

    def _scaled(self, whole: NDArray[np.float64]) -> Floats:
        if self._scaler is not None:
            whole = self._scaler.transform(whole)
        return np.asarray(whole, dtype=np.float32)


def _numbers(table: pd.DataFrame) -> pd.DataFrame:
    numbers = table.astype(np.float64)
    return numbers.where(np.isfinite(numbers))


def _levels(categories: pd.DataFrame) -> pd.DataFrame:
    """Texts, with an empty one for what is unknown: a level of its own."""
    return categories.astype(object).where(categories.notna(), "")
