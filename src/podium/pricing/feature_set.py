"""What a price model may look at: sparse terms, dense vectors, numbers and categories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import csr_matrix

    from podium.vision.pictures import Pictures

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class FeatureSet:
    """The features of some products, row by row.

    Attributes:
        terms: TF-IDF of words and characters, rows of unit length, (rows, terms) float32.
        text: Dense text vectors, (rows, components) float32.
        image: Vectors or statistics of the image, (rows, numbers) float32; NaN without a real one.
        table: Numbers, one column each, float32; NaN where unknown.
        categories: Texts such as brand and unit, one column each; None where unknown.
        encoded: Vectors of the text by a pretrained model, (rows, numbers) float32, where wanted.
        texts: The catalogue texts as they stand, (rows,), for models that read them.
        pictures: The images themselves, for models that look at them.
    """

    terms: csr_matrix
    text: Floats
    image: Floats
    table: pd.DataFrame
    categories: pd.DataFrame
    encoded: Floats | None = None
    texts: NDArray[np.object_] | None = None
    pictures: Pictures | None = None

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.table)

    def take(self, rows: NDArray[np.integer]) -> FeatureSet:
        """The given rows, in that order."""
        return FeatureSet(
            self.terms[rows],
            self.text[rows],
            self.image[rows],
            self.table.iloc[rows].reset_index(drop=True),
            self.categories.iloc[rows].reset_index(drop=True),
            None if self.encoded is None else self.encoded[rows],
            None if self.texts is None else self.texts[rows],
            None if self.pictures is None else self.pictures.take(rows),
        )
