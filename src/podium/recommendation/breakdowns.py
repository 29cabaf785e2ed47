"""Where a score comes from: repeated or new tracks, and which listeners."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from podium.common.bootstrap import CONFIDENCE, resampled_means
from podium.recommendation.metrics import LENGTH, PAIR, Reading, true_fractions, valid_lists

UNKNOWN = "unknown"
OTHER = "other"
ACTIVITY = ("light", "medium", "heavy")
COLUMNS = [
    "model",
    "by",
    "group",
    "position",
    "users",
    "score",
    "ci_low",
    "ci_high",
    "listened",
    "captured",
]


def activity_groups(listens: pd.Series, users: ArrayLike) -> pd.DataFrame:
    """Thirds of the users by the number of listens in their history.

    Args:
        listens: Number of listens before the cut, indexed by user_id.
        users: Everybody who counts; without listens they form a group of their own.

    Returns:
        `user_id`, `by` ("activity"), `group` (with its bounds), `position` from light to heavy.
    """
    asked = pd.Index(np.unique(np.asarray(users, dtype=np.int64)), name="user_id")
    counts = listens.reindex(asked, fill_value=0)
    active = counts[counts > 0]
    low, high = (0, 0) if active.empty else np.quantile(active, [1 / 3, 2 / 3], method="lower")
    positions = 1 + (counts > low).astype(int) + (counts > high).astype(int)
    positions = positions.where(counts > 0, 0)
    names = {
        0: "no history",
        1: f"{ACTIVITY[0]} (up to {int(low):,} listens)",
        2: f"{ACTIVITY[1]} (up to {int(high):,} listens)",
        3: f"{ACTIVITY[2]} (over {int(high):,} listens)",
    }
    groups = pd.DataFrame({"user_id": asked, "by": "activity", "group": positions.map(names)})
    return groups.assign(position=positions.to_numpy())


def attribute_groups(
    attributes: pd.DataFrame, column: str, by: str, users: ArrayLike, largest: int | None = None
) -> pd.DataFrame:
    """Groups of users by a column of their metadata.

    Args:
        attributes: `user_id` (unique) and `column`; a missing value is the group "unknown".
        column: The column.
        by: Name of the breakdown.
        users: Everybody who counts.
        largest: Keep so many of the largest groups and call the rest "other"; all, if None, in the
            order of their names.

    Returns:
        `user_id`, `by`, `group`, `position`.
    """
    asked = pd.Index(np.unique(np.asarray(users, dtype=np.int64)), name="user_id")
    values = attributes.set_index("user_id")[column].reindex(asked).astype("object")
    groups = values.where(values.notna(), UNKNOWN).astype("str")
    known = groups[groups != UNKNOWN]
    if largest is None:
        order = sorted(known.unique())
    else:
        sizes = known.value_counts().rename_axis("group").reset_index()
        sizes = sizes.sort_values(["count", "group"], ascending=[False, True])
        order = sizes["group"].head(largest).tolist()
        groups = groups.where(groups.isin([*order, UNKNOWN]), OTHER)
    order = [*dict.fromkeys([*order, OTHER, UNKNOWN])]
    frame = pd.DataFrame({"user_id": asked, "by": by, "group": groups.to_numpy()})
    return frame.assign(position=frame["group"].map(order.index))


def break_down(
    predictions: pd.DataFrame,
    targets: pd.DataFrame,
    groups: pd.DataFrame,
    reading: Reading,
    *,
    resamples: int,
    confidence: float = CONFIDENCE,
    seed: int = 0,
    length: int = LENGTH,
) -> pd.DataFrame:
    """Score of every model by kind of track and by group of users.

    Args:
        predictions: `model`, `user_id`, `item_id`, `rank`.
        targets: `user_id`, `item_id`, `best_listen`, `total_listen`, `repeat`.
        groups: `user_id`, `by`, `group`, `position`; within a `by`, every user that counts once.
        reading: How listens count.
        resamples: Samples of the bootstrap over users.
        confidence: Confidence of the intervals.
        seed: Seed of the bootstrap.
        length: Divisor of the score.

    Returns:
        `model`, `by` (repeat, then those of `groups`), `group`, `position` (order of the group),
        `users`, `score` with `ci_low` and `ci_high`, `listened` (worth of all that was played in
        the group, on the scale of the score: per user, divided by `length`), `captured` (score /
        listened). For users, the score is the mean over the group; for tracks it is the part of
        the whole score that they bring, so that the parts add up.
    """
    users = pd.Index(np.unique(groups["user_id"]), name="user_id")
    worth = true_fractions(targets, reading).assign(repeat=targets["repeat"].astype(bool))
    worth = worth[worth["user_id"].isin(users)].sort_values(PAIR)
    hits = {
        str(model): valid_lists(rows, users, length).merge(worth, on=PAIR).sort_values(PAIR)
        for model, rows in predictions.groupby("model", sort=True)
    }
    parts: list[pd.DataFrame] = []
    for labels, rows, listened in _parts(hits, worth, groups, users, length):
        means = resampled_means(rows, resamples=resamples, seed=seed)
        tail = (1 - confidence) / 2
        low, high = np.quantile(means, [tail, 1 - tail], axis=0)
        score = rows.mean(axis=0)
        part = pd.DataFrame(
            {"model": list(hits), "score": score, "ci_low": low, "ci_high": high, **labels}
        )
        part["listened"] = listened
        part["captured"] = score / listened if listened > 0 else np.nan
        parts.append(part)
    table = pd.concat(parts, ignore_index=True)[COLUMNS]
    order = {by: number for number, by in enumerate(dict.fromkeys(table["by"]))}
    keys = table.assign(by=table["by"].map(order)).sort_values(["model", "by", "position"]).index
    return table.loc[keys].reset_index(drop=True)


def _parts(
    hits: dict[str, pd.DataFrame],
    worth: pd.DataFrame,
    groups: pd.DataFrame,
    users: pd.Index,
    length: int,
) -> Iterator[tuple[dict[str, object], np.ndarray, float]]:
    """Per group its labels, the scores (users, models), and the mean worth of what was played."""
    for position, (name, flag) in enumerate((("repeat", True), ("new", False))):
        played = worth[worth["repeat"] == flag]
        rows = np.column_stack(
            [_sums(found[found["repeat"] == flag], users) / length for found in hits.values()]
        )
        labels = {"by": "repeat", "group": name, "position": position}
        labels["users"] = int(played["user_id"].nunique())
        yield labels, rows, float(_sums(played, users).mean() / length)
    scores = np.column_stack([_sums(found, users) / length for found in hits.values()])
    listened = _sums(worth, users) / length
    for key, members in groups.groupby(["by", "position", "group"], sort=True):
        by, place, label = key
        inside = users.isin(members["user_id"])
        labels = {"by": by, "group": label, "position": place, "users": int(inside.sum())}
        yield labels, scores[inside], float(listened[inside].mean())


def _sums(rows: pd.DataFrame, users: pd.Index) -> np.ndarray:
    sums = rows.groupby("user_id")["fraction"].sum()
    return sums.reindex(users, fill_value=0.0).to_numpy(dtype=np.float64)
