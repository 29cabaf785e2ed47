"""HearMe's score: how much of the recommended tracks a listener really listened to.

Per user, the fractions listened of the 50 recommended tracks are added up and divided by 50; the
score is the mean over all users asked for. A user without prediction or without a listen counts 0,
nobody is dropped. The statement leaves two points open, so both are parameters: whether a track
counts with its best single listen or with the sum of its listens, and whether fractions are rounded
to quarters.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from podium.common.parameters import Parameters

LENGTH = 50
"""Tracks in a list, and the divisor of the score."""

PAIR = ["user_id", "item_id"]
READINGS = ("per_played", "per_ideal")
"""Readings beside the official score, as columns of `score_users`."""


class Reading(Parameters):
    """How the statement is read where it leaves a choice.

    Attributes:
        listen: `best` single listen of a track, or `total` of its listens, clipped to 1.
        rounding: `quarters`, or `continuous` fractions.
    """

    listen: Literal["best", "total"] = "best"
    rounding: Literal["quarters", "continuous"] = "quarters"


def all_readings() -> tuple[Reading, ...]:
    """The four ways to read the statement, the default one first."""
    return tuple(
        Reading(listen=listen, rounding=rounding)
        for listen in ("best", "total")
        for rounding in ("quarters", "continuous")
    )


def round_fractions(fractions: ArrayLike, rounding: str) -> NDArray[np.float64]:
    """Clip fractions to 0..1 and round them to the nearest quarter, if so wanted.

    An exact half between two quarters goes to the even one (0.125 to 0, 0.375 to 0.5), as
    `numpy.rint` does.

    Args:
        fractions: Any shape, no missing values.
        rounding: `quarters` or `continuous`.
    """
    clipped = np.clip(np.asarray(fractions, dtype=np.float64), 0.0, 1.0)
    return np.rint(clipped * 4) / 4 if rounding == "quarters" else clipped


def true_fractions(targets: pd.DataFrame, reading: Reading) -> pd.DataFrame:
    """The worth of every track that a user played.

    Args:
        targets: One row per pair: `user_id`, `item_id`, `best_listen`, `total_listen` (0..1).
        reading: Which column counts, and how it is rounded.

    Returns:
        `user_id`, `item_id`, `fraction`; one row per pair, played tracks of worth 0 included.
    """
    worth = round_fractions(targets[f"{reading.listen}_listen"], reading.rounding)
    return targets[PAIR].assign(fraction=worth)


def listen_targets(listens: pd.DataFrame) -> pd.DataFrame:
    """Best and total listen of every pair from single listens.

    Args:
        listens: `user_id`, `item_id`, `fraction` (one listen / length of the track).

    Returns:
        `user_id`, `item_id`, `best_listen`, `total_listen` in 0..1, sorted by pair.
    """
    clipped = listens[PAIR].assign(fraction=np.clip(listens["fraction"], 0.0, 1.0))
    # Sorted, so that the sum of floats knows nothing of the order in which listens came.
    groups = clipped.sort_values([*PAIR, "fraction"]).groupby(PAIR)["fraction"]
    pairs = groups.agg(best_listen="max", total_listen="sum").reset_index()
    return pairs.assign(total_listen=np.clip(pairs["total_listen"], 0.0, 1.0))


def score_users(
    predictions: pd.DataFrame, truth: pd.DataFrame, users: ArrayLike, length: int = LENGTH
) -> pd.DataFrame:
    """Score the list of every user.

    Args:
        predictions: `user_id`, `item_id`, and `rank` if a list may be longer than `length`: rows
            ranked behind it are ignored.
        truth: `user_id`, `item_id`, `fraction`; one row per pair.
        users: Everybody who counts. Predictions for others are ignored.
        length: Tracks in a list, and the divisor.

    Returns:
        One row per user in ascending order: `user_id`; `score` (sum / length); `per_played` (sum /
        min(length, tracks played), 0 if none was); `per_ideal` (sum / the sum of the best possible
        list, 0 if that is 0); `hits` (recommended tracks that were played at all); `played`
        (tracks played); `ideal` (best possible score).

    Raises:
        ValueError: if a list repeats a track, is too long, or the truth repeats a pair.
    """
    asked = _asked(users)
    lists = valid_lists(predictions, asked, length)
    return _score_hits(lists.merge(truth, on=PAIR), truth, asked, length)


def score_models(
    predictions: pd.DataFrame,
    targets: pd.DataFrame,
    users: ArrayLike,
    reading: Reading,
    length: int = LENGTH,
) -> pd.DataFrame:
    """Score the lists of every model in every reading.

    Args:
        predictions: `model`, `user_id`, `item_id`, `rank`.
        targets: `user_id`, `item_id`, `best_listen`, `total_listen`; one row per pair.
        users: Everybody who counts.
        reading: The one that makes `score`.
        length: Tracks in a list, and the divisor.

    Returns:
        `model`, then the columns of `score_users` in `reading`, then the score in each reading as
        `score_<listen>_<rounding>`; sorted by model and user.

    Raises:
        ValueError: as `score_users`.
    """
    asked = _asked(users)
    truths = {each: true_fractions(targets, each) for each in all_readings()}
    scored = []
    for model, rows in predictions.groupby("model", sort=True):
        hits = valid_lists(rows, asked, length).merge(targets[PAIR], on=PAIR)
        table = _score_hits(hits.merge(truths[reading], on=PAIR), truths[reading], asked, length)
        for each, truth in truths.items():
            found = hits.merge(truth, on=PAIR).sort_values(PAIR)
            table[reading_name(each)] = _per_user(found, asked, "sum") / length
        table.insert(0, "model", str(model))
        scored.append(table)
    return pd.concat(scored, ignore_index=True)


def reading_name(reading: Reading) -> str:
    """Column of the score in a reading, such as `score_best_quarters`."""
    return f"score_{reading.listen}_{reading.rounding}"


def score_ranks(
    predictions: pd.DataFrame, truth: pd.DataFrame, users: ArrayLike, length: int = LENGTH
) -> pd.DataFrame:
    """Mean fraction listened at each place of the list, over all users.

    Args:
        predictions: `model`, `user_id`, `item_id`, `rank` from 1.
        truth: `user_id`, `item_id`, `fraction`.
        users: Everybody who counts; a place left empty counts 0.
        length: Last rank.

    Returns:
        `model`, `rank` 1..length, `fraction`; sorted. The mean over the ranks is the score.
    """
    asked = np.unique(np.asarray(users, dtype=np.int64))
    listed = predictions[predictions["user_id"].isin(asked) & predictions["rank"].le(length)]
    worth = listed.merge(truth, on=PAIR, how="inner").sort_values(["model", "rank", "user_id"])
    index = pd.MultiIndex.from_product(
        [sorted(predictions["model"].unique()), range(1, length + 1)], names=["model", "rank"]
    )
    sums = worth.groupby(["model", "rank"])["fraction"].sum().reindex(index, fill_value=0.0)
    return (sums / max(len(asked), 1)).rename("fraction").reset_index()


def valid_lists(predictions: pd.DataFrame, users: ArrayLike, length: int = LENGTH) -> pd.DataFrame:
    """The lists of the users asked for, down to rank `length`, as pairs.

    Raises:
        ValueError: if a list repeats a track or is too long.
    """
    rows = predictions[predictions["user_id"].isin(_asked(users))]
    if "rank" in rows:
        rows = rows[rows["rank"].between(1, length)]
    if rows.duplicated(PAIR).any():
        raise ValueError("a list must not repeat a track")
    if len(rows) and int(rows.groupby("user_id").size().max()) > length:
        raise ValueError(f"a list must not be longer than {length}")
    return rows[PAIR]


def _asked(users: ArrayLike) -> pd.Index:
    return pd.Index(np.unique(np.asarray(users, dtype=np.int64)), name="user_id")


def _score_hits(
    hits: pd.DataFrame, truth: pd.DataFrame, asked: pd.Index, length: int
) -> pd.DataFrame:
    """The columns of `score_users` from the recommended tracks that were played."""
    if truth.duplicated(PAIR).any():
        raise ValueError("the truth must hold one row per user and track")
    found = hits.sort_values(PAIR)
    played = truth[truth["user_id"].isin(asked)]
    best = played.sort_values(["user_id", "fraction"], ascending=[True, False])
    sums = _per_user(found, asked, "sum")
    ideals = _per_user(best.groupby("user_id").head(length), asked, "sum")
    counts = _per_user(played, asked, "count")
    return pd.DataFrame(
        {
            "user_id": asked,
            "score": sums / length,
            "per_played": _ratio(sums, np.minimum(counts, length)),
            "per_ideal": _ratio(sums, ideals),
            "hits": _per_user(found, asked, "count").astype(np.int64),
            "played": counts.astype(np.int64),
            "ideal": ideals / length,
        }
    )


def _per_user(rows: pd.DataFrame, asked: pd.Index, what: str) -> NDArray[np.float64]:
    per_user = rows.groupby("user_id")["fraction"].agg(what)
    return per_user.reindex(asked, fill_value=0).to_numpy(dtype=np.float64)


def _ratio(numerator: NDArray[np.float64], denominator: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0)
