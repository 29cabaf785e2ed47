"""One face for all vision models of transformers: a summary and a grid of local features.

Import this module inside functions only: it loads torch.
"""

from __future__ import annotations

import inspect
import math
from typing import Any

import torch
from torch import Tensor, nn

_MAP_DIMENSIONS = 4
_INTERPOLATE = "interpolate_pos_encoding"
_NATIVE_SHAPES = "spatial_shapes"


class Backbone(nn.Module):
    """A vision model whose outputs are told apart.

    - summary: what the model itself makes of the whole image: the class token after the last norm
      (ViT, CLIP, DINO), the attention-pooled token (SigLIP), the pooled map (convolutions);
    - local features: patch tokens without class and register tokens, or the positions of a map.
    """

    def __init__(self, model: nn.Module) -> None:
        """Wrap a model of transformers that takes pixel_values."""
        super().__init__()
        self.model = model
        parameters = inspect.signature(model.forward).parameters
        self._options: dict[str, Any] = {_INTERPOLATE: True} if _INTERPOLATE in parameters else {}
        # SigLIP 2 with native aspect ratio takes patches that are already cut.
        self._takes_patches = _NATIVE_SHAPES in parameters
        patch = getattr(model.config, "patch_size", None)
        self.patch = patch if isinstance(patch, int) else None
        # What ViT's pooler makes of the class token was learned for one task, if at all.
        self._pooler_of_a_task = hasattr(getattr(model, "pooler", None), "dense")

    def forward(self, pixels: Tensor) -> tuple[Tensor | None, Tensor]:
        """Normalised pixels (b, 3, s, s) to a summary (b, c), if there is one, and local (b, n, c).

        Raises:
            ValueError: if the side is no multiple of the model's patch.
        """
        side = pixels.shape[-1]
        if self.patch and side % self.patch:
            lower = side // self.patch * self.patch
            raise ValueError(
                f"the size {side} is no multiple of the model's patch of {self.patch}; "
                f"{lower} or {lower + self.patch} is"
            )
        if self._takes_patches:
            output = self.model(**self._cut(pixels))
        else:
            output = self.model(pixel_values=pixels, **self._options)
        states = output.last_hidden_state
        pooled = getattr(output, "pooler_output", None)
        if states.dim() == _MAP_DIMENSIONS:
            states = states.flatten(2).transpose(1, 2)
            return _summary(pooled), states
        extra = self._tokens_before_patches(states.shape[1], side)
        if pooled is None or self._pooler_of_a_task:
            pooled = states[:, 0] if extra else None
        return _summary(pooled), states[:, extra:]

    def _tokens_before_patches(self, tokens: int, side: int) -> int:
        """Class and register tokens, which stand before the patches of a square image."""
        patches = (side // self.patch) ** 2 if self.patch else tokens + 1
        # Models that merge patches on the way (Swin) end with a smaller square.
        return tokens - (patches if patches <= tokens else math.isqrt(tokens) ** 2)

    def _cut(self, pixels: Tensor) -> dict[str, Tensor]:
        images, channels, side, _ = pixels.shape
        patch = self.patch or 1
        count = side // patch
        cut = pixels.reshape(images, channels, count, patch, count, patch)
        cut = cut.permute(0, 2, 4, 3, 5, 1).reshape(images, count * count, -1)
        return {
            "pixel_values": cut,
            "pixel_attention_mask": torch.ones(cut.shape[:2], dtype=torch.long, device=cut.device),
            # On the CPU: the model reads the numbers one by one.
            _NATIVE_SHAPES: torch.full((images, 2), count, dtype=torch.long),
        }


def _summary(pooled: Tensor | None) -> Tensor | None:
    return None if pooled is None else pooled.flatten(1)
