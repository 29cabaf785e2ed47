"""The dirt of a production log, planted with known counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from podium.recommendation.synthetic_listens import SECONDS_PER_DAY
from podium.recommendation.synthetic_people import Population
from podium.recommendation.synthetic_world import HISTORY_DAYS, Catalogue, Ints

_TICKS_PER_DAY = SECONDS_PER_DAY * 100_000
#: Days outside the log at which misplaced rows lie: a clock at its epoch, last year, and a
#: clock that runs ahead. None lies in the gap or the hidden window.
_WRONG_DAYS = np.array([-20_147.0, -300.0, -40.0, 400.0, 1_800.0])
ABSURD_SECONDS = np.array([100_000, 999_999, 86_400_000, 2_147_483_647])


@dataclass(frozen=True)
class Noise:
    """How many rows of each kind of noise lie in the files. No row has two kinds.

    Rows with a negative or absurd duration, an unparsable time, an unknown item or a time out of
    range come on top of the real listens, as do the duplicates.
    """

    duplicates: int  # exact copies of another row
    over_long: int  # longer than the track, at most twice as long; in truth heard in full
    negative: int  # duration below 0
    absurd: int  # duration above a day
    unparsable_times: int
    unknown_items: int  # item not in the metadata
    out_of_range: int  # time before 2025-02-28 or after 2025-09-15
    items_without_duration: int
    items_without_genres: int
    items_without_counts: int
    users_without_metadata: int
    duplicate_items: int  # exact copies of a row of the item metadata
    duplicate_users: int

    @classmethod
    def planned(cls, listens: int, items: int, users: int) -> Noise:
        """Shares as small as in a log that is on the whole sound; at least one row of each."""

        def part(share: float, total: int) -> int:
            return max(1, round(share * total))

        return cls(
            duplicates=part(5e-3, listens),
            over_long=part(4e-3, listens),
            negative=part(1e-4, listens),
            absurd=part(1e-4, listens),
            unparsable_times=part(1e-4, listens),
            unknown_items=part(2e-4, listens),
            out_of_range=part(1e-4, listens),
            items_without_duration=part(0.01, items),
            items_without_genres=part(0.03, items),
            items_without_counts=part(0.02, items),
            users_without_metadata=part(0.02, users),
            duplicate_items=part(5e-4, items),
            duplicate_users=part(5e-4, users),
        )


@dataclass(frozen=True)
class Log:
    """The listening log as it is written, in (nearly) the order of time, noise and all."""

    user_id: Ints
    item_id: Ints
    seconds: Ints
    tick: Ints  # 10 microseconds since 2025-02-28 00:00
    broken_time: Ints  # 0 a good time; k > 0 the k-th kind of text that is no time
    item_lacks: dict[str, Ints]  # rows of the catalogue lacking "duration", "genres", "counts"
    absent_users: Ints  # rows of the population without metadata
    repeated_items: Ints  # rows of the catalogue that are written twice
    repeated_users: Ints


#: How many kinds of broken time there are; the writer has a text for each.
BROKEN_TIMES = 4


def dirty_log(
    catalogue: Catalogue,
    people: Population,
    plays: tuple[Ints, Ints, Ints, Ints],
    rng: np.random.Generator,
) -> tuple[Log, Noise]:
    """Put the plays of the history in order and plant the noise.

    Args:
        catalogue: The tracks.
        people: The listeners.
        plays: Rows of the population, rows of the catalogue, ticks and seconds heard.
        rng: Source of randomness.

    Returns:
        The log and the counts of what was planted.
    """
    user, track, tick, seconds = plays
    listens = len(user)
    noise = Noise.planned(listens, catalogue.size, people.size)
    lacks = {
        "duration": _some(rng, catalogue.size, noise.items_without_duration),
        "genres": _some(rng, catalogue.size, noise.items_without_genres),
        "counts": _some(rng, catalogue.size, noise.items_without_counts),
    }
    absent = _some(rng, people.size, noise.users_without_metadata)
    present = np.setdiff1d(np.arange(people.size), absent)

    known = np.ones(catalogue.size, dtype=bool)
    known[lacks["duration"]] = False
    seconds = seconds.copy()
    whole = np.flatnonzero((seconds == catalogue.seconds[track]) & known[track])
    over = whole[_some(rng, len(whole), noise.over_long)]
    seconds[over] = _stretched(seconds[over], rng)

    added = _added_rows(noise, listens, over, rng)
    source = np.concatenate([rows for rows, _ in added.values()])
    offset = np.concatenate([later for _, later in added.values()])
    place = _places(added)
    item_id = np.concatenate([catalogue.item_id[track], catalogue.item_id[track[source]]])
    seconds = np.concatenate([seconds, seconds[source]])
    last = int(HISTORY_DAYS * _TICKS_PER_DAY) - 1
    key = np.concatenate([tick, np.minimum(tick[source] + offset, last)])
    written = key.copy()
    written[listens:][place["duplicates"]] = tick[source[place["duplicates"]]]
    broken = np.zeros(len(key), dtype=np.int8)

    def tail(kind: str) -> Ints:
        return listens + place[kind]

    seconds[tail("negative")] = -rng.integers(1, 400, noise.negative)
    seconds[tail("absurd")] = rng.choice(ABSURD_SECONDS, noise.absurd)
    broken[tail("unparsable_times")] = rng.integers(1, BROKEN_TIMES + 1, noise.unparsable_times)
    item_id[tail("unknown_items")] = catalogue.item_id.max() + rng.integers(
        1, 1_000, noise.unknown_items
    )
    wrong = rng.choice(_WRONG_DAYS, noise.out_of_range) + rng.random(noise.out_of_range)
    written[tail("out_of_range")] = (wrong * _TICKS_PER_DAY).astype(np.int64)

    user_id = np.concatenate([people.user_id[user], people.user_id[user[source]]])
    order = np.argsort(key, kind="stable")
    log = Log(
        user_id=user_id.astype(np.int32)[order],
        item_id=item_id.astype(np.int32)[order],
        seconds=seconds.astype(np.int32)[order],
        tick=written[order],
        broken_time=broken[order],
        item_lacks=lacks,
        absent_users=absent,
        repeated_items=_some(rng, catalogue.size, noise.duplicate_items),
        repeated_users=present[_some(rng, len(present), noise.duplicate_users)],
    )
    return log, noise


def _some(rng: np.random.Generator, total: int, count: int) -> Ints:
    """Sorted distinct numbers below `total`."""
    return np.sort(rng.choice(total, count, replace=False, shuffle=False))


def _stretched(seconds: Ints, rng: np.random.Generator) -> Ints:
    """Durations above the track's: by a few seconds mostly, at most twice as long."""
    more = np.ceil(seconds * np.minimum(rng.exponential(0.15, len(seconds)), 1.0))
    return seconds + np.maximum(more, 1).astype(seconds.dtype)


