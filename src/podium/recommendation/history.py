"""What is known at a time cut: the listens up to it, and the metadata."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from podium.recommendation.exact import SECONDS_PER_DAY

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import numpy as np
    import pandas as pd


@dataclass(frozen=True)
class Catalogue:
    """Metadata of tracks and listeners, as Ibis tables."""

    items: ir.Table
    item_artists: ir.Table
    item_genres: ir.Table
    users: ir.Table

    @classmethod
    def of(
        cls,
        items: pd.DataFrame,
        item_artists: pd.DataFrame,
        item_genres: pd.DataFrame,
        users: pd.DataFrame,
    ) -> Catalogue:
        """Hand the frames that data_processing leaves to the engine."""
        import ibis

        return cls(*(ibis.memtable(table) for table in (items, item_artists, item_genres, users)))


@dataclass
class History:
    """Listens up to the end of a day, for a set of users to recommend to.

    Attributes:
        all_listens: Every cleaned listen (user_id, item_id, listened_at, listened_seconds,
            track_seconds, fraction); later ones are cut off by this class.
        until: Last day that is known.
        users: Ids of the users to recommend to, ascending.
        catalogue: Metadata.
    """

    all_listens: ir.Table
    until: date
    users: np.ndarray
    catalogue: Catalogue

    @cached_property
    def end_epoch(self) -> int:
        """The first second that is not known, in seconds since 1970."""
        midnight = datetime.combine(self.until + timedelta(days=1), time())
        return int((midnight - datetime(1970, 1, 1)).total_seconds())

    @cached_property
    def listens(self) -> ir.Table:
        """Known listens of everyone, with ``age`` (seconds before the cut) and ``day`` (0 = last).

        The last known second has age 0.
        """
        # DuckDB keeps the fraction of a second, which would count 23:59:59.5 to the next day.
        second = self.all_listens.listened_at.truncate("s")
        listens = self.all_listens.mutate(epoch=second.epoch_seconds())
        known = listens.filter(listens.epoch < self.end_epoch)
        age = self.end_epoch - 1 - known.epoch
        return known.mutate(age=age, day=(age / SECONDS_PER_DAY).floor().cast("int32"))

    @cached_property
    def user_table(self) -> ir.Table:
        """The users to recommend to, as a table with the one column ``user_id``."""
        import ibis
        import pyarrow as pa

        return ibis.memtable(pa.table({"user_id": pa.array(self.users, pa.int64())}))

    @cached_property
    def own_listens(self) -> ir.Table:
        """Known listens of the users to recommend to, held by the engine.

        Only what features are made of: user_id, item_id, listened_seconds, fraction, age, day.
        """
        own = self.listens.semi_join(self.user_table, "user_id")
        names = ("user_id", "item_id", "listened_seconds", "fraction", "age", "day")
        return own.select(*names).cache()

    @cached_property
    def own_days(self) -> ir.Table:
        """Best fraction and number of listens of each pair on each day, held by the engine."""
        listens = self.own_listens
        days = listens.group_by("user_id", "item_id", "day")
        return days.agg(best=listens.fraction.max(), listens=listens.count()).cache()

    def recent(self, days: int) -> ir.Table:
        """Known listens of everyone in the last days before the cut."""
        return self.listens.filter(self.listens.day < days)
