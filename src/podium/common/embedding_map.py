"""A map of vectors: places on a plane on which neighbours stay neighbours."""

from __future__ import annotations

import numpy as np

from podium.common.threads import one_thread

_COMPONENTS = 30
_FEWEST_FOR_A_MAP = 10
_PERPLEXITY = 30.0


def embedding_map(vectors: np.ndarray, most_rows: int, seed: int) -> np.ndarray:
    """Places of vectors on a plane (t-SNE, van der Maaten 2008).

    Args:
        vectors: (n, dimensions).
        most_rows: Of more, so many are drawn.
        seed: Of the draw and the map.

    Returns:
        float32, shape (n, 2), NaN for rows that were not drawn, or where there are too few or all
        those drawn are equal.
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    places = np.full((len(vectors), 2), np.nan, np.float32)
    count = min(most_rows, len(vectors))
    if count < _FEWEST_FOR_A_MAP:
        return places
    drawn = np.sort(np.random.default_rng(seed).choice(len(vectors), count, replace=False))
    if not np.ptp(vectors[drawn], axis=0).any():
        return places
    with one_thread():
        components = min(_COMPONENTS, count - 1, vectors.shape[1])
        reduced = PCA(components, svd_solver="full", random_state=seed).fit_transform(
            vectors[drawn]
        )
        # A plane needs two directions, where there may be but one.
        reduced = np.pad(reduced, ((0, 0), (0, max(0, 2 - components))))
        perplexity = min(_PERPLEXITY, (count - 1) / 3)
        plane = TSNE(perplexity=perplexity, init="pca", random_state=seed, n_jobs=1)
        places[drawn] = plane.fit_transform(reduced)
    return places
