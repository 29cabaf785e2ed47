"""How much of a product is sold in all, where value, size and pack size say different things.

The `Value:` line of a catalogue means, from seller to seller, the whole content (12 bottles of
16.9 fl oz: 202.8), the content of one unit (16.9), or the number of units (12). The size and the
pack size in the title tell which.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from podium.pricing.quantities import CONTENT_BASES, COUNT, FLUID_PER_OUNCE, MILLILITRE

if TYPE_CHECKING:
    import pandas as pd

#: Sellers round: 15.9 for 16 counts as the same, and 24 fl oz for 700 ml.
TOLERANCE = 0.05

VALUE, VALUE_TIMES_PACK = "value", "value times pack"
SIZE, SIZE_TIMES_PACK = "size", "size times pack"
VALUE_UNLIKE_SIZE = "value unlike size"


def total_amounts(base: pd.DataFrame, sizes: pd.DataFrame, packs: pd.DataFrame) -> pd.DataFrame:
    """Settle the total content.

    A value that agrees with the size of the title times its packs, its pieces or both, or with the
    size of a title without packs, is the total. One that agrees with the size alone is of one unit
    and is multiplied by the packs. A value in counts, or none, gives way to the size times the
    packs. A value in counts without any size is the total, unless it is the count of one pack. Any
    other value stands, and `total_rule` says that the title disagrees.

    Args:
        base: `base_amount` and `base_unit` of the value.
        sizes: `item_amount`, `item_unit` and `in_ounces` of the title.
        packs: `packs` and `unit_count` of the title.

    Returns:
        A row each: `item_amount` and `item_unit`, with ounces read as fluid ones where the value
        is fluid; `value_to_size`, the value over the size where they share a base; `total_amount`
        in `total_unit`, both null where nothing is known; and `total_rule`, one of "value",
        "value times pack", "size", "size times pack" and "value unlike size".
    """
    import pandas as pd

    value, value_unit = base["base_amount"].to_numpy(), base["base_unit"].to_numpy(object)
    size, size_unit = _fluid_where_the_value_is(sizes, value_unit)
    pack = np.nan_to_num(packs["packs"].to_numpy(), nan=1.0)
    pieces = packs["unit_count"].to_numpy()
    known, sized = ~np.isnan(value), ~np.isnan(size)
    content = np.isin(value_unit, CONTENT_BASES) & known
    counted = (value_unit == COUNT) & known
    with np.errstate(invalid="ignore"):
        ratio = np.where(content & sized & (value_unit == size_unit), value / size, np.nan)
    many = pack > 1
    per_pack = many & (_near(ratio, 1) | (counted & ~sized & (value == pieces)))
    agrees = per_pack | _near(ratio, pack) | _near(ratio, pieces) | _near(ratio, pack * pieces)
    unlike = content & ~np.isnan(ratio) & ~agrees
    by_size = sized & ~content
    conditions = [by_size & many, by_size, per_pack, unlike, known]
    rules = np.select(
        conditions,
        [SIZE_TIMES_PACK, SIZE, VALUE_TIMES_PACK, VALUE_UNLIKE_SIZE, VALUE],
        default="",
    )
    times = np.where((by_size | per_pack) & many, pack, 1.0)
    total = np.where(by_size, size, value) * times
    unit = np.where(by_size, size_unit, value_unit)
    unit[~by_size & ~known] = None
    return pd.DataFrame(
        {
            "item_amount": size,
            "item_unit": pd.array(list(size_unit), dtype="str"),
            "value_to_size": ratio,
            "total_amount": total,
            "total_unit": pd.array(list(unit), dtype="str"),
            "total_rule": pd.array([rule or None for rule in rules], dtype="str"),
        }
    )


def _fluid_where_the_value_is(
    sizes: pd.DataFrame, value_unit: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Sizes of a title, whose ounces are fluid ones if the value says so."""
    fluid = sizes["in_ounces"].to_numpy() & (value_unit == MILLILITRE)
    amount = sizes["item_amount"].to_numpy()
    unit = sizes["item_unit"].to_numpy(object)
    return (
        np.where(fluid, amount * FLUID_PER_OUNCE, amount),
        np.where(fluid, MILLILITRE, unit),
    )


def _near(ratio: np.ndarray, expected: np.ndarray | float) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return np.abs(ratio / expected - 1) <= TOLERANCE
