"""The vectors of several encoders, whitened one by one, joined, and whitened again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np

from podium.retrieval.local_features import Floats
from podium.retrieval.turned_views import take_turns, turns_of_images, turns_of_queries
from podium.retrieval.whitening import PcaWhitening, join_blocks, unit_rows

# Axes of a block that holds several turns of each image.
_WITH_TURNS = 3


class JoinedVectors:
    """One vector per image from the blocks of several encoders.

    Each block is whitened and reduced by itself, which keeps the joint step small; the blocks are
    brought to unit length, weighed and joined; the whole is whitened to the wanted length.

    A block may hold a vector for each of several turns of an image, (images, turns, dimensions),
    upright first. One whitening, learned upright, serves all turns, and one of them is taken; see
    `podium.retrieval.turned_views`.

    Attributes:
        weights: Of the blocks that are joined; 0 keeps a block out.
        dimensions: Of the joined vector and of a single block, None for as many as there are.
        block_dimensions: Each block is reduced to so many first, or to `dimensions` where these
            are more; None of these, and no block is reduced.
    """

    def __init__(
        self,
        weights: Mapping[str, float],
        dimensions: int | None = 512,
        block_dimensions: int = 1024,
        shrinkage: float = 0.1,
        turn_margin: float = 0.1,
    ) -> None:
        """Declare the vectors; see `PcaWhitening` and `turns_of_images` for the last two.

        Raises:
            ValueError: no block has a weight above 0.
        """
        self.weights = {name: weight for name, weight in weights.items() if weight > 0}
        if not self.weights:
            raise ValueError("no block has a weight above 0")
        self.dimensions, self.block_dimensions = dimensions, block_dimensions
        self.shrinkage, self.turn_margin = shrinkage, turn_margin
        self._blocks: dict[str, PcaWhitening] = {}
        self._whole: PcaWhitening | None = None

    def fit(self, blocks: Mapping[str, Floats]) -> Self:
        """Learn all projections.

        Args:
            blocks: By encoder (images, its dimensions), the same images in all of them; or with
                turns, see the class.
        """
        wanted = self.dimensions
        wide = None if wanted is None else max(self.block_dimensions, wanted)
        whitened = {}
        for name, block in blocks.items():
            upright = block[:, 0] if block.ndim == _WITH_TURNS else block
            self._blocks[name] = PcaWhitening(wide, self.shrinkage).fit(upright)
            if name in self.weights:
                whitened[name] = self._whiten(name, block, None)
        if len(self.weights) > 1:
            whole = PcaWhitening(self.dimensions, self.shrinkage)
            self._whole = whole.fit(self._join(whitened))
        return self

    def transform(
        self, blocks: Mapping[str, Floats], images: Mapping[str, Floats] | None = None
    ) -> tuple[dict[str, Floats], Floats]:
        """The vectors of each block alone, and the joined ones.

        Args:
            blocks: As in `fit`.
            images: For queries, the vectors of each block alone of the images that are searched;
                without them turns are chosen among the rows of the blocks themselves.

        Returns:
            Unit rows, zero where there is nothing: by encoder, and of all that have a weight.
        """
        whitened = {
            name: self._whiten(name, block, None if images is None else images[name])
            for name, block in blocks.items()
        }
        single = {name: self._shortened(block) for name, block in whitened.items()}
        if self._whole is None:
            return single, single[next(iter(self.weights))]
        return single, self._whole.transform(self._join(whitened))

    def _whiten(self, name: str, block: Floats, images: Floats | None) -> Floats:
        whitening = self._blocks[name]
        if block.ndim != _WITH_TURNS:
            return whitening.transform(block)
        turned = whitening.transform(block.reshape(-1, block.shape[2]))
        looks = self._shortened(turned).reshape(*block.shape[:2], -1)
        if images is None:
            turns = turns_of_images(looks, self.turn_margin)
        else:
            turns = turns_of_queries(looks, images, self.turn_margin)
        return take_turns(turned.reshape(*block.shape[:2], -1), turns)

    def _shortened(self, whitened: Floats) -> Floats:
        return unit_rows(whitened[:, : self.dimensions])

    def _join(self, whitened: Mapping[str, Floats]) -> Floats:
        names = list(self.weights)
        return join_blocks([whitened[n] for n in names], [self.weights[n] for n in names])


def rows_of(blocks: Mapping[str, Floats], rows: np.ndarray) -> dict[str, Floats]:
    """The given rows of each block, in memory."""
    return {name: np.ascontiguousarray(block[rows]) for name, block in blocks.items()}
