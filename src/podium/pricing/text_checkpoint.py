"""A pretrained text model: its files, its tokenizer, and the network that takes tokens."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from podium.common.checkpoint import (
    CheckpointError,
    CheckpointFiles,
    load_network,
    quiet,
    refuse_random_weights,
)

if TYPE_CHECKING:
    from torch import nn

TextPooling = Literal["cls", "mean"]

TEXT_FILES = CheckpointFiles(
    ("tokenizer.json", "vocab.txt", "vocab.json", "spiece.model", "sentencepiece.bpe.model"),
    ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "merges.txt"),
)


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer of a checkpoint; code that comes with it is never run.

    Args:
        folder: From `podium.common.checkpoint.find_checkpoint`.

    Raises:
        CheckpointError: if transformers cannot use it.
    """
    from transformers import AutoTokenizer

    # Else it warns in every process that is forked later.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        with quiet():
            return AutoTokenizer.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
    except Exception as error:  # a damaged file has an error without a class of its own
        raise CheckpointError(f"the tokenizer in {folder} cannot be loaded: {error}") from error


def load_text_model(folder: Path) -> nn.Module:
    """The network of a checkpoint that takes tokens, in float32.

    Of a model of images and texts that is the text half, of an encoder-decoder the encoder.

    Args:
        folder: From `podium.common.checkpoint.find_checkpoint`.

    Raises:
        CheckpointError: if transformers does not know the model, it does not take texts, or
            weights that it needs are missing from the file and would be random.
    """
    model, wrong_weights = load_network(folder)
    prefix: str | tuple[str, ...] = ""
    tower = model
    if getattr(model.config, "text_config", None) is not None and hasattr(model, "text_model"):
        tower, prefix = model.text_model, "text_model."
    elif getattr(model.config, "is_encoder_decoder", False):
        tower, prefix = model.get_encoder(), ("encoder.", "shared.")
    if getattr(tower, "main_input_name", "input_ids") != "input_ids":
        raise CheckpointError(f"the model in {folder} ({type(model).__name__}) takes no texts")
    refuse_random_weights(folder, model, wrong_weights, prefix)
    return tower.eval().requires_grad_(False)
