"""Facts of single rows that help to read the errors: lengths and agreement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from podium.fusion.pairs import EmbeddingPairs

if TYPE_CHECKING:
    import pandas as pd


def row_facts(pairs: EmbeddingPairs) -> pd.DataFrame:
    """Norm of both vectors, and the cosine between them after centring each side.

    Returns:
        `image_norm`, `text_norm`, `cosine` (0 where a vector is zero), float32, in the order of the
        rows.
    """
    import pandas as pd

    halves = pairs.normalised()
    image, text = (half - half.mean(axis=0) for half in (halves.image, halves.text))
    columns = {
        "image_norm": np.linalg.norm(pairs.image, axis=1),
        "text_norm": np.linalg.norm(pairs.text, axis=1),
    }
    if image.shape[1] == text.shape[1]:
        unit = EmbeddingPairs(image, text).normalised()
        columns["cosine"] = np.einsum("nd,nd->n", unit.image, unit.text)
    return pd.DataFrame(columns).astype("float32")
