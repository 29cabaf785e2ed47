"""Rows of two embeddings, as every model of this package takes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class EmbeddingPairs:
    """An image vector and a text vector per row.

    Attributes:
        image: float32, shape (n, d_image), finite, as the file has it (no unit length).
        text: float32, shape (n, d_text), likewise.
    """

    image: np.ndarray
    text: np.ndarray

    def __post_init__(self) -> None:
        """Refuse halves of different length."""
        if len(self.image) != len(self.text):
            raise ValueError(f"{len(self.image)} image vectors, {len(self.text)} text vectors")

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.image)

    def take(self, rows: np.ndarray) -> EmbeddingPairs:
        """The rows of a boolean mask or of positions, in their order."""
        return EmbeddingPairs(self.image[rows], self.text[rows])

    def joined(self) -> np.ndarray:
        """Both vectors side by side, shape (n, d_image + d_text)."""
        return np.concatenate([self.image, self.text], axis=1)

    def normalised(self) -> EmbeddingPairs:
        """Both halves at unit length; a zero vector stays zero."""
        return EmbeddingPairs(_unit_length(self.image), _unit_length(self.text))


def concatenate(parts: list[EmbeddingPairs]) -> EmbeddingPairs:
    """Put parts one below the other."""
    return EmbeddingPairs(
        np.concatenate([part.image for part in parts]),
        np.concatenate([part.text for part in parts]),
    )


def _unit_length(vectors: np.ndarray) -> np.ndarray:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(norms > 0, norms, 1).astype(vectors.dtype)
