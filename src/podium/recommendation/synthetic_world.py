"""The catalogue of the generator, and what its parts share.

Tracks live in small scenes (a genre in a language), belong to artists and have a popularity with
a long tail, a quality and a release date.

Times are days (float) since 2025-02-28 00:00. Tracks and listeners are numbered from 0 here; the
ids of the files are separate arrays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]

#: History is days [0, 184): 2025-02-28 to 2025-08-30. The day after it lies in no file.
HISTORY_DAYS = 184.0
#: The hidden window is days [185, 200): 2025-09-01 to 2025-09-15.
WINDOW = (185.0, 200.0)
#: Listening begins before the log does, so that old loves are there on the first day.
WARM_UP_DAYS = 90.0

#: Genres by language: 0 Kazakh, 1 Russian, 2 English. Numbers are indices into the name table.
GENRE_LANGUAGE = np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2])
GENRES = len(GENRE_LANGUAGE)


@dataclass(frozen=True)
class SampleSize:
    """How much data to make: numbers of users, tracks, listens (approximate) and test users."""

    users: int
    tracks: int
    listens: int
    test_users: int

    def __post_init__(self) -> None:
        """Refuse sizes the model has no meaning for."""
        if self.users < 2 * self.test_users or self.test_users < 1:
            raise ValueError("there must be at least twice as many users as test users, and one")
        if self.tracks < 200 or self.listens < 10 * self.users:  # noqa: PLR2004
            raise ValueError("at least 200 tracks and 10 listens per user are needed")


@dataclass(frozen=True)
class Catalogue:
    """Tracks, stored scene by scene and artist by artist.

    An artist's tracks are neighbours, oldest first. All arrays have one entry per track except
    `scene_start`, `artist_start` and `cumulative` (one more than scenes, artists, tracks) and
    `scene_genre` (one per scene).
    """

    item_id: Ints  # ids of the files; they grow with the release date
    artist: Ints
    featured: Ints  # second artist, -1 for none
    scene: Ints
    genre: Ints
    second_genre: Ints  # -1 for none
    seconds: Ints
    release: Floats  # days; below 0 for tracks older than the log
    popularity: Floats  # share of the plays that go by popularity, sums to 1
    quality: Floats  # standard normal; drives completion and love
    companion: Ints  # a track of the same scene that often follows
    wave: Floats  # how strongly plays swell after the release
    wave_days: Floats
    scene_start: Ints
    scene_genre: Ints
    artist_start: Ints
    cumulative: Floats  # popularity of all tracks before each, one entry more than tracks

    @property
    def size(self) -> int:
        """Number of tracks."""
        return len(self.item_id)


def make_catalogue(size: SampleSize, rng: np.random.Generator) -> Catalogue:
    """Draw the tracks.

    Args:
        size: The size of the data.
        rng: Source of randomness.

    Returns:
        The catalogue with `size.tracks` tracks.
    """
    tracks = size.tracks
    # A scene holds about 100 tracks in a small catalogue and 1,400 in the full one.
    scenes = max(GENRES, round(tracks**0.43))
    scene_genre = np.concatenate([np.arange(GENRES), rng.integers(0, GENRES, scenes - GENRES)])
    # Nine tracks an artist on average, a few artists with very many.
    artists = tracks // 9
    artist_scene = np.sort(rng.integers(0, scenes, artists))
    artist_scene[:scenes] = np.arange(scenes)
    artist_scene.sort()
    share = rng.lognormal(0.0, 0.9, artists)
    per_artist = 1 + rng.multinomial(tracks - artists, share / share.sum())
    artist = np.repeat(np.arange(artists), per_artist)
    scene = artist_scene[artist]
    genre = scene_genre[scene]
    scene_start = np.searchsorted(scene, np.arange(scenes + 1))
    artist_start = np.concatenate([[0], np.cumsum(per_artist)])

    quality = rng.normal(0.0, 1.0, tracks)
    fame = rng.normal(0.0, 1.0, artists)[artist] + rng.normal(0.0, 1.0, tracks) + 0.35 * quality
    rank = np.empty(tracks, dtype=np.int64)
    rank[np.argsort(-fame, kind="stable")] = np.arange(tracks)
    popularity = zipf(rank)

    # One track in four is released while the log runs, the others in the years before.
    old = rng.random(tracks) < 0.75  # noqa: PLR2004
    release = np.where(old, -rng.exponential(700.0, tracks), rng.uniform(0.0, WINDOW[1], tracks))
    # Ids are handed out as tracks come in, with gaps where tracks were taken down.
    release = release[np.lexsort((release, artist))]  # an artist's tracks in order of release
    item_id = np.empty(tracks, dtype=np.int64)
    item_id[np.argsort(release, kind="stable")] = np.cumsum(1 + rng.poisson(0.3, tracks))
    other_artist = rng.integers(0, artists, tracks)
    featured = np.where((rng.random(tracks) < 0.12) & (other_artist != artist), other_artist, -1)  # noqa: PLR2004
    second = rng.integers(0, GENRES, tracks)
    second_genre = np.where((rng.random(tracks) < 0.45) & (second != genre), second, -1)  # noqa: PLR2004
    cumulative = np.concatenate([[0.0], np.cumsum(popularity)])
    return Catalogue(
        item_id=item_id,
        artist=artist.astype(np.int32),
        featured=featured.astype(np.int32),
        scene=scene.astype(np.int32),
        genre=genre.astype(np.int8),
        second_genre=second_genre.astype(np.int8),
        seconds=np.clip(rng.lognormal(5.27, 0.22, tracks), 45, 900).astype(np.int32),
        release=release,
        popularity=popularity,
        quality=quality.astype(np.float32),
        companion=draw_between(
            cumulative, scene_start[scene], scene_start[scene + 1], rng.random(tracks)
        ),
        # Most releases pass quietly; a few swell to many times their later level.
        wave=np.where(rng.random(tracks) < 0.3, rng.lognormal(2.0, 0.9, tracks), 0.5),  # noqa: PLR2004
        wave_days=rng.lognormal(3.0, 0.5, tracks),
        scene_start=scene_start,
        scene_genre=scene_genre,
        artist_start=artist_start,
        cumulative=cumulative,
    )


def zipf(rank: Ints) -> Floats:
    """Shares that fall with the rank: flat among the first hits, then a long tail.

    A larger catalogue adds tracks that hardly anybody plays, so the tail falls faster in it; the
    share of the hits then stays about the same.
    """
    steepness = 0.82 + 0.035 * np.log(len(rank) / 4_000)
    weight = (rank + 12.0) ** -steepness
    return weight / weight.sum()


def draw_between(cumulative: Floats, start: Ints, end: Ints, uniform: Floats) -> Ints:
    """Draw an index in [start, end) with the weights behind a cumulative sum.

    Args:
        cumulative: Sums of the weights before each index, one entry more than indices.
        start: First index allowed, one per draw.
        end: First index no longer allowed, one per draw.
        uniform: Numbers in [0, 1), one per draw.

    Returns:
        The drawn indices, int32.
    """
    low = cumulative[start]
    point = low + uniform * (cumulative[end] - low)
    drawn = np.searchsorted(cumulative, point, side="right") - 1
    return np.clip(drawn, start, end - 1).astype(np.int32)
