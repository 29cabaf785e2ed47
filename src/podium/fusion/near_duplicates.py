"""Rows whose image and text are both nearly those of another row, without an n x n matrix.

Near copies on both sides of a split make a score too good, so they are grouped and kept together.
Two rows are near copies if the cosine of their images and the cosine of their texts both reach a
threshold; a group is a connected component of that relation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from podium.fusion.pairs import EmbeddingPairs

_TILE = 1024
_MOST_EDGES = 1_000_000
_VERIFIED_AT_ONCE = 4096
# float32 products of unit vectors differ from the exact cosine by less; how many threads add them
# up must not decide who is a copy, so what is this close to the threshold is computed again.
_MARGIN = 1e-4


class Copy(NamedTuple):
    """A row of one table and its nearest copy in another, by position."""

    row: int
    copy_of: int
    image_cosine: float
    text_cosine: float


@dataclass(frozen=True)
class _Halves:
    """Both halves at unit length; a zero vector is the unit vector of a dimension of its own."""

    image: np.ndarray
    text: np.ndarray

    @staticmethod
    def of(pairs: EmbeddingPairs) -> _Halves:
        return _Halves(_unit(pairs.image), _unit(pairs.text))

    def take(self, rows: np.ndarray) -> _Halves:
        return _Halves(self.image[rows], self.text[rows])


def count_zero_vectors(pairs: EmbeddingPairs) -> tuple[int, int]:
    """Number of rows whose image, and whose text, is all zeros."""
    return int((~pairs.image.any(axis=1)).sum()), int((~pairs.text.any(axis=1)).sum())


def group_near_duplicates(pairs: EmbeddingPairs, threshold: float) -> np.ndarray:
    """Number the groups of near copies.

    Args:
        pairs: n rows.
        threshold: Least cosine of both halves, below 1.

    Returns:
        Group of each row, int32, shape (n,): numbered from 0 in the order of their first rows; a
        row without a copy is a group of its own. Memory: one tile of `_TILE` squared beside the
        unit vectors; time grows with the square of the number of different rows.

    Raises:
        ValueError: the threshold is not between 0 and 1.
    """
    _check(threshold)
    firsts, of_row = _different_rows(pairs)
    halves = _Halves.of(pairs.take(firsts))
    components = np.arange(len(firsts))
    pending: list[np.ndarray] = []
    for left, right in _near_pairs(halves, halves, threshold, same=True):
        pending.append(np.stack([left, right]))
        if sum(edges.shape[1] for edges in pending) > _MOST_EDGES:
            components, pending = _joined(components, pending), []
    components = _joined(components, pending)
    return _numbered(components[of_row])


def find_copies(rows: EmbeddingPairs, originals: EmbeddingPairs, threshold: float) -> list[Copy]:
    """For each row the nearest of its near copies in another table, if it has one.

    Args:
        rows: The rows asked about.
        originals: The table in which copies are looked for; same widths.
        threshold: Least cosine of both halves, below 1.

    Returns:
        By row, at most one each: the one with the largest sum of cosines, then the first.

    Raises:
        ValueError: the threshold is not between 0 and 1.
    """
    _check(threshold)
    firsts, of_row = _different_rows(rows)
    known_firsts, _ = _different_rows(originals)
    nearest = _nearest(rows.take(firsts), originals.take(known_firsts), threshold)
    copies = []
    for row, kind in enumerate(of_row.tolist()):
        if kind in nearest:
            found = nearest[kind]
            original = int(known_firsts[found.copy_of])
            copies.append(Copy(row, original, found.image_cosine, found.text_cosine))
    return copies


def _nearest(rows: EmbeddingPairs, originals: EmbeddingPairs, threshold: float) -> dict[int, Copy]:
    left_halves, right_halves = _Halves.of(rows), _Halves.of(originals)
    best: dict[int, Copy] = {}
    for left, right in _near_pairs(left_halves, right_halves, threshold, same=False):
        image = _cosines(left_halves.image, right_halves.image, left, right)
        text = _cosines(left_halves.text, right_halves.text, left, right)
        for found in map(Copy, left.tolist(), right.tolist(), image.tolist(), text.tolist()):
            known = best.get(found.row)
            if known is None or _closeness(found) > _closeness(known):
                best[found.row] = found
    return best


def _closeness(copy: Copy) -> tuple[float, int]:
    return round(copy.image_cosine + copy.text_cosine, 9), -copy.copy_of


def _check(threshold: float) -> None:
    if not 0 < threshold < 1:
        raise ValueError(f"the threshold must lie between 0 and 1, got {threshold}")


def _different_rows(pairs: EmbeddingPairs) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the first of each set of equal rows, and for each row its set.

    Exact copies are many where they are any, and their pairs would be many more.
    """
    seen: dict[bytes, int] = {}
    of_row = np.empty(len(pairs), dtype=np.int64)
    firsts: list[int] = []
    for row in range(len(pairs)):
        # Adding zero turns -0.0 into 0.0, which has other bytes.
        content = (pairs.image[row] + 0.0).tobytes() + (pairs.text[row] + 0.0).tobytes()
        key = _digest(content)
        if key not in seen:
            seen[key] = len(firsts)
            firsts.append(row)
        of_row[row] = seen[key]
    return np.array(firsts, dtype=np.int64), of_row


