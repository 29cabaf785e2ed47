"""What HearMe's organiser accepts, and how a file is scored against a truth."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podium.common import submission
from podium.common.bootstrap import bootstrap_mean
from podium.common.errors import RawDataError
from podium.common.raw_contract import RawFile, demand_raw_file
from podium.common.raw_files import open_raw_csv
from podium.common.submission_rules import (
    Columns,
    GroupSize,
    KnownValues,
    Ranks,
    Rule,
    SequentialIds,
    UniqueWithin,
    WholeNumbers,
)
from podium.common.truth_file import number_column, read_truth_text
from podium.pipelines.hearme.raw_contract import INTERACTIONS, ITEMS, TEST
from podium.recommendation.asked_users import read_asked_users
from podium.recommendation.metrics import (
    LENGTH,
    all_readings,
    listen_targets,
    score_users,
    true_fractions,
)

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("id", "user_id", "item_id", "rank")


def rules(test_users: Collection[int], known_items: Collection[int]) -> list[Rule]:
    """The organiser's rules for ``id,user_id,item_id,rank``."""
    return [
        Columns(COLUMNS),
        *(WholeNumbers(column) for column in COLUMNS),
        SequentialIds("id"),
        GroupSize("user_id", LENGTH, test_users),
        KnownValues("item_id", known_items, "known track"),
        UniqueWithin("item_id", "user_id"),
        Ranks("user_id", "rank", LENGTH),
    ]


def check_submission(
    path: Path, test_users: Collection[int], known_items: Collection[int]
) -> list[submission.Fault]:
    """Every way in which a file would be refused; empty for a file that would be accepted."""
    return submission.check_file(path, rules(test_users, known_items))


def score_submission(
    path: Path,
    truth: Path,
    test_users: Collection[int],
    known_items: Collection[int],
    *,
    track_seconds: pd.Series | None = None,
    only_in_truth: bool = False,
) -> dict[str, float]:
    """Score a file with the official metric.

    Args:
        path: The submission.
        truth: CSV with `user_id,item_id,fraction` (fraction of the best listen; other columns are
            ignored), or with the raw listens `user_id,item_id,listened_duration`.
        test_users: Everybody who counts; a user without a listen in the truth counts 0.
        known_items: Tracks that may be recommended.
        track_seconds: Length of each track, indexed by item_id; needed for raw listens. A track
            without a length is taken to be as long as its longest listen.
        only_in_truth: Count only the users that the truth knows: for a truth that was cut down to
            part of the users on purpose. It drops those who heard nothing, so it flatters.

    Returns:
        `score` (best listen, quarters) with its 95 % interval over users, the other readings, the
        other denominators, the best possible score, and counts of users.

    Raises:
        SubmissionError: if the file breaks a rule.
        RawDataError: if the truth cannot be used.
    """
    accepted = submission.read_accepted(path, rules(test_users, known_items))
    lists = accepted[["user_id", "item_id", "rank"]].astype("int64")
    targets = read_targets(truth, track_seconds)
    users = sorted(set(map(int, test_users)))
    with_listens = set(targets["user_id"]) & set(users)
    if only_in_truth:
        users = sorted(with_listens)
    if not users or not with_listens:
        raise RawDataError("it knows none of the test users", file=truth.name, column="user_id")
    scores: dict[str, float] = {}
    for number, reading in enumerate(all_readings()):
        table_of_users = score_users(lists, true_fractions(targets, reading), users)
        if number == 0:
            scores = _headline(table_of_users)
        else:
            name = f"score_{reading.listen}_{reading.rounding}"
            scores[name] = float(table_of_users["score"].mean())
    return {
        **scores,
        "users": float(len(users)),
        "users_without_listens": float(len(users) - len(with_listens)),
    }


