"""What a record of two embeddings must hold."""

from __future__ import annotations

from dataclasses import dataclass

IMAGE = "image_embedding"
TEXT = "text_embedding"


@dataclass(frozen=True)
class EmbeddingContract:
    """What every record must hold.

    Attributes:
        length: Numbers in each embedding.
        labelled: Whether there is a label, 0 or 1.
    """

    length: int
    labelled: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the fields, in the order in which they are judged."""
        return ("id", "label", IMAGE, TEXT) if self.labelled else ("id", IMAGE, TEXT)
