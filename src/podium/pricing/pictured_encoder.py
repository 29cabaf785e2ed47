"""A vision model for products of which some have no image.

Import this module inside functions only: it loads torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from podium.common.checkpoint import CheckpointError
from podium.vision.checkpoint import load_vision_model
from podium.vision.encoder_options import Pooling
from podium.vision.pooling import PooledModel
from podium.vision.preprocessing import Preprocessing


class PicturedEncoder(nn.Module):
    """A pooled vision model that computes only what there is to see."""

    def __init__(self, pooled: PooledModel, widths: Sequence[int]) -> None:
        """Take a model, and the length of each of its blocks."""
        super().__init__()
        self.pooled = pooled
        self.widths = tuple(widths)

    def blocks(self, images: Tensor) -> list[Tensor]:
        """One vector of unit length for each pooling, float32 (b, width).

        Args:
            images: uint8 (b, s, s, 3); zeros where a black image says that there is none.
        """
        seen = (images != 0).flatten(1).any(dim=1)
        empty = [torch.zeros((len(images), width), device=images.device) for width in self.widths]
        if not seen.any():
            return empty
        blocks = self.pooled.blocks(images[seen])
        return [whole.index_put((seen,), block) for whole, block in zip(empty, blocks, strict=True)]


def load_pictured(
    folder: Path, preprocessing: Preprocessing, poolings: Sequence[Pooling], size: int
) -> tuple[PicturedEncoder, nn.Module, int]:
    """A checkpoint's network with its poolings, tried on one image.

    Args:
        folder: From `podium.common.checkpoint.find_checkpoint`.
        preprocessing: Of the same folder.
        poolings: In the order of the blocks.
        size: Side of the images, px.

    Returns:
        The network, the vision model in it, and the length of its vectors.

    Raises:
        CheckpointError: if the model cannot be used, takes no such size, or has no such pooling.
    """
    model: Any = load_vision_model(folder)
    pooled = PooledModel(model, preprocessing, poolings).eval()
    try:
        with torch.inference_mode():
            blocks = pooled.blocks(torch.zeros(1, size, size, 3, dtype=torch.uint8))
    except (ValueError, RuntimeError) as error:
        problem = f"the model cannot learn from images of {size} px: {error}"
        raise CheckpointError(problem) from error
    widths = [block.shape[1] for block in blocks]
    return PicturedEncoder(pooled, widths), model, sum(widths)
