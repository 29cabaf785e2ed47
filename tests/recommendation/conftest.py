"""Histories made by hand or drawn by a seed, for the tests of the algorithms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from podium.recommendation.history import Catalogue, History

TRACK_SECONDS = 200

Listen = tuple[int, int, str, float]
MakeListens = Callable[[Sequence[Listen]], pd.DataFrame]
MakeHistory = Callable[..., History]


def _listens(rows: Sequence[Listen]) -> pd.DataFrame:
    """Rows of user, track, time and fraction as ``hearme.train`` holds them."""
    frame = pd.DataFrame(rows, columns=["user_id", "item_id", "listened_at", "fraction"])
    return pd.DataFrame(
        {
            "user_id": frame["user_id"].astype("int64"),
            "item_id": frame["item_id"].astype("int64"),
            "listened_at": pd.to_datetime(frame["listened_at"], format="ISO8601"),
            "listened_seconds": (frame["fraction"] * TRACK_SECONDS).round().astype("int32"),
            "track_seconds": np.full(len(frame), TRACK_SECONDS, np.int32),
            "fraction": frame["fraction"].astype("float64"),
        }
    )


@dataclass(frozen=True)
class World:
    """Listens and metadata as data_processing leaves them."""

    listens: pd.DataFrame
    items: pd.DataFrame
    item_artists: pd.DataFrame
    item_genres: pd.DataFrame
    users: pd.DataFrame

    def history(
        self, until: date, users: Sequence[int], listens: pd.DataFrame | None = None
    ) -> History:
        """What is known at a cut; other listens may take the place of the world's."""
        known = self.listens if listens is None else listens
        catalogue = Catalogue.of(self.items, self.item_artists, self.item_genres, self.users)
        return History(ibis.memtable(known), until, np.array(users, np.int64), catalogue)


def _world(
    listens: pd.DataFrame,
    artists: Sequence[tuple[int, int]] = (),
    groups: dict[int, str | None] | None = None,
) -> World:
    """A world around listens: artists as (track, artist), groups as top_genre by user."""
    items = np.unique(listens["item_id"])
    members = {int(user): None for user in np.unique(listens["user_id"])} | (groups or {})
    pairs = artists or [(int(item), int(item)) for item in items]
    return World(
        listens,
        pd.DataFrame(
            {
                "item_id": items,
                "track_name": [f"track {item}" for item in items],
                "artist_name": [f"artist {item}" for item in items],
                "track_seconds": np.full(len(items), TRACK_SECONDS, np.int32),
            }
        ),
        pd.DataFrame(
            {
                "item_id": np.array([item for item, _ in pairs], np.int64),
                "artist_id": np.array([artist for _, artist in pairs], np.int32),
                "artist_name": [f"artist {artist}" for _, artist in pairs],
                "position": pd.Series([item for item, _ in pairs])
                .groupby([item for item, _ in pairs])
                .cumcount()
                .to_numpy(),
            }
        ),
        pd.DataFrame({"item_id": items, "genre": "pop", "position": 0}),
        pd.DataFrame(
            {
                "user_id": np.array(list(members), np.int64),
                "top_genre": pd.array(list(members.values()), dtype="str"),
            }
        ),
    )


@pytest.fixture(scope="session")
def make_listens() -> MakeListens:
    """Listens from rows of user, track, time and fraction."""
    return _listens


@pytest.fixture(scope="session")
def make_history() -> MakeHistory:
    """A history from rows; ``make_history(rows, until, users, artists=..., groups=...)``."""

    def make(
        rows: Sequence[Listen],
        until: date,
        users: Sequence[int],
        artists: Sequence[tuple[int, int]] = (),
        groups: dict[int, str | None] | None = None,
    ) -> History:
        return _world(_listens(rows), artists, groups).history(until, users)

    return make


@pytest.fixture(scope="session")
def world() -> World:
    """60 listeners, 80 tracks of 25 artists, tastes, repeats, skips; 2025-05-01 to 08-30."""
    rng = np.random.default_rng(5)
    users, tracks, size = 60, 80, 4_000
    user = rng.integers(0, users, size)
    taste = (user % 4) * 20 + rng.geometric(0.15, size) - 1
    item = np.where(rng.random(size) < 0.8, taste % tracks, rng.integers(0, tracks, size))
    seconds = rng.integers(0, 122 * 86_400, size)
    listens = _listens(
        list(
            zip(
                user * 7 + 100,
                item * 3 + 1_000,
                pd.Timestamp("2025-05-01") + pd.to_timedelta(seconds, unit="s"),
                rng.choice([0.0, 0.05, 0.31, 0.5, 0.77, 1.0], size),
                strict=True,
            )
        )
    )
    artists = [(track * 3 + 1_000, track % 25) for track in range(tracks)]
    artists += [(track * 3 + 1_000, (track + 7) % 25) for track in range(0, tracks, 9)]
    genres = ["pop", "rock", None, "қазақша рэп"]
    return _world(listens, artists, {user * 7 + 100: genres[user % 4] for user in range(users)})


@pytest.fixture
def engine_threads() -> Iterator[Callable[[int], None]]:
    """Set how many threads the engine uses; as before after the test."""
    backend = ibis.get_backend()
    before = backend.raw_sql("SELECT current_setting('threads')").fetchone()[0]
    yield lambda threads: backend.raw_sql(f"SET threads = {threads}")
    backend.raw_sql(f"SET threads = {before}")
