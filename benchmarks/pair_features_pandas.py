"""The same pair features in plain pandas, as a notebook would have them; a process of its own.

Arguments: data tree, fold, file to write. Terms of sums are rounded as Podium rounds them, so that
the tables can be compared.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

WINDOW_DAYS = 15
PAST_WINDOWS = 8
PAIR = ["user_id", "item_id"]
DAY = 86_400
SCALE = float(1 << 20)


def main() -> None:
    """Compute and write them, sorted by pair."""
    tree, fold, output = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    listens = read_history(tree, fold)
    table = listen_features(listens).join(day_features(listens))
    derive(table).reset_index().to_parquet(output, index=False)


def read_history(tree: Path, fold: int) -> pd.DataFrame:
    """Listens of the fold's users up to the cut, with age in seconds and in days."""
    folds = pd.read_parquet(tree / "04_feature/hearme/folds.parquet").set_index("fold")
    users = pd.read_parquet(tree / "04_feature/hearme/fold_users.parquet")
    wanted = users.loc[users["fold"] == fold, "user_id"]
    columns = [*PAIR, "listened_at", "fraction"]
    listens = pd.read_parquet(tree / "03_primary/hearme/train.parquet", columns=columns)
    end = folds.loc[fold, "history_until"] + pd.Timedelta(days=1)
    own = listens["user_id"].isin(wanted) & (listens["listened_at"] < end)
    listens = listens[own].reset_index(drop=True)
    second = listens["listened_at"].astype("datetime64[s]").astype("int64")
    listens["age"] = int(end.timestamp()) - 1 - second
    listens["day"] = listens["age"] // DAY
    return listens


def weight(age_seconds: pd.Series, half_life_days: float) -> pd.Series:
    """0.5 to the power age / half-life."""
    return np.exp(age_seconds * (-np.log(2.0) / (half_life_days * DAY)))


def rounded(terms: pd.Series) -> pd.Series:
    """Terms of a sum in fixed point."""
    return np.rint(terms * SCALE) / SCALE


def listen_features(listens: pd.DataFrame) -> pd.DataFrame:
    """What single listens tell."""
    rows = listens.sort_values([*PAIR, "age", "fraction"], ascending=[True, True, True, False])
    place = rows.groupby(PAIR).cumcount()
    fraction, age, day = rows["fraction"], rows["age"], rows["day"]
    full = (fraction >= 0.875).astype("int64")
    skipped = (fraction < 0.125).astype("int64")
    terms = {
        "pair_full_decay_21d": rounded(full * weight(age, 21)),
        "pair_total_fraction": rounded(fraction),
        "pair_last_three_fraction": rounded(fraction.where(place < 3, 0.0)),
        "full": full,
        "skipped": skipped,
        "weighted": rounded(weight(age, 14)),
        "weighted_skips": rounded(skipped * weight(age, 14)),
    }
    for days in (1, 3, 7, 14, 21, 45, 90):
        terms[f"pair_decay_{days}d"] = rounded(fraction * weight(age, days))
    for days in (7, 14, 30, 60):
        terms[f"pair_listens_{days}d"] = (day < days).astype("int64")
    keys = [rows[name] for name in PAIR]
    table = pd.DataFrame(terms).groupby(keys).sum()
    groups = rows.groupby(PAIR)
    table["pair_listens"] = groups.size()
    table["pair_best_fraction"] = groups["fraction"].max()
    table["pair_days_since_last"] = groups["age"].min() / DAY
    table["pair_days_since_first"] = groups["age"].max() / DAY
    table["pair_days_since_last_half"] = rows[fraction >= 0.5].groupby(PAIR)["age"].min() / DAY
    table["pair_days_since_third"] = rows[place == 2].groupby(PAIR)["age"].max() / DAY
    table["pair_days_since_tenth"] = rows[place == 9].groupby(PAIR)["age"].max() / DAY
    table["pair_last_fraction"] = rows[place == 0].groupby(PAIR)["fraction"].max()
    known = table["weighted"].where(table["weighted"] != 0)
    table["pair_mean_fraction"] = table["pair_total_fraction"] / table["pair_listens"]
    table["pair_full_rate"] = table["full"] / table["pair_listens"]
    table["pair_skip_rate"] = table["skipped"] / table["pair_listens"]
    table["pair_recent_fraction"] = table["pair_decay_14d"] / known
    table["pair_recent_skip_rate"] = table["weighted_skips"] / known
    table["pair_last_three_fraction"] /= table["pair_listens"].clip(upper=3)
    return table.drop(columns=["full", "skipped", "weighted", "weighted_skips"])


def day_features(listens: pd.DataFrame) -> pd.DataFrame:
    """What the days on which a track was heard tell."""
    days = listens.groupby([*PAIR, "day"], as_index=False).agg(
        best=("fraction", "max"), listens=("fraction", "size")
    )
    groups = days.groupby(PAIR)
    days["gap"] = groups["day"].shift(-1) - days["day"]
    days["squared"] = days["gap"] ** 2
    terms = {}
    for half in (3, 7, 14, 30, 60, 120):
        terms[f"pair_day_decay_{half}d"] = rounded(days["best"] * weight(days["day"] * DAY, half))
    for span in (1, 3, 7, 15, 30, 60):
        terms[f"pair_days_in_{span}d"] = (days["day"] < span).astype("int64")
    table = pd.DataFrame(terms).groupby([days[name] for name in PAIR]).sum()
    groups = days.groupby(PAIR)
    table["pair_active_days"] = groups.size()
    table["pair_last_gap_days"] = days[groups.cumcount() == 0].set_index(PAIR)["gap"]
    table["pair_longest_gap_days"] = groups["gap"].max()
    table["pair_most_listens_in_a_day"] = groups["listens"].max()
    window = days["day"] // WINDOW_DAYS
    heard = 0
    for number in range(PAST_WINDOWS):
        best = days[window == number].groupby(PAIR)["best"].max()
        table[f"pair_window_{number + 1}"] = best
        heard = heard + (table[f"pair_window_{number + 1}"].fillna(0.0) >= 0.5).astype("int64")
    table["pair_windows_heard"] = heard
    gaps = (table["pair_active_days"] - 1).where(table["pair_active_days"] > 1)
    mean = (groups["day"].max() - groups["day"].min()) / gaps
    variance = groups["squared"].sum() / gaps - mean**2
    table["pair_mean_gap_days"] = mean
    # As the engine has it: the greatest of nothing and 0 is 0.
    table["pair_gap_deviation_days"] = np.sqrt(variance.fillna(0.0).clip(lower=0.0))
    return table


def derive(table: pd.DataFrame) -> pd.DataFrame:
    """Ratios of the others."""
    last, first = table["pair_days_since_last"], table["pair_days_since_first"]
    in_7, in_14, in_30 = (table[f"pair_listens_{days}d"] for days in (7, 14, 30))
    return table.assign(
        pair_overdue=last / (table["pair_mean_gap_days"] + 1),
        pair_overdue_longest=last / (table["pair_longest_gap_days"] + 1),
        pair_listens_per_day=table["pair_listens"] / table["pair_active_days"],
        pair_density=table["pair_active_days"] / (first + 1),
        pair_age_share=last / (first + 0.001),
        pair_trend_14d=in_14 / (in_30 - in_14 + 1),
        pair_trend_7d=(in_7 + 0.5) / (in_14 - in_7 + 0.5),
        pair_strength=1 - np.exp(-table["pair_day_decay_14d"]),
    )


if __name__ == "__main__":
    main()
