"""The vectors of several encoders, whitened one by one, joined, and whitened again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np

from podium.retrieval.local_features import Floats
from podium.retrieval.whitening import PcaWhitening, join_blocks, unit_rows


class JoinedVectors:
    """One vector per image from the blocks of several encoders.

    Each block is whitened and reduced by itself, which keeps the joint step small; the blocks are
    brought to unit length, weighed and joined; the whole is whitened to the wanted length.

    Attributes:
        weights: Of the blocks that are joined; 0 keeps a block out.
        dimensions: Of the joined vector and of a single block, None for as many as there are.
    """

    def __init__(
        self,
        weights: Mapping[str, float],
        dimensions: int | None = 512,
        block_dimensions: int = 1024,
        shrinkage: float = 0.1,
    ) -> None:
        """Declare the vectors; see `PcaWhitening` for the shrinkage.

        Raises:
            ValueError: no block has a weight above 0.
        """
        self.weights = {name: weight for name, weight in weights.items() if weight > 0}
        if not self.weights:
            raise ValueError("no block has a weight above 0")
        self.dimensions, self.block_dimensions = dimensions, block_dimensions
        self.shrinkage = shrinkage
        self._blocks: dict[str, PcaWhitening] = {}
        self._whole: PcaWhitening | None = None

    def fit(self, blocks: Mapping[str, Floats]) -> Self:
        """Learn all projections.

        Args:
            blocks: By encoder (images, its dimensions), the same images in all of them.
        """
        wide = max(self.block_dimensions, self.dimensions or 0)
        whitened = {}
        for name, block in blocks.items():
            self._blocks[name] = PcaWhitening(wide, self.shrinkage).fit(block)
            if name in self.weights:
                whitened[name] = self._blocks[name].transform(block)
        if len(self.weights) > 1:
            whole = PcaWhitening(self.dimensions, self.shrinkage)
            self._whole = whole.fit(self._join(whitened))
        return self

    def transform(self, blocks: Mapping[str, Floats]) -> tuple[dict[str, Floats], Floats]:
        """The vectors of each block alone, and the joined ones.

        Returns:
            Unit rows, zero where there is nothing: by encoder, and of all that have a weight.
        """
        whitened = {name: self._blocks[name].transform(block) for name, block in blocks.items()}
        single = {name: unit_rows(block[:, : self.dimensions]) for name, block in whitened.items()}
        if self._whole is None:
            return single, single[next(iter(self.weights))]
        return single, self._whole.transform(self._join(whitened))

    def _join(self, whitened: Mapping[str, Floats]) -> Floats:
        names = list(self.weights)
        return join_blocks([whitened[n] for n in names], [self.weights[n] for n in names])


def rows_of(blocks: Mapping[str, Floats], rows: np.ndarray) -> dict[str, Floats]:
    """The given rows of each block, in memory."""
    return {name: np.ascontiguousarray(block[rows]) for name, block in blocks.items()}
