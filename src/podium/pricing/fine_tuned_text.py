"""A pretrained text model that learns prices."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from podium.common.arguments import above, one_of, several
from podium.pricing.feature_set import FeatureSet
from podium.pricing.fine_tuned_price import FineTunedPrice
from podium.pricing.table_encoding import ScaledTable
from podium.pricing.text_checkpoint import TEXT_FILES, TextPooling, load_tokenizer
from podium.pricing.text_rows import TextRows
from podium.pricing.text_tokens import tokenise


class FineTunedTextPrice(FineTunedPrice):
    """A text model of transformers with a head on its vector and the scaled table.

    It reads `FeatureSet.texts`. How it learns: see `FineTunedPrice`.
    """

    files = TEXT_FILES

    def __init__(
        self,
        model: str,
        pooling: TextPooling | Sequence[TextPooling] = "mean",
        max_length: int = 128,
        tail_length: int = 32,
        seed: int = 0,
        threads: int = 1,
        **training: Any,
    ) -> None:
        """Declare the model; nothing is read before it is fitted.

        Args:
            model: See `FineTunedPrice`, as all that is not named here; the folder has a
                tokenizer.json.
            pooling: "cls" or "mean", or both.
            max_length: Most tokens of a text.
            tail_length: How many of them are kept of the end of a longer text.
            seed: See `FineTunedPrice`.
            threads: See `FineTunedPrice`.
            training: Other arguments of `FineTunedPrice`.

        Raises:
            ValueError: for a value out of range.
            TypeError: for an argument that does not exist.
        """
        super().__init__(model, seed=seed, threads=threads, **training)
        self.pooling: tuple[TextPooling, ...] = several("pooling", pooling, str)
        for name in self.pooling:
            one_of("pooling", name, TextPooling)
        self.max_length = int(above("max_length", max_length, 1))
        self.tail_length = int(above("tail_length", tail_length, -1, max_length - 1))

    def _learn_inputs(self, features: FeatureSet, folder: Path) -> None:
        self._tokenizer = load_tokenizer(folder)
        self._table = ScaledTable().fit(features.table)

    def _rows(self, features: FeatureSet, threads: int) -> TextRows:
        if features.texts is None:
            raise ValueError("a fine-tuned text model reads the texts, and FeatureSet has none")
        tokens = tokenise(
            self._tokenizer, features.texts.tolist(), self.max_length, self.tail_length
        )
        return TextRows(tokens, self._table.transform(features.table))

    def _encoder(self, folder: Path) -> tuple[Any, Any, int]:
        from podium.pricing.text_pooling import load_pooled_text

        pooled, width = load_pooled_text(folder, self._tokenizer, self.pooling, self.max_length)
        return pooled, pooled.model, width
