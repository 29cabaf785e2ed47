"""Texts of products as rows that a pretrained text model with a head learns from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from podium.pricing.text_tokens import Tokens, length_batches, padded


@dataclass(frozen=True)
class TextRows:
    """Token numbers of n texts, and numbers that stand beside them, (n, c) float32.

    See `podium.pricing.encoder_network.EncoderRows`.
    """

    tokens: Tokens
    numbers: NDArray[np.float32]

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.tokens)

    def take(self, rows: NDArray[np.integer]) -> TextRows:
        """Some of the rows."""
        return TextRows([self.tokens[row] for row in rows], self.numbers[rows])

    def varied(self, generator: np.random.Generator) -> TextRows:
        """The same: a text has no other view."""
        return self

    def loaded(self) -> TextRows:
        """The same: all of it is in memory."""
        return self

    def pieces(self, size: int) -> list[NDArray[np.int64]]:
        """Places of rows of about the same length: a piece is as long as its longest text."""
        return length_batches(self.tokens, size)

    def inputs(self, rows: NDArray[np.integer]) -> NDArray[np.int64]:
        """Tokens and mask, (2, rows, length)."""
        return padded(self.tokens, rows)
