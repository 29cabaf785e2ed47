"""Sample data for HearMe in the competition's own four files.

Whoever has no competition data gets a small set that is made in seconds; the same model at the
competition's size serves the benchmark. The listening model and its noise live in
`podium.recommendation.synthetic`; this module gives them names, dates and files.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from podium.common.sample_files import refuse_among_raw, whole_file, whole_folder
from podium.pipelines.hearme.raw_contract import (
    AGE_BINS,
    GENDERS,
    INTERACTIONS,
    ITEMS,
    TEST,
    USERS,
)
from podium.pipelines.hearme.sample_names import (
    GENRES,
    artist_names,
    credits,
    genre_lists,
    track_names,
)
from podium.recommendation.synthetic import Log, SampleSize, Synthetic, generate
from podium.recommendation.synthetic_world import Ints

#: What a new user gets: written in a few seconds.
SAMPLE = SampleSize(users=500, tracks=1_300, listens=100_000, test_users=80)
#: As large as the competition's own files.
COMPETITION = SampleSize(users=279_000, tracks=349_000, listens=24_800_000, test_users=1_500)

#: Texts that stand where a time should; in the order of `Log.broken_time`.
BROKEN_TIMES = ("", "NaT", "2025-13-41 25:61:00.00000", "not a date")

_FIRST_DAY = datetime(2025, 2, 28)
_ROWS_PER_WRITE = 1_000_000
_TICKS_PER_MICROSECOND = 10


def write_sample(
    directory: Path, seed: int, size: SampleSize = SAMPLE, *, truth_path: Path | None = None
) -> None:
    """Generate a sample and write its four files as a whole, or nothing.

    Args:
        directory: Where the files go, for example `data/sample/01_raw/hearme`; must not exist,
            or be empty.
        seed: Seed; the same seed gives the same bytes.
        size: How much data.
        truth_path: Also write what the test users heard in the hidden window to this file,
            which must lie outside `directory`.

    Raises:
        FileExistsError: If the directory already holds files.
        ValueError: If the truth would lie among the raw files.
    """
    refuse_among_raw(truth_path, directory)
    with whole_folder(directory) as folder:
        synthetic = generate(size, seed)
        _write_interactions(folder / INTERACTIONS.name, synthetic.log)
        rng = np.random.default_rng([seed, 1])
        _write_items(folder / ITEMS.name, synthetic, rng)
        _write_users(folder / USERS.name, synthetic, rng)
        _write_rows(folder / TEST.name, TEST.columns, ([user] for user in synthetic.test_user))
        if truth_path is not None:
            write_truth(truth_path, synthetic)


def write_truth(path: Path, synthetic: Synthetic) -> None:
    """Write what the test users heard in the hidden window: user_id, item_id, fraction.

    Args:
        path: The file; never beside the raw files.
        synthetic: The generated data.
    """
    truth = synthetic.truth
    table = pa.table(
        {"user_id": truth.user_id, "item_id": truth.item_id, "fraction": truth.fraction}
    )
    with whole_file(path) as file:
        pa_csv.write_csv(table, file, _options(header=True))


def _options(*, header: bool) -> pa_csv.WriteOptions:
    return pa_csv.WriteOptions(include_header=header, quoting_style="none", quoting_header="none")


def _write_interactions(path: Path, log: Log) -> None:
    """The log, a slice of rows at a time."""
    with path.open("wb") as file:
        for start in range(0, max(len(log.user_id), 1), _ROWS_PER_WRITE):
            rows = slice(start, start + _ROWS_PER_WRITE)
            table = pa.table(
                {
                    "user_id": log.user_id[rows],
                    "item_id": log.item_id[rows],
                    "listened_duration": log.seconds[rows],
                    "listened_datetime": _times(log.tick[rows], log.broken_time[rows]),
                }
            )
            pa_csv.write_csv(table, file, _options(header=start == 0))


def _times(tick: Ints, broken: Ints) -> pa.Array:
    """Times as the statement writes them: YYYY-MM-DD HH:MM:SS.sssss, with five decimals."""
    first = np.datetime64(_FIRST_DAY, "us")
    times = pa.array(first + (tick * _TICKS_PER_MICROSECOND).astype("timedelta64[us]"))
    text = pc.utf8_slice_codeunits(pc.strftime(times, "%Y-%m-%d %H:%M:%S"), 0, 25)
    if not broken.any():
        return text
    nonsense = pa.array(BROKEN_TIMES).take(pa.array(broken[broken > 0].astype(np.int64) - 1))
    return pc.replace_with_mask(text, pa.array(broken > 0), nonsense)


def _write_items(path: Path, synthetic: Synthetic, rng: np.random.Generator) -> None:
    catalogue, log = synthetic.catalogue, synthetic.log
    plays = synthetic.item_plays
    # Old tracks bring counts from before the log; good ones are liked, poor ones disliked.
    before = catalogue.popularity * plays.sum() * 0.004 * np.clip(-catalogue.release, 0.0, 900.0)
    heard = plays + before
    dislikes = rng.poisson(0.004 * heard * np.exp(-0.5 * catalogue.quality))
    likes = rng.poisson(0.03 * heard * np.exp(0.5 * catalogue.quality))
    downloads = rng.poisson(0.015 * heard * np.exp(0.4 * catalogue.quality))
    columns: list[list[object]] = [
        list(catalogue.item_id.tolist()),
        list(track_names(catalogue, rng)),
        list(credits(catalogue, artist_names(catalogue, rng))),
        _blank(catalogue.seconds, log.item_lacks["duration"]),
        _blank(genre_lists(catalogue.genre, catalogue.second_genre), log.item_lacks["genres"]),
        *(_blank(counts, log.item_lacks["counts"]) for counts in (dislikes, likes, downloads)),
    ]
    order = np.argsort(
        np.concatenate([catalogue.item_id, catalogue.item_id[log.repeated_items]]), kind="stable"
    )
    rows = np.concatenate([np.arange(catalogue.size), log.repeated_items])[order]
    _write_rows(path, ITEMS.columns, _rows(columns, rows))


def _write_users(path: Path, synthetic: Synthetic, rng: np.random.Generator) -> None:
    people, log, plays = synthetic.people, synthetic.log, synthetic.user_plays
    users, profile = people.size, USERS.columns[1:]
    # The platform guesses the top genre from listening, and is wrong now and then.
    guess = (people.genre_taste + rng.normal(0.0, 0.5, people.genre_taste.shape)).argmax(axis=1)
    missing = {column: np.flatnonzero(rng.random(users) < 0.03) for column in profile}  # noqa: PLR2004
    values: dict[str, Ints | list[str]] = {
        "age_bin": [AGE_BINS[age] for age in people.age],
        "children": people.children,
        "gender": [GENDERS[gender] for gender in people.gender],
        "top_genre": [GENRES[genre] for genre in guess],
        "user_disliked_track_count": rng.poisson(0.01 * plays),
        "user_liked_track_count": rng.poisson(0.05 * plays),
        "user_downloaded_track_count": rng.poisson(0.02 * plays),
    }
    columns: list[list[object]] = [list(people.user_id.tolist())]
    columns += [_blank(values[column], missing[column]) for column in profile]
    present = np.setdiff1d(np.arange(users), log.absent_users)
    rows = np.sort(np.concatenate([present, log.repeated_users]))
    _write_rows(path, USERS.columns, _rows(columns, rows))


def _blank(values: Ints | list[str], lacking: Ints) -> list[object]:
    """Values as a list, with nothing where they lack."""
    filled: list[object] = list(values.tolist() if isinstance(values, np.ndarray) else values)
    for row in lacking.tolist():
        filled[row] = None
    return filled


def _rows(columns: list[list[object]], rows: Ints) -> Iterator[list[object]]:
    return ([column[row] for column in columns] for row in rows.tolist())


def _write_rows(path: Path, header: tuple[str, ...], rows: Iterable[list[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
