"""Cleaning of listens: typed, judged, deduplicated, and capped at the length of the track.

All expressions are backend-neutral Ibis; nothing here depends on the order of rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from podium.common.raw_files import BLANK, RawTable
from podium.common.raw_values import parse_time, parse_whole_number

if TYPE_CHECKING:
    import ibis.expr.types as ir


USER_WRONG = "user_id is not a whole number of 0 or more"
ITEM_WRONG = "item_id is not a whole number of 0 or more"
DURATION_WRONG = "listened_duration is not a whole number"
TIME_WRONG = "listened_datetime is not a time like 2025-02-28 12:00:00.00000"
DURATION_NEGATIVE = "listened_duration is negative"
DURATION_ABSURD = "listened_duration is absurdly long"
TIME_EARLY = "listened_datetime is before the time range"
TIME_LATE = "listened_datetime is after the time range"
ITEM_UNKNOWN = "item_id is not in item_metadata.csv"

WRONG_OF_COLUMN = {
    "user_id": (USER_WRONG,),
    "item_id": (ITEM_WRONG,),
    "listened_duration": (DURATION_WRONG,),
    "listened_datetime": (TIME_WRONG,),
}
LISTEN_KEY = ("user_id", "listened_at", "item_id", "listened_seconds")
"""What makes a listen; also the order of `train`."""


@dataclass(frozen=True)
class ListenRules:
    """What a listen may be.

    Attributes:
        first_day: First day of the data, inclusive.
        last_day: Last day of the data, inclusive.
        max_seconds: A longer listen is absurd.
    """

    first_day: date
    last_day: date
    max_seconds: int


def judge_listens(raw: RawTable, known_items: ir.Table, rules: ListenRules) -> ir.Table:
    """Type every listen and give it a reason where it cannot be used.

    Args:
        raw: The listens as text: user_id, item_id, listened_duration, listened_datetime.
        known_items: Column `item_id` int64, unique.
        rules: What a listen may be.

    Returns:
        One row per record, lazy: row, user_id int64, item_id int64, listened_seconds int32,
        listened_at timestamp, repaired bool, of_shape bool (the record itself is misshapen),
        reason (null where the listen can be used), content (null there).
    """
    import ibis

    table = raw.table
    user = parse_whole_number(table.user_id, least=0)
    item = parse_whole_number(table.item_id, least=0)
    seconds = parse_whole_number(table.listened_duration)
    at = parse_time(table.listened_datetime)
    typed = table.select(
        "row",
        "content",
        "fault",
        user_id=user.value,
        item_id=item.value,
        seconds=seconds.value,
        listened_at=at.value,
        repaired=user.repaired | item.repaired | seconds.repaired | at.repaired,
    )
    known = known_items.select(known_id="item_id")
    typed = typed.left_join(known, typed.item_id == known.known_id)
    start = datetime.combine(rules.first_day, time())
    end = datetime.combine(rules.last_day + timedelta(days=1), time())
    reason = ibis.cases(
        (typed.fault.notnull(), typed.fault),
        (typed.user_id.isnull(), USER_WRONG),
        (typed.item_id.isnull(), ITEM_WRONG),
        (typed.seconds.isnull(), DURATION_WRONG),
        (typed.listened_at.isnull(), TIME_WRONG),
        (typed.seconds < 0, DURATION_NEGATIVE),
        (typed.seconds > rules.max_seconds, DURATION_ABSURD),
        (typed.listened_at < ibis.timestamp(start.isoformat()), TIME_EARLY),
        (typed.listened_at >= ibis.timestamp(end.isoformat()), TIME_LATE),
        (typed.known_id.isnull(), ITEM_UNKNOWN),
        else_=ibis.null("string"),
    )
    judged = typed.mutate(reason=reason)
    return judged.select(
        "row",
        "user_id",
        "item_id",
        "listened_at",
        # The cast is tried, not done: a bad value of any size must not stop the query.
        listened_seconds=judged.seconds.try_cast("int32"),
        repaired=judged.repaired & judged.reason.isnull(),
        of_shape=judged.fault.notnull(),
        reason=judged.reason,
        content=judged.reason.notnull().ifelse(judged.content, ibis.null("string")),
    )


def unique_listens(judged: ir.Table) -> ir.Table:
    """Drop exact duplicates of the listens that can be used.

    A duplicate has the same user, track, time and duration; written differently ("12", "12.0")
    it is still the same listen.

    Returns:
        user_id, listened_at, item_id, listened_seconds (together unique), copies int64 (how many
        rows of the file say so).
    """
    usable = judged.filter(judged.reason.isnull())
    return usable.group_by(LISTEN_KEY).agg(copies=usable.count())


def set_aside(judged: ir.Table) -> ir.Table:
    """The records with a reason, blank lines apart: row, reason, content."""
    return judged.filter(judged.reason.notnull() & (judged.reason != BLANK)).select(
        "row", "reason", "content"
    )


def cap_listens(listens: ir.Table, items: ir.Table) -> ir.Table:
    """Cap every listen at the length of its track and add the fraction listened to.

    Args:
        listens: As `unique_listens` returns them.
        items: item_id (unique), track_seconds int32, known for every track in `listens`.

    Returns:
        user_id, item_id, listened_at, listened_seconds int32, track_seconds int32,
        fraction float64 in [0, 1]; sorted by `LISTEN_KEY`, lazy.
    """
    import ibis

    tracks = items.select("item_id", "track_seconds")
    joined = listens.inner_join(tracks, "item_id")
    capped = joined.mutate(
        listened_seconds=ibis.least(joined.listened_seconds, joined.track_seconds)
    )
    return capped.select(
        "user_id",
        "item_id",
        "listened_at",
        listened_seconds=capped.listened_seconds.cast("int32"),
        track_seconds=capped.track_seconds.cast("int32"),
        fraction=capped.listened_seconds.cast("float64") / capped.track_seconds.cast("float64"),
    ).order_by(LISTEN_KEY)


def estimate_track_seconds(
    listens: ir.Table, items: ir.Table, min_full_play: int, fallback: int
) -> ir.Table:
    """Estimate the length of tracks that have none from how long they were played.

    Plays of one track pile up at its true length, because a play that is not skipped stops there
    on its own; skips pile up near zero, and a few plays run over. So the estimate is the most
    frequent duration among the plays of at least `min_full_play` seconds, the longer one on a
    tie. Where no duration occurs twice it is the longest play: three plays out of four that go
    past half a minute are whole. Where no play is that long (the track was only ever skipped)
    nothing can be told, and `fallback` keeps a skip from counting as a whole play.

    Counts are integers and ties are broken, so the estimate is exact on every backend.

    Args:
        listens: item_id, listened_seconds; unique listens.
        items: item_id, track_seconds (null where it is to be estimated).
        min_full_play: Shorter plays are skips.
        fallback: Length of a track that was only skipped, in seconds.

    Returns:
        item_id, track_seconds int32, from_plays bool; one row per track that has no length and
        occurs in `listens`.
    """
    unknown = items.filter(items.track_seconds.isnull()).select("item_id")
    plays = listens.semi_join(unknown, "item_id")
    counts = plays.group_by("item_id", "listened_seconds").agg(plays=plays.count())
    # The two are put into one integer, most plays first, then the longer: max() is then exact.
    base = 1 << 31
    repeated = (counts.plays >= 2).ifelse(counts.plays, 0)  # noqa: PLR2004
    key = repeated.cast("int64") * base + counts.listened_seconds.cast("int64")
    best = (
        counts.mutate(key=(counts.listened_seconds >= min_full_play).ifelse(key, -1))
        .group_by("item_id")
        .agg(key=lambda table: table.key.max())
    )
    told = best.key >= 0
    return best.select(
        "item_id",
        track_seconds=told.ifelse(best.key % base, fallback).cast("int32"),
        from_plays=told,
    )


def summarise_reasons(judged: ir.Table) -> ir.Table:
    """Count the records with a reason: reason, of_shape, rows, first_row, first_content."""
    bad = judged.filter(judged.reason.notnull())
    return (
        bad.group_by("reason", "of_shape")
        .agg(
            rows=bad.count(),
            first_row=bad.row.min(),
            first_content=bad.content.argmin(bad.row),
        )
        .order_by("reason", "of_shape")
    )
