"""The world of the generator: a catalogue of tracks and a population of listeners.

Tracks live in small scenes (a genre in a language), belong to artists and have a popularity with
a long tail, a quality and a release date. Listeners have demographics, a taste over genres and
languages, a few favourite scenes and artists, an activity with a heavy tail, and a habit that
says how long a liked track stays with them.

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

AGE_SHARES = (0.40, 0.35, 0.18, 0.07)
#: Genres by language: 0 Kazakh, 1 Russian, 2 English. Numbers are indices into the name table.
GENRE_LANGUAGE = np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2])
GENRES = len(GENRE_LANGUAGE)
#: Weight of each language per age group: the young listen to more English.
LANGUAGE_BY_AGE = np.array([[0.9, 1.0, 1.1], [1.0, 1.2, 0.8], [1.3, 1.2, 0.4], [1.5, 1.1, 0.3]])
FAVOURITE_SCENES = 8
FAVOURITE_ARTISTS = 12
#: Each next favourite weighs this much of the one before.
SCENE_DECAY = 0.65
#: Log odds that an average discovery becomes a love.
ADOPTION_BASE = -2.7
MOST_DISCOVERIES_PER_DAY = 7.0
TYPICAL_TEST_DISCOVERIES = 6.0
ARTIST_DECAY = 0.85

_BLOCK = 20_000


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

    An artist's tracks are neighbours, oldest first. All arrays have one entry per track except `scene_start`, `scene_genre` (per scene, the
    start with one more) and `artist_start` (per artist, one more).
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

    @property
    def size(self) -> int:
        """Number of tracks."""
        return len(self.item_id)


@dataclass(frozen=True)
class Population:
    """Listeners in order of joining. One row per listener."""

    user_id: Ints
    age: Ints  # index into the age bins
    gender: Ints  # 0 male, 1 female
    children: Ints
    joined: Floats  # day; below 0 for those here before the log
    left: Floats  # day, may lie beyond the window
    discoveries_per_day: Floats
    adoption: Floats  # added to the log odds that a discovery is loved: repeaters above 0
    dwell_days: Floats  # mean life of a love
    replays_per_day: Floats  # of each loved track
    trend_share: Floats  # share of discoveries that come from the charts
    chronotype: Ints  # 0 morning, 1 day, 2 night
    genre_taste: Floats  # (users, GENRES), standardised per user
    scenes: Ints  # (users, FAVOURITE_SCENES), best first
    artists: Ints  # (users, FAVOURITE_ARTISTS), best first
    test_order: Ints  # listeners in the order in which they are asked to be test users

    @property
    def size(self) -> int:
        """Number of listeners."""
        return len(self.user_id)


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


def make_population(size: SampleSize, catalogue: Catalogue, rng: np.random.Generator) -> Population:
    """Draw the listeners, in order of joining.

    Args:
        size: The size of the data.
        catalogue: The tracks.
        rng: Source of randomness.

    Returns:
        The population with `size.users` listeners.
    """
    users = size.users
    # Two in three were here before the log; the rest join at a steady pace.
    old = rng.random(users) < 0.66  # noqa: PLR2004
    joined = np.sort(np.where(old, -rng.exponential(300.0, users), rng.uniform(0, 199, users)))
    newness = np.linspace(0.0, 1.0, users)
    left = np.maximum(joined, 0.0) + rng.exponential(260.0, users)
    # Late joiners are younger and follow the charts more, so that ids drift with behaviour.
    age = np.searchsorted(np.cumsum(AGE_SHARES)[:-1], rng.random(users) ** (1.0 + 0.5 * newness))
    gender = (rng.random(users) < 0.52).astype(np.int8)  # noqa: PLR2004
    children = (rng.random(users) < np.array([0.12, 0.55, 0.45, 0.2])[age]).astype(np.int8)
    activity = rng.lognormal(0.0, 1.8, users) * (1.3 - 0.6 * newness)
    # Repeaters (below 0.5) love more and longer; explorers move on.
    explorer = rng.beta(2.0, 2.0, users)
    adoption = 1.6 * (0.5 - explorer)
    dwell_days = np.exp(np.log(34.0) + 1.4 * (0.5 - explorer) + rng.normal(0.0, 0.3, users))
    active_days = np.clip(np.minimum(left, HISTORY_DAYS) - np.maximum(joined, 0.0), 0.0, None)
    discoveries, replays = _scale(activity, active_days, adoption, dwell_days, size.listens)
    # Test users listen much more than most, and were here before August.
    wanted = -0.5 * ((np.log(discoveries) - np.log(TYPICAL_TEST_DISCOVERIES)) / 0.5) ** 2
    wanted += np.where(joined < 150.0, 0.0, -1e6) + rng.gumbel(size=users)  # noqa: PLR2004
    genre_taste, scenes, artists = _tastes(age, gender, catalogue, rng)
    return Population(
        user_id=np.cumsum(1 + rng.poisson(0.4, users)),
        age=age.astype(np.int8),
        gender=gender,
        children=children,
        joined=joined,
        left=left,
        discoveries_per_day=discoveries,
        adoption=adoption,
        dwell_days=dwell_days,
        replays_per_day=replays,
        trend_share=np.clip(rng.beta(4.0, 5.0, users) * (0.85 + 0.3 * newness), 0.0, 0.95),
        chronotype=rng.choice(3, users, p=[0.25, 0.5, 0.25]).astype(np.int8),
        genre_taste=genre_taste,
        scenes=scenes,
        artists=artists,
        test_order=np.argsort(-wanted, kind="stable"),
    )


def _scale(
    activity: Floats, active_days: Floats, adoption: Floats, dwell_days: Floats, listens: int
) -> tuple[Floats, Floats]:
    """Discoveries and replays per day such that about `listens` listens come out."""
    # What listeners find fits them better than the average track, hence the odds are higher.
    loved = 1.0 / (1.0 + np.exp(-(ADOPTION_BASE + 0.75 + adoption)))
    scale = listens / float(np.sum(activity * active_days))
    for _ in range(30):
        discoveries = np.minimum(scale * activity, MOST_DISCOVERIES_PER_DAY)
        # Heavy listeners replay what they love more often, but less than in proportion.
        replays = np.clip(0.3 * (discoveries / 3.0) ** 0.4, 0.03, 0.8)
        plays = discoveries * active_days * (1.0 + loved * replays * dwell_days)
        scale *= listens / float(np.sum(plays))
    return discoveries, replays


def _tastes(
    age: Ints, gender: Ints, catalogue: Catalogue, rng: np.random.Generator
) -> tuple[Floats, Ints, Ints]:
    """Genre taste, favourite scenes and favourite artists of every listener."""
    users = len(age)
    # What a genre means to an age and a gender, shared by all who belong to them.
    group_taste = rng.normal(0.0, 0.8, (4, 2, GENRES)) + np.log(LANGUAGE_BY_AGE)[:, None, :][
        ..., GENRE_LANGUAGE
    ]
    genre_of_scene = catalogue.scene_genre
    scenes_total = len(genre_of_scene)
    scene_plays = np.add.reduceat(catalogue.popularity, catalogue.scene_start[:-1])
    cumulative = np.concatenate([[0.0], np.cumsum(catalogue.popularity)])
    genre_taste = np.empty((users, GENRES), dtype=np.float32)
    scenes = np.empty((users, FAVOURITE_SCENES), dtype=np.int32)
    artists = np.empty((users, FAVOURITE_ARTISTS), dtype=np.int32)
    scene_weight = SCENE_DECAY ** np.arange(FAVOURITE_SCENES)
    for start in range(0, users, _BLOCK):
        rows = slice(start, min(start + _BLOCK, users))
        count = rows.stop - start
        taste = group_taste[age[rows], gender[rows]] + rng.normal(0.0, 1.0, (count, GENRES))
        taste -= taste.mean(axis=1, keepdims=True)
        taste /= taste.std(axis=1, keepdims=True)
        genre_taste[rows] = taste
        # Favourites are drawn without replacement (the Gumbel trick).
        pull = 1.4 * taste[:, genre_of_scene] + 0.5 * np.log(scene_plays)
        pull += rng.gumbel(size=(count, scenes_total))
        best = np.argpartition(-pull, FAVOURITE_SCENES - 1, axis=1)[:, :FAVOURITE_SCENES]
        inner = np.argsort(-np.take_along_axis(pull, best, axis=1), axis=1, kind="stable")
        scenes[rows] = np.take_along_axis(best, inner, axis=1)
        which = rng.choice(
            FAVOURITE_SCENES, (count, FAVOURITE_ARTISTS), p=scene_weight / scene_weight.sum()
        )
        home = np.take_along_axis(scenes[rows], which, axis=1).ravel()
        track = draw_between(
            cumulative,
            catalogue.scene_start[home],
            catalogue.scene_start[home + 1],
            rng.random(len(home)),
        )
        artists[rows] = catalogue.artist[track].reshape(count, FAVOURITE_ARTISTS)
    return genre_taste, scenes, artists
