"""Networks that make one unit vector of an image: a small one of its own, or a pretrained one.

Import this module inside functions only: it loads torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from podium.common.checkpoint import CheckpointError
from podium.vision.backbone import Backbone
from podium.vision.checkpoint import load_vision_model
from podium.vision.pooling import gem
from podium.vision.preprocessing import Preprocessing

_WIDTHS = (32, 64, 128, 256)
_GROUPS = 8
_FIRST_STRENGTH = 0.3  # of a block beside what goes past it
_BICUBIC = 3
# Bytes to numbers around 0.
_SCALE, _SHIFT = (4 / 255,) * 3, (-2.0,) * 3


@dataclass(frozen=True)
class Architecture:
    """All of a network but its weights; can be pickled.

    Attributes:
        preprocessing: Scale, shift and interpolation of pixels.
        channels: Of the local features.
        dimension: Of the vectors.
        tower: Class and configuration of a model of transformers; None for the small network.
    """

    preprocessing: Preprocessing
    channels: int
    dimension: int
    tower: tuple[type[nn.Module], Any] | None = None

    def build(self) -> InstanceModel:
        """The network with random weights."""
        if self.tower is None:
            return InstanceModel(SmallBackbone(), self)
        model_class, config = self.tower
        return InstanceModel(Backbone(model_class(config)), self)


class InstanceModel(nn.Module):
    """Pixels to a unit vector: local features, generalised mean, linear projection.

    The network always runs as in evaluation. Dropout and statistics of a batch would make a
    vector depend on what is computed beside it, and on the thread that computes it.
    """

    scale: Tensor
    shift: Tensor

    def __init__(self, backbone: nn.Module, architecture: Architecture) -> None:
        """Put the parts together.

        Args:
            backbone: From normalised pixels (b, 3, s, s) to (anything, local features (b, n, c)).
            architecture: Its preprocessing, channels and dimension.
        """
        super().__init__()
        self.backbone = backbone
        self.projection = nn.Linear(architecture.channels, architecture.dimension)
        # Keeps the angles between pooled features as far as the dimension allows.
        nn.init.orthogonal_(self.projection.weight)
        nn.init.zeros_(self.projection.bias)
        preprocessing = architecture.preprocessing
        for name, values in (("scale", preprocessing.scale), ("shift", preprocessing.shift)):
            self.register_buffer(name, torch.tensor(values).view(1, 3, 1, 1), persistent=False)
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        """uint8 (b, s, s, 3) to float32 (b, dimension), rows of unit length."""
        projected = self.projection(self.pooled(images)).float()
        return functional.normalize(projected, dim=1)

    def pooled(self, images: Tensor) -> Tensor:
        """Features before the projection, float32 (b, c)."""
        pixels = images.permute(0, 3, 1, 2).float() * self.scale + self.shift
        _, local = self.backbone(pixels)
        return gem(local.float())

    def centre(self, images: Tensor) -> None:
        """Set the projection's bias so that these images have the mean zero.

        Pooled features are positive, and without it all vectors would begin close together
        (initialisation from data: Salimans and Kingma 2016, "Weight normalization").
        """
        with torch.no_grad():
            mean = self.pooled(images).mean(dim=0)
            self.projection.bias.copy_(-(self.projection.weight @ mean))


class SmallBackbone(nn.Module):
    """A residual network (He et al. 2016) of 1.2 million weights, for a CPU.

    With group normalisation (Wu and He 2018), for which an image's output does not depend on the
    other images of a batch: photos and studio images may share one, it can be computed in pieces,
    and training and encoding agree.
    """

    def __init__(self) -> None:
        """Draw the weights."""
        super().__init__()
        first = _WIDTHS[0]
        layers: list[nn.Module] = [
            nn.Conv2d(3, first, 4, stride=4, bias=False),
            nn.GroupNorm(_GROUPS, first),
            nn.ReLU(inplace=True),
        ]
        for before, width in zip((first, *_WIDTHS), _WIDTHS, strict=False):
            layers.append(_ResidualBlock(before, width))
        self.layers = nn.Sequential(*layers)

    def forward(self, pixels: Tensor) -> tuple[None, Tensor]:
        """Normalised pixels (b, 3, s, s) to no summary and local features (b, n, c)."""
        found = self.layers(pixels.contiguous(memory_format=torch.channels_last))
        return None, found.flatten(2).transpose(1, 2)


class _ResidualBlock(nn.Module):
    """Two convolutions and what goes past them; halves the map where the width changes."""

    def __init__(self, before: int, width: int) -> None:
        super().__init__()
        stride = 1 if before == width else 2
        norm = nn.GroupNorm(_GROUPS, width)
        self.body = nn.Sequential(
            nn.Conv2d(before, width, 3, stride, 1, bias=False),
            nn.GroupNorm(_GROUPS, width),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, width, 3, 1, 1, bias=False),
            norm,
        )
        # Each block begins close to what goes past it: at 0 (Goyal et al. 2017, "Accurate, large
        # minibatch SGD") it began sooner but found less, at 1 little was learned in few steps.
        nn.init.constant_(norm.weight, _FIRST_STRENGTH)
        self.past: nn.Module = nn.Identity()
        if before != width:
            # Ceiling, as the convolution rounds.
            pool = nn.AvgPool2d(2, ceil_mode=True)
            self.past = nn.Sequential(pool, nn.Conv2d(before, width, 1, bias=False))

    def forward(self, maps: Tensor) -> Tensor:
        return functional.relu(self.past(maps) + self.body(maps))


def small_network(dimension: int) -> tuple[Architecture, InstanceModel]:
    """The small network with random weights."""
    preprocessing = Preprocessing(_SCALE, _SHIFT, _BICUBIC)
    architecture = Architecture(preprocessing, _WIDTHS[-1], dimension)
    return architecture, architecture.build()


def pretrained_network(
    folder: Path, dimension: int, size: int
) -> tuple[Architecture, InstanceModel]:
    """A pretrained model with a random projection.

    Args:
        folder: From `podium.common.checkpoint.find_checkpoint`.
        dimension: Of the vectors.
        size: Side of the images, px.

    Raises:
        CheckpointError: if the model cannot be used, or takes no such size.
    """
    tower: Any = load_vision_model(folder)
    preprocessing = Preprocessing.read(folder)
    backbone = Backbone(tower)
    try:
        with torch.inference_mode():
            channels = backbone(torch.zeros(1, 3, size, size))[1].shape[2]
    except (ValueError, RuntimeError) as error:
        problem = f"the model cannot learn from images of {size} px: {error}"
        raise CheckpointError(problem) from error
    tower.requires_grad_(True)
    architecture = Architecture(preprocessing, channels, dimension, (type(tower), tower.config))
    return architecture, InstanceModel(backbone, architecture)


def to_arrays(model: nn.Module) -> dict[str, np.ndarray]:
    """The weights of a model, by name, as arrays of their own."""
    return {name: value.cpu().numpy().copy() for name, value in model.state_dict().items()}


def from_arrays(architecture: Architecture, weights: dict[str, np.ndarray]) -> InstanceModel:
    """The model of such weights, on the CPU."""
    model = architecture.build()
    # Numbers without dimension, such as a count of batches, come back as such.
    model.load_state_dict({name: torch.from_numpy(np.array(w)) for name, w in weights.items()})
    return model