def read_targets(truth: Path, track_seconds: pd.Series | None) -> pd.DataFrame:
    """Best and total listen per user and track from either form of truth.

    Raises:
        RawDataError: naming file, column and row.
    """
    frame = read_truth_text(truth)
    pairs = frame[[]].assign(
        user_id=number_column(frame, "user_id", truth.name, whole=True),
        item_id=number_column(frame, "item_id", truth.name, whole=True),
    )
    if "fraction" in frame:
        fraction = number_column(frame, "fraction", truth.name, whole=False)
        return listen_targets(pairs.assign(fraction=fraction))
    if "listened_duration" not in frame:
        raise RawDataError(
            "needs a column fraction, or listened_duration of raw listens", file=truth.name
        )
    seconds = number_column(frame, "listened_duration", truth.name, whole=False)
    longest = seconds.groupby(pairs["item_id"]).transform("max")
    lengths = longest if track_seconds is None else pairs["item_id"].map(track_seconds)
    lengths = lengths.where(lengths > 0, longest).clip(lower=1)
    return listen_targets(pairs.assign(fraction=seconds / lengths))


def check_file(path: Path, raw: Path) -> Sequence[submission.Fault]:
    """Check a file against the challenge's raw files (for the command line).

    Args:
        path: The submission.
        raw: Folder of the four CSV files.

    Raises:
        RawDataError: if a raw file cannot be used.
    """
    return check_submission(path, _test_users(raw), _known_items(raw, path))


def score_file(path: Path, truth: Path, raw: Path, *, only_in_truth: bool) -> dict[str, float]:
    """Score a file against a truth, with the challenge's raw files (for the command line).

    Raises:
        SubmissionError: if the file breaks a rule.
        RawDataError: if a raw file or the truth cannot be used.
    """
    return score_submission(
        path,
        truth,
        _test_users(raw),
        _known_items(raw, path),
        track_seconds=_track_seconds(raw),
        only_in_truth=only_in_truth,
    )


def _headline(users: pd.DataFrame) -> dict[str, float]:
    interval = bootstrap_mean(users["score"])
    return {
        "score": interval.value,
        "score_ci_low": interval.low,
        "score_ci_high": interval.high,
        "best_possible": float(users["ideal"].mean()),
        "per_played": float(users["per_played"].mean()),
        "per_ideal": float(users["per_ideal"].mean()),
        "tracks_hit": float(users["hits"].mean()),
    }


def _test_users(raw: Path) -> list[int]:
    """Read as the run reads them, so that both accept the same file."""
    import ibis

    test = open_raw_csv(raw / TEST.name, TEST, ibis.duckdb.connect())
    return read_asked_users(test)[0]["user_id"].tolist()


def _known_items(raw: Path, file: Path) -> list[int]:
    """Tracks of the metadata and, since those are incomplete, of the listens.

    The listens are many, so they are read only if the file holds a track beside the metadata.
    """
    items = _integers(_raw(raw, ITEMS), "item_id")
    frame = submission.read_submission(file).frame
    # Equivalent with <: of a file that names every track the listens add none, they only take time.
    if "item_id" in frame and not set(frame["item_id"]) <= set(map(str, items)):
        items |= _integers(_raw(raw, INTERACTIONS), "item_id")
    return sorted(items)


def _raw(folder: Path, file: RawFile) -> Path:
    """A raw file, plain or compressed."""
    path = folder / file.name
    return demand_raw_file(path, file) or path


def _integers(path: Path, column: str) -> set[int]:
    rows = _distinct(path, f"try_cast({column} AS BIGINT)")
    return {int(value) for (value,) in rows if value is not None}


def _track_seconds(raw: Path) -> pd.Series:
    import pandas as pd

    seconds = "try_cast(item_id AS BIGINT), try_cast(track_duration AS DOUBLE)"
    rows = _distinct(_raw(raw, ITEMS), seconds)
    known = {item: length for item, length in rows if item is not None and length}
    return pd.Series(known, dtype="float64")


def _distinct(path: Path, columns: str) -> list[tuple[Any, ...]]:
    """Distinct values of columns of a raw file; rows that cannot be read are skipped."""
    import duckdb

    query = (
        f"SELECT DISTINCT {columns} FROM read_csv(?, all_varchar = true, header = true, "
        "delim = ',', quote = '\"', escape = '\"', ignore_errors = true, null_padding = true)"
    )
    try:
        with duckdb.connect() as connection:
            return connection.execute(query, [str(path)]).fetchall()
    except duckdb.Error as error:
        problem = str(error).splitlines()[0]
        raise RawDataError(f"cannot be read: {problem}", file=path.name) from error
