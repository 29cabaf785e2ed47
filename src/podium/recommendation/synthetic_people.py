"""The listeners of the generator.

Listeners have demographics, a taste over genres and languages, a few favourite scenes and
artists, an activity with a heavy tail, and a habit that says how long a liked track stays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from podium.recommendation.synthetic_world import (
    GENRE_LANGUAGE,
    GENRES,
    HISTORY_DAYS,
    Catalogue,
    Floats,
    Ints,
    SampleSize,
    draw_between,
)

AGE_SHARES = (0.40, 0.35, 0.18, 0.07)
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
    # Seven in ten were here before the log; the rest join at a steady pace.
    old = rng.random(users) < 0.72  # noqa: PLR2004
    joined = np.sort(np.where(old, -rng.exponential(300.0, users), rng.uniform(0, 199, users)))
    newness = np.linspace(0.0, 1.0, users)
    left = np.maximum(joined, 0.0) + rng.exponential(600.0, users)
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
    loved = 1.0 / (1.0 + np.exp(-(ADOPTION_BASE + 0.5 + adoption)))
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
    group_taste = (
        rng.normal(0.0, 0.8, (4, 2, GENRES))
        + np.log(LANGUAGE_BY_AGE)[:, None, :][..., GENRE_LANGUAGE]
    )
    genre_of_scene = catalogue.scene_genre
    scenes_total = len(genre_of_scene)
    scene_plays = np.add.reduceat(catalogue.popularity, catalogue.scene_start[:-1])
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
            catalogue.cumulative,
            catalogue.scene_start[home],
            catalogue.scene_start[home + 1],
            rng.random(len(home)),
        )
        artists[rows] = catalogue.artist[track].reshape(count, FAVOURITE_ARTISTS)
    return genre_taste, scenes, artists
