"""Which images are held out, and which visitor photos of them are simulated.

The simulated photos are the queries of the local score. What is fitted (words, projections,
networks) sees neither them nor the images that they show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from podium.vision.photo_settings import EFFECTS, STRENGTHS

if TYPE_CHECKING:
    import pandas as pd

MIXED = "mixed"
"""All effects at once, as a visitor's photo has them: what the score is made of."""


def choose_held_out(
    usable: NDArray[np.bool_], most: int, share: float, seed: int
) -> NDArray[np.bool_]:
    """Draw the images that are held out.

    Args:
        usable: Which images a photo can be simulated of, (images,).
        most: At most so many.
        share: At most this share of the usable ones, but one image at least.
        seed: Of the draw.

    Raises:
        ValueError: none would be left, or `most` is below 1.
    """
    can = np.flatnonzero(usable)
    count = min(most, max(1, int(share * len(can))))
    if count < 1 or count >= len(can):
        raise ValueError(f"{count} of {len(can)} usable images cannot be held out")
    chosen = np.random.default_rng(seed).choice(can, count, replace=False)
    held_out = np.zeros(len(usable), dtype=bool)
    held_out[chosen] = True
    return held_out


def plan_photos(names: list[str], effects: tuple[str, ...] = EFFECTS) -> pd.DataFrame:
    """The photos of the held-out images.

    Each image is photographed with mixed effects at every strength, and once with each single
    effect, whose strength goes round from image to image.

    Args:
        names: File names of the held-out images.
        effects: Of `podium.vision.visitor_photos.EFFECTS`.

    Returns:
        photo_name, image_name, effect, strength; one row per photo.
    """
    import pandas as pd

    rows = []
    for place, name in enumerate(names):
        for turn, effect in enumerate(effects):
            single = (STRENGTHS[(place + turn) % len(STRENGTHS)],)
            for strength in STRENGTHS if effect == MIXED else single:
                photo = f"{place:05d}_{effect}_{strength}.jpg"
                rows.append((photo, name, effect, strength))
    columns = ["photo_name", "image_name", "effect", "strength"]
    table = pd.DataFrame(rows, columns=columns).astype({"strength": "int8"})
    return table.sort_values("photo_name", ignore_index=True)
