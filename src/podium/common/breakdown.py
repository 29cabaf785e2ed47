"""Scores of the parts of a breakdown as metrics for a tracking server."""

from __future__ import annotations

import math
import re

import pandas as pd

from podium.common.report_formats import records

LONGEST_GROUP = 200
_FORBIDDEN = re.compile(r"[^\w\-. ]")


def breakdown_metrics(breakdown: pd.DataFrame, model: str) -> dict[str, float]:
    """The score of one model in every part.

    Groups may be named by the data, in any script. Names that fall together are numbered in the
    order of the rows.

    Args:
        breakdown: `model`, `by`, `group`, `score`.
        model: Whose scores.

    Returns:
        Every finite score as ``by_<by>.<group>``. Names hold only letters, digits and ``_ - .
        space``.
    """
    flat: dict[str, float] = {}
    for row in records(breakdown[breakdown["model"] == model]):
        if math.isfinite(row["score"]):
            name = f"by_{row['by']}.{_group_name(str(row['group']))}"
            flat[_unlike(name, flat)] = float(row["score"])
    return flat


def _group_name(group: str) -> str:
    return _FORBIDDEN.sub("_", group)[:LONGEST_GROUP].strip() or "_"


def _unlike(name: str, taken: dict[str, float]) -> str:
    """The name, with a number where it is taken."""
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{name} {number}"
    return free
