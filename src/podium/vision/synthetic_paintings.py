"""Paintings drawn by a program: as many as wanted, each its own, in series by one hand.

All paintings of an artist share palette, favourite subject and brush, and differ in composition:
they are look-alikes, which a retrieval must tell apart. Their strokes, contours and details give
corners to local features.
"""

from __future__ import annotations

import numpy as np

from podium.vision import painting_abstracts as abstracts
from podium.vision import painting_subjects as subjects
from podium.vision import painting_views as views
from podium.vision.painting_style import brush, draw_artist, lay_on_canvas

_GENRES = (
    views.landscape,
    subjects.still_life,
    subjects.portrait,
    views.sea,
    abstracts.grid,
    subjects.figures,
    views.town,
    subjects.flowers,
    views.ink,
    abstracts.shapes,
    abstracts.colour_fields,
)
_FAITHFUL = 0.8  # probability that an artist keeps to the favourite subject
_ASPECTS = (1.0, 1.15, 1.25, 1.33, 1.5, 1.8)
_TALL = 0.45  # probability
_ARTIST, _PAINTING = 1, 2
_SMALLEST = 32  # px


def paint(seed: int, artist: int, number: int, longest_side: int = 640) -> np.ndarray:
    """Draw a painting.

    Args:
        seed: Of the whole collection.
        artist: Who paints; the same number has the same hand.
        number: Which of the artist's paintings.
        longest_side: Of the picture, px. Other sizes give another picture, not a scaled one.

    Returns:
        Red, green, blue, uint8 (H, W, 3). The same arguments give the same bytes.

    Raises:
        ValueError: if the longest side is below 32 px.
    """
    if longest_side < _SMALLEST:
        raise ValueError(f"longest_side must be at least {_SMALLEST} px, got {longest_side}")
    hand = draw_artist(np.random.default_rng([seed, _ARTIST, artist]))
    rng = np.random.default_rng([seed, _PAINTING, artist, number])
    canvas = np.zeros((*_size(longest_side, rng), 3), np.uint8)
    favourite = hand.genre if rng.random() < _FAITHFUL else int(rng.integers(len(_GENRES)))
    _GENRES[favourite % len(_GENRES)](canvas, hand, rng)
    brush(canvas, hand, rng)
    return lay_on_canvas(canvas, hand, rng)


def _size(longest_side: int, rng: np.random.Generator) -> tuple[int, int]:
    short = round(longest_side / _ASPECTS[rng.integers(len(_ASPECTS))])
    return (longest_side, short) if rng.random() < _TALL else (short, longest_side)
