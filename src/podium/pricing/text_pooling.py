"""A text model and what makes one vector of the states of its tokens.

Import this module inside functions only: it loads torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from podium.common.checkpoint import CheckpointError
from podium.pricing.text_checkpoint import TextPooling, load_text_model


class PooledText(nn.Module):
    """From tokens to pooled states; padding takes no part in them.

    - "mean": the mean of all tokens' states, as sentence encoders use it (Reimers and Gurevych
      2019, "Sentence-BERT").
    - "cls": the state of the first token, BERT's class token (Devlin et al. 2019).
    """

    def __init__(self, model: Any, poolings: Sequence[TextPooling]) -> None:
        """Put a text model of transformers and its poolings together."""
        super().__init__()
        self.model = model
        self.poolings = tuple(poolings)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens and mask (2, b, length) to float32 (b, d): blocks of unit length, equal weight."""
        blocks = [functional.normalize(block, dim=1) for block in self.blocks(tokens)]
        return torch.cat(blocks, dim=1) / len(blocks) ** 0.5

    def blocks(self, tokens: Tensor) -> list[Tensor]:
        """The pooled states as the model gives them, float32 (b, width) for each pooling."""
        numbers, mask = tokens[0], tokens[1]
        output = self.model(input_ids=numbers, attention_mask=mask)
        states = output.last_hidden_state.float()
        known = mask[:, :, None].to(states.dtype)
        found = {
            "cls": lambda: states[:, 0],
            "mean": lambda: (states * known).sum(dim=1) / known.sum(dim=1),
        }
        return [found[pooling]() for pooling in self.poolings]


def load_pooled_text(
    folder: Path, tokenizer: Any, poolings: Sequence[TextPooling], max_length: int
) -> tuple[PooledText, int]:
    """A checkpoint's network with its poolings, tried on the longest text.

    Args:
        folder: From `podium.common.checkpoint.find_checkpoint`.
        tokenizer: Of the same folder.
        poolings: In the order of the blocks.
        max_length: Most tokens of a text.

    Returns:
        The network, and the length of its vectors.

    Raises:
        CheckpointError: if it cannot be used, takes no texts of that length, or has other tokens
            than its tokenizer.
    """
    model: Any = load_text_model(folder)
    known = model.get_input_embeddings().num_embeddings
    if len(tokenizer) > known:
        raise CheckpointError(
            f"the tokenizer in {folder} has {len(tokenizer)} tokens, the model knows {known}"
        )
    pooled = PooledText(model, poolings).eval()
    try:
        with torch.inference_mode():
            longest = torch.tensor([0, 1]).view(2, 1, 1).repeat(1, 1, max_length)
            blocks = pooled.blocks(longest)
    except (AttributeError, IndexError, RuntimeError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"the model in {folder} cannot encode texts of {max_length} tokens: {error}"
        ) from error
    return pooled, sum(block.shape[1] for block in blocks)
