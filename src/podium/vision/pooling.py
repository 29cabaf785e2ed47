"""Pooling of a model's features into one vector per image.

Import this module inside functions only: it loads torch.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from podium.vision.backbone import Backbone
from podium.vision.encoder_options import Pooling
from podium.vision.preprocessing import Preprocessing

_LEAST = 1e-6


def gem(local: Tensor, power: float = 3.0) -> Tensor:
    """Generalised mean over positions (Radenovic, Tolias and Chum 2018).

    Power 1 is the mean, a large power the maximum; what is below zero counts as nothing.

    Args:
        local: Features (b, n, c).
        power: Of the mean.

    Returns:
        (b, c).
    """
    # The largest number of a channel is taken out, so that its power stays within float32.
    kept = local.clamp(min=_LEAST)
    most = kept.amax(dim=1, keepdim=True)
    return most.squeeze(1) * (kept / most).pow(power).mean(dim=1).pow(1.0 / power)


class PooledModel(nn.Module):
    """From pixels as they are stored to one vector of blocks, one for each pooling.

    Normalising the pixels is part of the network, so that only bytes travel to it.
    """

    scale: Tensor
    shift: Tensor

    def __init__(
        self,
        model: nn.Module,
        preprocessing: Preprocessing,
        poolings: Sequence[Pooling],
        gem_power: float = 3.0,
    ) -> None:
        """Put a model and its poolings together.

        Args:
            model: A vision model of transformers.
            preprocessing: Its scale and shift of pixels.
            poolings: In the order of the blocks.
            gem_power: Power of "gem".
        """
        super().__init__()
        self.backbone = Backbone(model)
        self.poolings = tuple(poolings)
        self.gem_power = gem_power
        for name, values in (("scale", preprocessing.scale), ("shift", preprocessing.shift)):
            self.register_buffer(name, torch.tensor(values).view(1, 3, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """uint8 (b, s, s, 3) to float32 (b, d), every block of unit length.

        Raises:
            ValueError: if "cls" is wanted of a model that has no summary.
        """
        return torch.cat(self.blocks(images), dim=1)

    def blocks(self, images: Tensor) -> list[Tensor]:
        """The same, one tensor for each pooling."""
        pixels = images.permute(0, 3, 1, 2).float() * self.scale + self.shift
        summary, local = self.backbone(pixels)
        local = local.float()
        found = []
        for pooling in self.poolings:
            if pooling == "gem":
                block = gem(local, self.gem_power)
            elif pooling == "mean":
                block = local.mean(dim=1)
            elif summary is None:
                raise ValueError("the model has no class token and no pooled output for 'cls'")
            else:
                block = summary.float()
            found.append(functional.normalize(block, dim=1))
        return found
