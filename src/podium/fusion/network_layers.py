"""Torch modules of which every layer holds one set of weights per seed, trained in one go.

Inputs have shape (seeds, rows, numbers); row b of seed s meets only the weights of seed s. Import
this module inside functions only: it loads torch.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class StackedLinear(nn.Module):
    """An affine layer for every seed: (s, b, inputs) to (s, b, outputs)."""

    def __init__(self, seeds: int, inputs: int, outputs: int) -> None:
        """Draw the weights as torch's own linear layer does (He et al. 2015)."""
        super().__init__()
        bound = max(inputs, 1) ** -0.5
        self.weight = nn.Parameter(torch.empty(seeds, inputs, outputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(seeds, 1, outputs))

    def forward(self, inputs: Tensor) -> Tensor:
        """Apply the layer of each seed to its rows."""
        return torch.baddbmm(self.bias, inputs, self.weight)


class SharedDropout(nn.Module):
    """Dropout whose mask all seeds share: drawing a mask for each took half of the training."""

    def __init__(self, share: float) -> None:
        """Drop that share of the units."""
        super().__init__()
        self.keep = 1 - share

    def forward(self, inputs: Tensor) -> Tensor:
        """Zero some units of each row and scale up the rest; nothing in evaluation."""
        if not self.training or self.keep == 1:
            return inputs
        mask = torch.rand(inputs.shape[1:], device=inputs.device) < self.keep
        return inputs * (mask / self.keep)


class EarlyFusion(nn.Module):
    """Both sides in one vector, one hidden layer, one logit."""

    def __init__(self, seeds: int, image: int, text: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            SharedDropout(dropout / 2),
            StackedLinear(seeds, image + text, hidden),
            nn.ReLU(),
            SharedDropout(dropout),
            StackedLinear(seeds, hidden, hidden // 2),
            nn.ReLU(),
            SharedDropout(dropout),
            StackedLinear(seeds, hidden // 2, 1),
        )

    def forward(self, image: Tensor, text: Tensor) -> Tensor:
        """Logits, shape (s, b)."""
        return self.layers(torch.cat([image, text], dim=2)).squeeze(2)


class TwoTowers(nn.Module):
    """A tower for each side; their outputs side by side, or averaged; a head."""

    def __init__(
        self, seeds: int, image: int, text: int, hidden: int, dropout: float, average: bool
    ) -> None:
        super().__init__()
        self.image = _tower(seeds, image, hidden, dropout)
        self.text = _tower(seeds, text, hidden, dropout)
        self.average = average
        width = hidden // 2 if average else hidden // 2 * 2
        self.head = nn.Sequential(
            nn.ReLU(),
            SharedDropout(dropout),
            StackedLinear(seeds, width, hidden // 2),
            nn.ReLU(),
            StackedLinear(seeds, hidden // 2, 1),
        )

    def forward(self, image: Tensor, text: Tensor) -> Tensor:
        """Logits, shape (s, b)."""
        left, right = self.image(image), self.text(text)
        both = (left + right) / 2 if self.average else torch.cat([left, right], dim=2)
        return self.head(both).squeeze(2)


class LowRankBilinear(nn.Module):
    """A linear part for each side, and a form i.W.t of low rank in the first numbers of each."""

    def __init__(
        self, seeds: int, image: int, text: int, rank: int, form: tuple[int, int], dropout: float
    ) -> None:
        super().__init__()
        self.form = form
        self.drop = SharedDropout(dropout)
        self.left = StackedLinear(seeds, form[0], rank)
        self.right = StackedLinear(seeds, form[1], rank)
        self.mix = StackedLinear(seeds, rank, 1)
        self.linear = StackedLinear(seeds, image + text, 1)

    def forward(self, image: Tensor, text: Tensor) -> Tensor:
        """Logits, shape (s, b)."""
        image, text = self.drop(image), self.drop(text)
        left = self.left(image[:, :, : self.form[0]])
        right = self.right(text[:, :, : self.form[1]])
        joint = self.mix(left * right) + self.linear(torch.cat([image, text], dim=2))
        return joint.squeeze(2)

    def start_at(self, left: Tensor, right: Tensor, strength: Tensor, linear: Tensor) -> None:
        """Set W to left . diag(strength) . right^T, and the linear part, for every seed.

        Shapes (s, form image, rank), (s, form text, rank), (s, rank) and (s, image + text).
        """
        with torch.no_grad():
            self.left.weight.copy_(left)
            self.right.weight.copy_(right)
            self.mix.weight.copy_(strength.unsqueeze(2))
            self.linear.weight.copy_(linear.unsqueeze(2))


class Projection(nn.Module):
    """Both sides and their products to a point on the unit sphere."""

    def __init__(
        self, seeds: int, image: int, text: int, hidden: int, outputs: int, dropout: float
    ) -> None:
        super().__init__()
        self.drop = SharedDropout(dropout)
        self.left = StackedLinear(seeds, image, hidden)
        self.right = StackedLinear(seeds, text, hidden)
        self.out = StackedLinear(seeds, 3 * hidden, outputs)

    def forward(self, image: Tensor, text: Tensor) -> Tensor:
        """Unit vectors, shape (s, b, outputs)."""
        left, right = self.left(self.drop(image)), self.right(self.drop(text))
        joint = torch.cat([left, right, left * right], dim=2)
        return nn.functional.normalize(self.out(joint), dim=2)


def _tower(seeds: int, inputs: int, hidden: int, dropout: float) -> nn.Module:
    return nn.Sequential(
        SharedDropout(dropout / 2),
        StackedLinear(seeds, inputs, hidden),
        nn.ReLU(),
        SharedDropout(dropout),
        StackedLinear(seeds, hidden, hidden // 2),
    )
