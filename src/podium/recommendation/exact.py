"""Sums that do not depend on the order of their terms.

An engine adds floats in whatever order its threads deliver them, so the last digits differ from
run to run, and a tie can turn a ranking round. Integers add up the same in any order: terms are
rounded to 2**-20 (about one millionth) first.
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir

SCALE = float(1 << 20)
SECONDS_PER_DAY = 86_400


def exact_sum(terms: ir.NumericValue, where: ir.BooleanValue | None = None) -> ir.NumericScalar:
    """Sum of terms, each rounded to 2**-20; float64, null where there is none."""
    return (terms * SCALE).round().cast("int64").sum(where=where).cast("float64") / SCALE


def half_life_weight(age_seconds: ir.NumericValue, half_life_days: float) -> ir.NumericValue:
    """0.5 to the power age / half-life."""
    return (age_seconds.cast("float64") * (-log(2.0) / (half_life_days * SECONDS_PER_DAY))).exp()
