"""Facts of single rows that help to read the errors: lengths, agreement, a place on a map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from podium.common.threads import one_thread
from podium.fusion.pairs import EmbeddingPairs

if TYPE_CHECKING:
    import pandas as pd

_COMPONENTS = 30
_FEWEST_FOR_A_MAP = 10
_PERPLEXITY = 30.0


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


def embedding_map(pairs: EmbeddingPairs, most_rows: int, seed: int) -> np.ndarray:
    """Places of rows on a plane on which neighbours stay neighbours (t-SNE, van der Maaten 2008).

    Args:
        pairs: n rows; both halves at unit length count alike.
        most_rows: Of more, so many are drawn.
        seed: Of the draw and the map.

    Returns:
        float32, shape (n, 2), NaN for rows that were not drawn or where there are too few.
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    places = np.full((len(pairs), 2), np.nan, np.float32)
    count = min(most_rows, len(pairs))
    if count < _FEWEST_FOR_A_MAP:
        return places
    drawn = np.sort(np.random.default_rng(seed).choice(len(pairs), count, replace=False))
    vectors = pairs.take(drawn).normalised().joined()
    with one_thread():
        components = min(_COMPONENTS, count - 1, vectors.shape[1])
        reduced = PCA(components, svd_solver="full", random_state=seed).fit_transform(vectors)
        perplexity = min(_PERPLEXITY, (count - 1) / 3)
        plane = TSNE(perplexity=perplexity, init="pca", random_state=seed, n_jobs=1)
        places[drawn] = plane.fit_transform(reduced)
    return places
