"""A generator of music listening with known structure and known noise.

Real listening data of a competition may not be handed on, and too little of it is public. This
model makes data of the same shape: a catalogue and a population (`synthetic_world`,
`synthetic_people`), plays
(`synthetic_listens`) and the dirt of a production log (`synthetic_noise`). The hidden window is
drawn by the same model, so a forecast can be scored against the truth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from podium.recommendation.synthetic_listens import SECONDS_PER_DAY, Plays, simulate
from podium.recommendation.synthetic_noise import Log, Noise, dirty_log
from podium.recommendation.synthetic_people import Population, make_population
from podium.recommendation.synthetic_world import (
    HISTORY_DAYS,
    WINDOW,
    Catalogue,
    Floats,
    Ints,
    SampleSize,
    make_catalogue,
)

__all__ = [
    "Catalogue",
    "Log",
    "Noise",
    "Population",
    "SampleSize",
    "Synthetic",
    "Truth",
    "generate",
]

#: Time is kept in ticks of 10 microseconds, as fine as the files write it.
TICKS_PER_DAY = SECONDS_PER_DAY * 100_000
#: So many more listeners than needed are asked whether they can be test users.
_ASKED = 4


@dataclass(frozen=True)
class Truth:
    """What the test users heard in the hidden window; one row per pair, sorted."""

    user_id: Ints
    item_id: Ints
    fraction: Floats  # best single listen / length of the track, 0..1


@dataclass(frozen=True)
class Synthetic:
    """Everything the generator makes."""

    catalogue: Catalogue
    people: Population
    log: Log
    noise: Noise
    test_user: Ints  # ids, sorted
    truth: Truth
    item_plays: Ints  # plays within the history, per track
    user_plays: Ints  # plays within the history, per listener


def generate(size: SampleSize, seed: int) -> Synthetic:
    """Generate data of the given size; the same seed gives the same data.

    Args:
        size: How much.
        seed: Seed of all randomness.

    Returns:
        Catalogue, population, the listening log with noise, test users and the truth.

    Raises:
        ValueError: If too few listeners listen both in the history and in the window.
    """
    world, people_rng, plays_rng, noise_rng = (
        np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(4)
    )
    catalogue = make_catalogue(size, world)
    people = make_population(size, catalogue, people_rng)
    asked = np.zeros(people.size, dtype=bool)
    asked[people.test_order[: _ASKED * size.test_users]] = True
    history, window = [], []
    for plays in simulate(catalogue, people, plays_rng):
        history.append(_part(plays, plays.day < HISTORY_DAYS))
        window.append(_part(plays, (plays.day >= WINDOW[0]) & asked[plays.user]))
    user, track, tick, seconds = (np.concatenate(column) for column in zip(*history, strict=True))
    del history
    hidden = tuple(np.concatenate(column) for column in zip(*window, strict=True))
    item_plays = np.bincount(track, minlength=catalogue.size)
    user_plays = np.bincount(user, minlength=people.size)
    test = _test_users(size, people, user_plays, np.bincount(hidden[0], minlength=people.size))
    log, noise = dirty_log(catalogue, people, (user, track, tick, seconds), noise_rng)
    return Synthetic(
        catalogue=catalogue,
        people=people,
        log=log,
        noise=noise,
        test_user=people.user_id[test],
        truth=_truth(catalogue, people, test, hidden),
        item_plays=item_plays,
        user_plays=user_plays,
    )


def _part(plays: Plays, keep: NDArray[np.bool_]) -> tuple[Ints, Ints, Ints, Ints]:
    """Listener, track, tick and seconds of some plays, as small as they go."""
    tick = (plays.day[keep] * TICKS_PER_DAY).astype(np.int64)
    return plays.user[keep], plays.track[keep], tick, plays.seconds[keep]


def _test_users(size: SampleSize, people: Population, history: Ints, window: Ints) -> Ints:
    """The first listeners in the order of asking who listen before and in the window."""
    order = people.test_order[: _ASKED * size.test_users]
    able = order[(history[order] > 0) & (window[order] > 0)]
    if len(able) < size.test_users:
        raise ValueError(f"only {len(able)} listeners can be test users, not {size.test_users}")
    return np.sort(able[: size.test_users])


def _truth(catalogue: Catalogue, people: Population, test: Ints, hidden: tuple[Ints, ...]) -> Truth:
    """Best single listen of every pair in the window."""
    user, track, _, seconds = hidden
    keep = np.isin(user, test)
    user, track, seconds = user[keep], track[keep], seconds[keep]
    item = catalogue.item_id[track]
    order = np.lexsort((-seconds, item, user))
    user, track, item, seconds = user[order], track[order], item[order], seconds[order]
    first = np.ones(len(user), dtype=bool)
    first[1:] = (user[1:] != user[:-1]) | (item[1:] != item[:-1])
    return Truth(
        user_id=people.user_id[user[first]],
        item_id=item[first],
        fraction=seconds[first] / catalogue.seconds[track[first]],
    )
