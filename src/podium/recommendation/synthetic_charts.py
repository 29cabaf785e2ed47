"""The charts of the generator: what is played most at a time, in an age group."""

from __future__ import annotations

import numpy as np

from podium.recommendation.synthetic_people import Population
from podium.recommendation.synthetic_world import WARM_UP_DAYS, WINDOW, Catalogue, Floats, Ints

#: Charts are made anew every so many days, per age group, of so many tracks.
CHART_DAYS = 4.0
CHART_TRACKS = 8000
#: Charts raise what is popular further above the rest.
CHART_STEEPNESS = 1.4


class Charts:
    """What is played most, by period and age group; tracks swell at release and fade."""

    def __init__(self, catalogue: Catalogue, people: Population, rng: np.random.Generator) -> None:
        self.periods = int(np.ceil((WARM_UP_DAYS + WINDOW[1]) / CHART_DAYS))
        middle = -WARM_UP_DAYS + (np.arange(self.periods) + 0.5) * CHART_DAYS
        reach = catalogue.popularity * (1.0 + catalogue.wave)
        top = np.sort(np.argsort(-reach, kind="stable")[:CHART_TRACKS])
        # A track enters the chart with the first full period after its release.
        since = middle[:, None] - CHART_DAYS / 2 - catalogue.release[top]
        fresh = np.exp(-np.maximum(since, 0.0) / catalogue.wave_days[top])
        # Listeners of an age share a liking for genres; the charts follow it.
        liking = np.stack(
            [
                people.genre_taste[people.age == age].mean(axis=0)
                if (people.age == age).any()
                else np.zeros(people.genre_taste.shape[1])
                for age in range(4)
            ]
        )
        liking = 1.2 * liking[:, catalogue.genre[top]] + rng.normal(0.0, 0.7, (4, len(top)))
        swell = (1.0 + catalogue.wave[top] * fresh) * (since > 0)
        weight = catalogue.popularity[top] ** CHART_STEEPNESS * swell
        rows = (weight[:, None, :] * np.exp(liking)[None, :, :]).reshape(-1, len(top))
        rows = np.cumsum(rows, axis=1)
        rows /= rows[:, -1:]
        # Row r covers (r, r + 1], so one binary search serves all rows.
        self.flat = (rows + np.arange(len(rows))[:, None]).ravel()
        self.top = top

    def draw(self, day: Floats, age: Ints, uniform: Floats) -> Ints:
        """One track per entry, from the chart of its day and age group."""
        period = np.clip((day + WARM_UP_DAYS) // CHART_DAYS, 0, self.periods - 1).astype(np.int64)
        row = period * 4 + age
        place = np.searchsorted(self.flat, row + uniform, side="right") - row * len(self.top)
        return self.top[np.clip(place, 0, len(self.top) - 1)]
