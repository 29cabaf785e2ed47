"""A pretrained vision model: its files, and the network that takes images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from podium.common.checkpoint import (
    CheckpointError,
    CheckpointFiles,
    load_network,
    refuse_random_weights,
)

if TYPE_CHECKING:
    from torch import nn

# Newer checkpoints of models with text keep the settings of the images in the second one.
VISION_FILES = CheckpointFiles(("preprocessor_config.json", "processor_config.json"))


def load_vision_model(folder: Path) -> nn.Module:
    """The network of a checkpoint, or the vision half of one that has text too, in float32.

    Args:
        folder: From `podium.common.checkpoint.find_checkpoint`.

    Raises:
        CheckpointError: if transformers does not know the model, it does not take images, or
            weights that it needs are missing from the file and would be random.
    """
    model, wrong_weights = load_network(folder)
    two_sided = getattr(model.config, "vision_config", None) is not None
    tower = getattr(model, "vision_model", None) if two_sided else model
    if tower is None or getattr(tower, "main_input_name", "pixel_values") != "pixel_values":
        raise CheckpointError(f"the model in {folder} ({type(model).__name__}) takes no images")
    prefix = "vision_model." if two_sided else ""
    refuse_random_weights(folder, model, wrong_weights, prefix)
    return tower.eval().requires_grad_(False)