def _digest(content: bytes) -> bytes:
    from hashlib import blake2b

    return blake2b(content, digest_size=16).digest()


def _unit(vectors: np.ndarray) -> np.ndarray:
    # Scaled first, because squares of large numbers overflow.
    scale = np.abs(vectors).max(axis=1, keepdims=True, initial=0)
    scaled = vectors / np.where(scale > 0, scale, 1)
    norms = np.linalg.norm(scaled, axis=1, keepdims=True)
    units = np.zeros((len(vectors), vectors.shape[1] + 1), dtype=np.float32)
    units[:, :-1] = scaled / np.where(norms > 0, norms, 1)
    units[:, -1] = (norms == 0)[:, 0]
    return units


def _near_pairs(
    left: _Halves, right: _Halves, threshold: float, *, same: bool
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Positions of the pairs above the threshold, tile by tile; each once where both are one."""
    for top in range(0, len(left.image), _TILE):
        for start in range(top if same else 0, len(right.image), _TILE):
            above = left.image[top : top + _TILE] @ right.image[start : start + _TILE].T
            hits = above >= threshold - _MARGIN
            if same and start == top:
                hits = np.triu(hits, k=1)
            rows, columns = np.nonzero(hits)
            if len(rows):
                lefts, rights = rows + top, columns + start
                keep = _both_above(left, right, lefts, rights, threshold)
                if keep.any():
                    yield lefts[keep], rights[keep]


def _both_above(
    left: _Halves, right: _Halves, lefts: np.ndarray, rights: np.ndarray, threshold: float
) -> np.ndarray:
    """Which pairs are above the threshold on both sides, exactly."""
    rows, row_of = np.unique(lefts, return_inverse=True)
    columns, column_of = np.unique(rights, return_inverse=True)
    text = (left.text[rows] @ right.text[columns].T)[row_of, column_of]
    keep = text >= threshold - _MARGIN
    chosen = np.flatnonzero(keep)
    for start in range(0, len(chosen), _VERIFIED_AT_ONCE):
        some = chosen[start : start + _VERIFIED_AT_ONCE]
        image = _cosines(left.image, right.image, lefts[some], rights[some])
        texts = _cosines(left.text, right.text, lefts[some], rights[some])
        keep[some] = (image >= threshold) & (texts >= threshold)
    return keep


def _cosines(
    left: np.ndarray, right: np.ndarray, lefts: np.ndarray, rights: np.ndarray
) -> np.ndarray:
    """Cosines of pairs in double precision; einsum's order of summation knows no threads."""
    return np.einsum("nd,nd->n", left[lefts].astype(np.float64), right[rights].astype(np.float64))


def _joined(components: np.ndarray, edges: list[np.ndarray]) -> np.ndarray:
    """Join components along edges between rows."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not edges:
        return components
    left, right = components[np.concatenate(edges, axis=1)]
    size = len(components)
    graph = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(size, size))
    _, joined = connected_components(graph, directed=False)
    result: np.ndarray = joined[components]
    return result


def _numbered(components: np.ndarray) -> np.ndarray:
    """Number the components in the order of their first rows."""
    _, first, inverse = np.unique(components, return_index=True, return_inverse=True)
    ranks = np.empty(len(first), dtype=np.int32)
    ranks[np.argsort(first)] = np.arange(len(first), dtype=np.int32)
    return ranks[inverse]
