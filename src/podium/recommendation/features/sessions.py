"""What is played around the track: is its company still in rotation?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.recommendation.exact import SECONDS_PER_DAY, exact_sum, half_life_weight
from podium.recommendation.features.pairs import PAIR, day_bests, day_decay

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from podium.recommendation.history import History

_REACH = 3  # listens before and after that count as company
_PAUSE_SECONDS = 30 * 60  # a longer pause ends a session
_STRENGTH_HALF_LIFE = 14


def session_features(history: History) -> ir.Table:
    """Company of each pair, newer occasions counting more (half-life 30 days).

    Returns:
        user_id, item_id; ``session_strength``: mean strength (1 - exp(-day decay)) of the other
        tracks played up to three before or after; ``session_days_since_last``: mean age in days of
        their last listens; ``session_loop_rate``: share of listens followed by the same track;
        ``session_start_rate``: share of listens that begin a session.
    """
    import ibis

    listens = _with_strength(history)
    order = ibis.window(
        group_by="user_id",
        # A total order: listens of one second are told apart by track and length.
        order_by=[ibis.desc(listens.age), listens.item_id, listens.listened_seconds],
    )
    around = {
        f"{name}_{offset}": _neighbour(listens[name], offset, order)
        for offset in (*range(-_REACH, 0), *range(1, _REACH + 1))
        for name in ("item_id", "age", "strength", "last_age")
    }
    rows = listens.mutate(**around)
    strength, last_age, company = ibis.literal(0.0), ibis.literal(0.0), ibis.literal(0)
    for offset in (*range(-_REACH, 0), *range(1, _REACH + 1)):
        other, apart = rows[f"item_id_{offset}"], (rows[f"age_{offset}"] - rows.age).abs()
        near = (other != rows.item_id) & (apart <= _PAUSE_SECONDS * abs(offset))
        near = near.fill_null(False)
        strength = strength + near.ifelse(rows[f"strength_{offset}"], 0.0)
        last_age = last_age + near.ifelse(rows[f"last_age_{offset}"] / SECONDS_PER_DAY, 0.0)
        company = company + near.cast("int64")
    weight = half_life_weight(rows.age, 30)
    previous = (rows["age_-1"] - rows.age).fill_null(_PAUSE_SECONDS + 1)
    rows = rows.select(
        *PAIR,
        strength=strength * weight,
        last_age=last_age * weight,
        company=company * weight,
        loop=(rows["item_id_1"] == rows.item_id).fill_null(False).cast("int64"),
        start=(previous > _PAUSE_SECONDS).cast("int64"),
    )
    table = rows.group_by(*PAIR).agg(
        listens=rows.count(),
        strength=exact_sum(rows.strength),
        last_age=exact_sum(rows.last_age),
        company=exact_sum(rows.company),
        loops=rows.loop.sum(),
        starts=rows.start.sum(),
    )
    company = table.company.nullif(0.0)
    return table.select(
        *PAIR,
        session_strength=table.strength / company,
        session_days_since_last=table.last_age / company,
        session_loop_rate=table.loops / table.listens,
        session_start_rate=table.starts / table.listens,
    )


def _with_strength(history: History) -> ir.Table:
    listens, days = history.own_listens, day_bests(history)
    decay = days.group_by(*PAIR).agg(decay=day_decay(days, _STRENGTH_HALF_LIFE))
    last = listens.group_by(*PAIR).agg(last_age=listens.age.min())
    pairs = decay.join(last, PAIR)
    pairs = pairs.select(*PAIR, "last_age", strength=1 - (-pairs.decay).exp())
    return listens.select(*PAIR, "age", "listened_seconds").join(pairs, PAIR)


def _neighbour(column: ir.Column, offset: int, order: object) -> ir.Column:
    moved = column.lead(offset) if offset > 0 else column.lag(-offset)
    return moved.over(order)
