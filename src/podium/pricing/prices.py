"""Raw price texts to numbers, with a fault for each that is none.

A number written the plain way is taken as it stands. What can mean one thing only is repaired and
counted: spaces, the own currency's sign, thousands separators, a decimal comma. Everything else is
refused, because a wrong price teaches more than a missing row: an amount in another currency would
need a rate, and a minus may be a refund. Very large numbers are slips or placeholders.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

MISSING, UNREADABLE, OTHER_CURRENCY = "missing", "unreadable", "other currency"
INFINITE, NEGATIVE, ZERO = "infinite", "negative", "zero"
TOO_SMALL, TOO_LARGE = "too small", "too large"

#: Ways to write the US dollar, the currency of the competition.
DOLLARS = ("$", "US$", "USD", "dollars", "dollar")
_NONE = r"(?:nan|none|null|n/?a|-+|)"
_PLAIN = r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+"
_SCIENTIFIC = rf"[+-]?(?:{_PLAIN})(?:e[+-]?[0-9]+)?"
_INFINITE = r"[+-]?inf(?:inity)?"
#: Groups of three, or of India: a lakh is 1,00,000.
_THOUSANDS = r"[+-]?[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}(?:\.[0-9]*)?"
_POINTED_THOUSANDS = r"[+-]?[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]{1,2}|[+-]?[0-9]{1,3}(?:\.[0-9]{3}){2,}"
_DECIMAL_COMMA = r"[+-]?[0-9]+,[0-9]{1,2}"
_CURRENCY = (
    r"(?:us|ca|c|au|a|nz|hk|r|s)?\$|[€£¥₹₩₽₺฿]|rs\.?|inr|eur(?:os?)?|gbp|jpy|cny|rmb|cad|aud|nzd|chf"
    r"|usd|mxn|brl|sek|nok|dkk|pln|try|krw|sgd|hkd|aed|zar|dollars?|rupees?|pounds?|yen"
)
_AMOUNT = r"[+-]?[0-9][0-9.,]*"
_OTHER_CURRENCY = rf"[+-]?(?:{_CURRENCY})\s*{_AMOUNT}|{_AMOUNT}\s*(?:{_CURRENCY})"


@dataclass(frozen=True)
class Prices:
    """Prices, understood; each array of shape (n,).

    Attributes:
        value: float64, null where there is a fault.
        fault: Why a row has no price, None where it has: "missing", "unreadable", "other
            currency", "infinite", "negative", "zero", "too small" or "too large".
        repaired: Whether a price was not written the plain way.
    """

    value: NDArray[np.float64]
    fault: NDArray[np.object_]
    repaired: NDArray[np.bool_]


def read_prices(
    texts: Sequence[object] | pd.Series,
    least: float = 0.01,
    most: float = 1_000_000.0,
    signs: Sequence[str] = DOLLARS,
) -> Prices:
    """Read prices; never raises for a text.

    Args:
        texts: n raw texts or numbers, None or NaN where there is none.
        least: Smaller positive prices are faults; a cent.
        most: Larger prices are faults.
        signs: Ways to write the own currency, before or after the number; case does not count.

    Raises:
        ValueError: where `least` and `most` are not positive and rising.
    """
    import pandas as pd

    if not 0 < least < most:
        raise ValueError(f"least and most must be positive and rising, got {least} and {most}")
    column = pd.Series(np.asarray(texts, dtype=object))
    given = column.notna()
    raw = column.astype(str).where(given, "")
    tidy = raw.str.normalize("NFKC").str.strip().str.lower()
    bare = _without_sign(tidy, signs)
    number, written = _numbers(bare)
    # The widest test first: a text is unreadable unless something below says more.
    rules = [
        (tidy.str.fullmatch(_NONE), MISSING),
        (bare.str.fullmatch(_INFINITE) | np.isinf(number), INFINITE),
        (number < 0, NEGATIVE),
        (number == 0, ZERO),
        (number.notna() & (number < least), TOO_SMALL),
        (number > most, TOO_LARGE),
        (number.isna() & bare.str.fullmatch(_OTHER_CURRENCY), OTHER_CURRENCY),
        (number.isna(), UNREADABLE),
    ]
    conditions = [rule.to_numpy(bool) for rule, _ in rules]
    fault = np.select(conditions, [name for _, name in rules], default="").astype(object)
    good = fault == ""
    fault[good] = None
    repaired = good & ((written != bare) | (bare != raw)).to_numpy(bool)
    return Prices(np.where(good, number.to_numpy(np.float64), np.nan), fault, repaired)


def _without_sign(tidy: pd.Series, signs: Sequence[str]) -> pd.Series:
    """Without the own currency's sign, before or after the number or behind its minus."""
    import re

    own = "|".join(re.escape(sign.lower()) for sign in sorted(signs, key=len, reverse=True))
    if not own:
        return tidy
    return tidy.str.replace(
        rf"^([+-]?)\s*(?:{own})\s*(?=[+-]?[.0-9])|(?<=[0-9.])\s*(?:{own})$", r"\1", regex=True
    )


def _numbers(bare: pd.Series) -> tuple[pd.Series, pd.Series]:
    """The number of each text, null where it is none, and how it is written the plain way."""
    import pandas as pd

    plain = bare.str.fullmatch(_SCIENTIFIC)
    written = bare.where(plain, "")
    odd = ~plain
    if odd.any():
        text = bare[odd].str.replace(r"(?<=[0-9])[\s'](?=[0-9]{3}(?:\D|$))", ",", regex=True)
        text = text.mask(text.str.fullmatch(_THOUSANDS), text.str.replace(",", ""))
        european = text.str.fullmatch(_POINTED_THOUSANDS)
        text = text.mask(european, text.str.replace(".", "").str.replace(",", "."))
        text = text.mask(text.str.fullmatch(_DECIMAL_COMMA), text.str.replace(",", "."))
        written = written.mask(odd, text.where(text.str.fullmatch(_SCIENTIFIC), ""))
    number = pd.to_numeric(written.mask(written == "", "nan"), errors="coerce")
    return number.astype(np.float64), written
