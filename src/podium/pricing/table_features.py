"""Numbers and categories of a product, from its parsed text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from podium.pricing.normalised_text import normalised
from podium.pricing.quantities import COUNT, GRAM, MILLILITRE

if TYPE_CHECKING:
    import pandas as pd

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
