"""Time cuts that copy the test: history up to a day, a gap, then the target window."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

Role = Literal["test", "holdout", "train"]
TEST_FOLD = 0
HOLDOUT_FOLD = 1


@dataclass(frozen=True)
class TimeCut:
    """One fold: what is known, and the window to be predicted. All days are inclusive."""

    fold: int
    role: Role
    history_until: date
    target_from: date
    target_until: date


def make_time_cuts(
    last_day: date,
    first_day: date,
    window_days: int,
    gap_days: int,
    training_cuts: int,
    spacing_days: int,
    fewest_history_days: int,
) -> list[TimeCut]:
    """Cut the time as the organiser does, going back from the last day of the listens.

    Fold 0 is the test, whose window lies after the last day. Fold 1 is the holdout, whose window
    ends on the last day. Folds 2 and up train the model that the holdout scores: the window of the
    newest ends where the history of the holdout does, so nothing of the holdout's window is seen.
    For the submission, folds 1 and up train.

    Args:
        last_day: Last day of the listens.
        first_day: First day of the listens.
        window_days: Length of the target window.
        gap_days: Days between the history and the window.
        training_cuts: How many folds of role ``train`` at most.
        spacing_days: Days from one training cut to the next.
        fewest_history_days: Training cuts with less history than this are not made.

    Raises:
        ValueError: where not even one training cut has enough history.
    """
    step = timedelta(days=window_days + gap_days)
    cuts = [_cut(TEST_FOLD, "test", last_day, window_days, gap_days)]
    cuts.append(_cut(HOLDOUT_FOLD, "holdout", last_day - step, window_days, gap_days))
    for number in range(training_cuts):
        until = last_day - 2 * step - timedelta(days=number * spacing_days)
        if (until - first_day).days + 1 < fewest_history_days:
            break
        cuts.append(_cut(HOLDOUT_FOLD + 1 + number, "train", until, window_days, gap_days))
    if len(cuts) == HOLDOUT_FOLD + 1:
        raise ValueError(
            f"listens from {first_day} to {last_day} leave no training cut with "
            f"{fewest_history_days} days of history before it"
        )
    return cuts


def as_frame(cuts: list[TimeCut]) -> pd.DataFrame:
    """One row per cut, in the order of the folds."""
    import pandas as pd

    frame = pd.DataFrame([asdict(cut) for cut in cuts])
    days = ["history_until", "target_from", "target_until"]
    return frame.assign(**{day: pd.to_datetime(frame[day]) for day in days})


def from_frame(folds: pd.DataFrame) -> list[TimeCut]:
    """The cuts of a frame that ``as_frame`` made."""
    return [
        TimeCut(
            int(row["fold"]),
            row["role"],
            row["history_until"].date(),
            row["target_from"].date(),
            row["target_until"].date(),
        )
        for row in folds.to_dict("records")
    ]


def _cut(fold: int, role: Role, until: date, window_days: int, gap_days: int) -> TimeCut:
    start = until + timedelta(days=gap_days + 1)
    return TimeCut(fold, role, until, start, start + timedelta(days=window_days - 1))
