"""How the listeners of the generator listen.

A listener discovers tracks (by the charts, by taste, by a favourite artist, or because one track
follows another in a session). Some discoveries become loves: the track comes back for a while,
then fades. How much of a track is heard depends on how well it fits and how good it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from podium.recommendation.synthetic_charts import Charts
from podium.recommendation.synthetic_people import (
    ADOPTION_BASE,
    ARTIST_DECAY,
    FAVOURITE_ARTISTS,
    FAVOURITE_SCENES,
    SCENE_DECAY,
    Population,
)
from podium.recommendation.synthetic_world import (
    WARM_UP_DAYS,
    WINDOW,
    Catalogue,
    Floats,
    Ints,
    draw_between,
)

#: Chance that a session goes on with a track that follows the one before.
SESSION_GOES_ON = 0.3
LONGEST_SESSION = 6
#: The same after a replay of a loved track, which is more often played alone.
AFTER_REPLAY = 0.15
#: Shares of the discoveries that are not from the charts: the rest is by taste.
ARTIST_SHARE = 0.4
#: Chance that a favourite artist is met by the latest release.
LATEST_SHARE = 0.4
#: Replays are mostly heard to the end, until the listener tires in the last part of a love.
REPLAY_MOOD = 0.8
TIRED_FROM = 0.6
TIRED_MOOD = -1.0
#: How often a listener looks further when the track found is an old acquaintance.
PASSES_OVER_KNOWN = 3
#: Relative amount of listening by weekday; day 0 of the data, 2025-02-28, is a Friday.
WEEKDAY = np.array([1.1, 1.25, 1.15, 0.9, 0.9, 0.92, 0.98])
SECONDS_PER_DAY = 86_400
#: Listeners simulated at a time; bounds the memory.
BLOCK = 8_000


@dataclass(frozen=True)
class Plays:
    """Plays of some listeners, in no particular order."""

    user: Ints  # row of the population
    track: Ints  # row of the catalogue
    day: Floats  # time in days
    seconds: Ints  # heard, 0..length of the track


def simulate(catalogue: Catalogue, people: Population, rng: np.random.Generator) -> Iterator[Plays]:
    """Simulate all listeners, block after block, from day 0 to the end of the hidden window.

    Args:
        catalogue: The tracks.
        people: The listeners.
        rng: Source of randomness; used in order, so blocks cannot be skipped.

    Yields:
        The plays of the next `BLOCK` listeners.
    """
    charts = Charts(catalogue, people, rng)
    for start in range(0, people.size, BLOCK):
        users = np.arange(start, min(start + BLOCK, people.size))
        user, day = _sessions(people, users, rng)
        track = _choose(catalogue, people, charts, user, day, rng=rng)
        found = _go_on(catalogue, user, track, day, chance=SESSION_GOES_ON, rng=rng)
        who, what, when, mood = _replay(catalogue, people, *found, rng=rng)
        # Loved tracks open sessions too, so what follows them is heard by those who love them.
        after = _go_on(catalogue, who, what, when, chance=AFTER_REPLAY, rng=rng)
        moods = (np.zeros(len(found[0])), mood, np.zeros(len(after[0]) - len(mood)))
        user, track, day = (np.concatenate(pair) for pair in zip(found, after, strict=True))
        mood = np.concatenate(moods)
        keep = (day >= 0) & (day < np.minimum(people.left[user], WINDOW[1]))
        user, track, day = user[keep], track[keep], day[keep]
        seconds = _heard(catalogue, people, user, track, mood[keep], rng=rng)
        yield Plays(user.astype(np.int32), track.astype(np.int32), day, seconds)


def _sessions(people: Population, users: Ints, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """Listener and time of the first track of every session of discovery."""
    begin = np.maximum(people.joined[users], -WARM_UP_DAYS)
    end = np.minimum(people.left[users], WINDOW[1])
    rate = people.discoveries_per_day[users] * (1.0 - SESSION_GOES_ON)
    count = rng.poisson(rate * np.maximum(end - begin, 0.0))
    user = np.repeat(users, count)
    day = np.floor(np.repeat(begin, count) + rng.random(len(user)) * np.repeat(end - begin, count))
    # Thinning by weekday moves a play to the next day rather than losing it.
    unlucky = rng.random(len(day)) > WEEKDAY[day.astype(np.int64) % 7] / WEEKDAY.max()
    day = np.where(unlucky, day + 1, day)
    return user, day + _clock(people, user, rng)


def _clock(people: Population, user: Ints, rng: np.random.Generator) -> Floats:
    """Time of day, as part of a day: everyone has their hours, mornings or nights."""
    peak = np.array([0.36, 0.62, 0.86])[people.chronotype[user]]
    usual = np.mod(peak + rng.normal(0.0, 0.11, len(user)), 1.0)
    return np.where(rng.random(len(user)) < 0.15, rng.random(len(user)), usual)  # noqa: PLR2004


def _choose(
    catalogue: Catalogue,
    people: Population,
    charts: Charts,
    user: Ints,
    day: Floats,
    *,
    rng: np.random.Generator,
) -> Ints:
    """The track that opens each session; one found before is mostly passed over for another."""
    track = _draw(catalogue, people, charts, user, day, rng=rng)
    for _ in range(PASSES_OVER_KNOWN):
        again = np.flatnonzero(_known(user, track, day))
        track[again] = _draw(catalogue, people, charts, user[again], day[again], rng=rng)
    return track


def _known(user: Ints, track: Ints, day: Floats) -> NDArray[np.bool_]:
    """Which entries name a pair that an earlier entry names too."""
    order = np.lexsort((day, track, user))
    same = (np.diff(user[order]) == 0) & (np.diff(track[order]) == 0)
    known = np.zeros(len(user), dtype=bool)
    known[order[1:]] = same
    return known


def _draw(
    catalogue: Catalogue,
    people: Population,
    charts: Charts,
    user: Ints,
    day: Floats,
    *,
    rng: np.random.Generator,
) -> Ints:
    """One track per entry: from the charts, by a favourite artist, or from a liked scene."""
    count = len(user)
    scene_weight = SCENE_DECAY ** np.arange(FAVOURITE_SCENES)
    artist_weight = ARTIST_DECAY ** np.arange(FAVOURITE_ARTISTS)
    which = rng.choice(FAVOURITE_SCENES, count, p=scene_weight / scene_weight.sum())
    scene = people.scenes[user, which]
    track = draw_between(
        catalogue.cumulative,
        catalogue.scene_start[scene],
        catalogue.scene_start[scene + 1],
        rng.random(count),
    )
    by_artist = rng.random(count) < ARTIST_SHARE
    which = rng.choice(FAVOURITE_ARTISTS, count, p=artist_weight / artist_weight.sum())
    artist = people.artists[user, which]
    of_artist = draw_between(
        catalogue.cumulative,
        catalogue.artist_start[artist],
        catalogue.artist_start[artist + 1],
        rng.random(count),
    )
    newest = _latest(catalogue, artist, day)
    is_new = (rng.random(count) < LATEST_SHARE) & (newest >= catalogue.artist_start[artist])
    track = np.where(by_artist, np.where(is_new, newest, of_artist), track)
    # From the charts people take what suits them: the better of two tracks.
    age = people.age[user].astype(np.int64)
    one = charts.draw(day, age, rng.random(count))
    two = charts.draw(day, age, rng.random(count))
    taste_one = people.genre_taste[user, catalogue.genre[one]]
    taste_two = people.genre_taste[user, catalogue.genre[two]]
    hit = np.where(taste_one >= taste_two, one, two)
    from_charts = rng.random(count) < people.trend_share[user]
    # Nobody plays what is not out yet.
    return np.where(from_charts | (catalogue.release[track] > day), hit, track)


def _latest(catalogue: Catalogue, artist: Ints, day: Floats) -> Ints:
    """The artist's latest track out by that day; the row before its first if there is none."""
    # Releases lie within 1e5 days of the start, so one sorted key holds artist and release.
    key = catalogue.artist * 1e6 + catalogue.release
    return np.searchsorted(key, artist * 1e6 + day, side="right") - 1