def _added_rows(
    noise: Noise, listens: int, over: Ints, rng: np.random.Generator
) -> dict[str, tuple[Ints, Ints]]:
    """Per kind of added noise: the plays it is made from and how many ticks later it lies."""
    clean = np.ones(listens, dtype=bool)
    clean[over] = False
    clean_rows = np.flatnonzero(clean)
    kinds = (
        "duplicates",
        "negative",
        "absurd",
        "unparsable_times",
        "unknown_items",
        "out_of_range",
    )
    counts = [getattr(noise, kind) for kind in kinds]
    chosen = clean_rows[_some(rng, len(clean_rows), sum(counts))]
    chosen = rng.permutation(chosen)
    parts = np.split(chosen, np.cumsum(counts)[:-1])
    # A copy comes within seconds, as when a client sends again; a glitch within minutes.
    return {
        kind: (rows, rng.integers(1, 300_000 if kind == "duplicates" else 30_000_000, len(rows)))
        for kind, rows in zip(kinds, parts, strict=True)
    }


def _places(added: dict[str, tuple[Ints, Ints]]) -> dict[str, Ints]:
    """Where the rows of each kind lie among the added rows."""
    ends = np.cumsum([len(rows) for rows, _ in added.values()])
    return {
        kind: np.arange(end - len(rows), end)
        for (kind, (rows, _)), end in zip(added.items(), ends, strict=True)
    }