def _go_on(
    catalogue: Catalogue,
    user: Ints,
    track: Ints,
    day: Floats,
    *,
    chance: float,
    rng: np.random.Generator,
) -> tuple[Ints, Ints, Floats]:
    """Add the tracks that follow in each session: the album's next, or a companion."""
    users, tracks, days = [user], [track], [day]
    for _ in range(LONGEST_SESSION):
        more = rng.random(len(user)) < chance
        user, track, day = user[more], track[more], day[more]
        day = day + (catalogue.seconds[track] * 0.9 + 5.0) / SECONDS_PER_DAY
        album = np.minimum(track + 1, catalogue.artist_start[catalogue.artist[track] + 1] - 1)
        follower = np.where(rng.random(len(user)) < 0.5, album, catalogue.companion[track])  # noqa: PLR2004
        track = np.where(catalogue.release[follower] > day, track, follower)
        users.append(user)
        tracks.append(track)
        days.append(day)
    return np.concatenate(users), np.concatenate(tracks), np.concatenate(days)


def _replay(
    catalogue: Catalogue,
    people: Population,
    user: Ints,
    track: Ints,
    day: Floats,
    *,
    rng: np.random.Generator,
) -> tuple[Ints, Ints, Floats, Floats]:
    """The later plays of the discoveries that became loves, with the mood of each play."""
    liking = affinity(catalogue, people, user, track)
    odds = ADOPTION_BASE + people.adoption[user] + 0.9 * liking + 0.4 * catalogue.quality[track]
    loved = rng.random(len(user)) < _sigmoid(odds)
    user, track, day = user[loved], track[loved], day[loved]
    # The listener's hazard decides when a love ends; until then it comes back at its own pace.
    dwell = people.dwell_days[user] * rng.exponential(1.0, len(user))
    pace = people.replays_per_day[user] * rng.lognormal(-0.3, 0.8, len(user))
    count = rng.poisson(dwell * pace)
    user, track, day = np.repeat(user, count), np.repeat(track, count), np.repeat(day, count)
    stage = rng.random(len(user))
    later = np.floor(day + stage * np.repeat(dwell, count)) + _clock(people, user, rng)
    # A replay on the day of the discovery may not come before it.
    soon = day + (300.0 + rng.exponential(7_200.0, len(user))) / SECONDS_PER_DAY
    later = np.where(later > day, later, soon)
    mood = np.where(stage < TIRED_FROM, REPLAY_MOOD, TIRED_MOOD)
    return user, track, later, mood


def affinity(catalogue: Catalogue, people: Population, user: Ints, track: Ints) -> Floats:
    """How well tracks fit listeners, about 0 on average with spread 1.

    Args:
        catalogue: The tracks.
        people: The listeners.
        user: Rows of the population, one per pair.
        track: Rows of the catalogue, one per pair.

    Returns:
        One number per pair; the same for the same pair.
    """
    taste = people.genre_taste[user, catalogue.genre[track]]
    scene = (people.scenes[user] == catalogue.scene[track][:, None]).any(axis=1)
    artist = (people.artists[user] == catalogue.artist[track][:, None]).any(axis=1)
    return 0.35 * taste + 0.4 * scene + 0.4 * artist + 0.7 * _private(user, track) - 0.6


def _private(user: Ints, track: Ints) -> Floats:
    """A fixed number per pair, mean 0 and spread 1, by hashing (the SplitMix64 finaliser)."""
    mixed = user.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + track.astype(np.uint64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed ^= mixed >> np.uint64(shift)
        mixed *= np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    uniform = (mixed >> np.uint64(11)).astype(np.float64) / 2.0**53
    return (uniform - 0.5) * np.sqrt(12.0)


def _heard(
    catalogue: Catalogue,
    people: Population,
    user: Ints,
    track: Ints,
    mood: Floats,
    *,
    rng: np.random.Generator,
) -> NDArray[np.int32]:
    """Seconds heard of each play: mostly all, or a skip soon after the start."""
    liking = affinity(catalogue, people, user, track)
    odds = 0.6 + mood + liking + catalogue.quality[track]
    full = rng.random(len(user)) < _sigmoid(odds)
    skip = 0.03 + 0.85 * rng.random(len(user)) ** 1.7
    tail = np.where(rng.random(len(user)) < 0.8, 1.0, rng.uniform(0.85, 1.0, len(user)))  # noqa: PLR2004
    part = np.where(full, tail, skip)
    return np.round(part * catalogue.seconds[track]).astype(np.int32)


def _sigmoid(odds: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-odds))
