"""The layers of the fusion network and its training.

Import this module inside functions only: it loads torch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from podium.pricing.row_weights import price_weights
from podium.pricing.smape_objective import LEAST_SCORE

_MOST_EMBEDDING = 16
_CHUNK = 4096
_WARM_UP = 0.15
# Above any price; expm1 stays small enough for single precision.
_MOST_SCORE = 25.0


@dataclass(frozen=True)
class Inputs:
    """Rows on the device: text (n, t), image (n, i), table (n, c) float32, codes (n, k) int64.

    Image rows are 0 where `pictured` (n,) says that there is no image.
    """

    text: Tensor
    image: Tensor
    pictured: Tensor
    table: Tensor
    codes: Tensor

    def take(self, rows: Tensor | slice) -> Inputs:
        """Some of the rows."""
        return Inputs(*(part[rows] for part in self.parts()))

    def to(self, device: str) -> Inputs:
        """The rows on another device."""
        return Inputs(*(part.to(device) for part in self.parts()))

    def parts(self) -> tuple[Tensor, ...]:
        """The fields in their order."""
        return self.text, self.image, self.pictured, self.table, self.codes

    def __len__(self) -> int:
        return len(self.text)


@dataclass(frozen=True)
class Plan:
    """How a network learns; see `podium.pricing.fusion_network.FusionNetworkPrice`."""

    epochs: int
    patience: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    dropout: float
    image_dropout: float
    category_dropout: float
    mixup: float
    smoothing: float
    price_exponent: float = 0.0


class PriceNetwork(nn.Module):
    """A tower for each modality, a head on all of them, and a linear way past both."""

    def __init__(
        self, text: int, image: int, table: int, sizes: Sequence[int], hidden: int
    ) -> None:
        """Declare layers for inputs of so many numbers, and so many codes of each category."""
        super().__init__()
        self.text = nn.Linear(text, hidden)
        self.image = nn.Linear(image, hidden // 2)
        self.no_image = nn.Parameter(torch.zeros(hidden // 2))
        self.table = nn.Sequential(nn.Linear(table, hidden), nn.GELU(), nn.Linear(hidden, hidden))
        widths = [min(_MOST_EMBEDDING, math.ceil(size**0.5)) for size in sizes]
        self.embeddings = nn.ModuleList(
            _embedding(size, width, 0.1) for size, width in zip(sizes, widths, strict=True)
        )
        self.levels = nn.ModuleList(_embedding(size, 1, 0.0) for size in sizes)
        joint = 2 * hidden + hidden // 2 + sum(widths)
        self.head = nn.ModuleList([nn.Linear(joint, hidden), nn.Linear(hidden, hidden // 2)])
        self.out = nn.Linear(hidden // 2, 1)
        self.linear = nn.Linear(text + table, 1)

    def forward(self, inputs: Inputs, noise: Noise | None = None) -> Tensor:
        """Scores less their middle, in units of their spread, shape (n,).

        Args:
            inputs: n rows.
            noise: Dropout and mixing while learning; none in prediction.
        """
        if noise is not None:
            inputs = noise.spoil(inputs)
        picture = torch.where(inputs.pictured[:, None], self.image(inputs.image), self.no_image)
        columns = range(inputs.codes.shape[1])
        towers = [self.text(inputs.text), picture, self.table(inputs.table)]
        towers += [self.embeddings[place](inputs.codes[:, place]) for place in columns]
        past = self.linear(torch.cat([inputs.text, inputs.table], dim=1))
        for place in columns:
            past = past + self.levels[place](inputs.codes[:, place])
        joint = torch.cat(towers, dim=1)
        if noise is not None:
            joint, past = noise.mix(joint), noise.mix(past)
        for layer in self.head:
            joint = nn.functional.gelu(layer(joint))
            joint = joint if noise is None else noise.drop(joint, noise.plan.dropout)
        return (self.out(joint) + past)[:, 0]


class Noise:
    """Augmentation of one batch, from a generator of its own, so that seeds can learn at a time.

    Dropout of inputs and units; whole modalities left out (Neverova et al. 2016, ModDrop); and
    manifold mixup (Verma et al. 2019): towers, which unlike codes can be mixed, in pairs.
    """

    def __init__(self, plan: Plan, rows: int, share: float, generator: torch.Generator) -> None:
        """Draw the pairs; `share` is the part of a row in its mixture."""
        self.plan = plan
        self.share = share
        self.generator = generator
        self.device = generator.device
        self.partner = torch.randperm(rows, generator=generator, device=self.device)

    def spoil(self, inputs: Inputs) -> Inputs:
        """Leave out numbers, images and categories."""
        plan = self.plan
        known = self._kept(inputs.codes.shape, plan.category_dropout)
        return Inputs(
            self.drop(inputs.text, plan.dropout / 2),
            self.drop(inputs.image, plan.dropout / 2),
            inputs.pictured & self._kept(inputs.pictured.shape, plan.image_dropout),
            self.drop(inputs.table, plan.dropout / 2),
            inputs.codes * known,
        )

    def drop(self, numbers: Tensor, share: float) -> Tensor:
        """Dropout (Srivastava et al. 2014)."""
        if not share:
            return numbers
        return numbers * (self._kept(numbers.shape, share) / (1 - share))

    def mix(self, numbers: Tensor) -> Tensor:
        """Each row with its partner."""
        if self.share == 1:
            return numbers
        return self.share * numbers + (1 - self.share) * numbers[self.partner]

    def _kept(self, shape: torch.Size, share: float) -> Tensor:
        return torch.rand(shape, generator=self.generator, device=self.device) >= share


def smape_loss(
    scores: Tensor, target: Tensor, smoothing: float, weights: Tensor | None = None
) -> Tensor:
    """Mean of `podium.pricing.smape_objective.SmoothSmape.loss`, scalar.

    Scores that are no price's cost as on a line, so that they come back. With weights, whose mean
    over all training rows is 1, each row's loss is multiplied by its own.
    """
    kept = scores.clamp(LEAST_SCORE, _MOST_SCORE)
    answer, price = torch.expm1(kept), torch.expm1(target)
    share = (answer - price) / (answer + price)
    cost = 2 * (torch.sqrt(share**2 + smoothing**2) - smoothing)
    losses = cost + (scores - kept).abs()
    return losses.mean() if weights is None else (losses * weights).mean()


def train(
    model: PriceNetwork,
    inputs: Inputs,
    target: Tensor,
    held: NDArray[np.bool_],
    plan: Plan,
    seed: int,
) -> tuple[PriceNetwork, int]:
    """Train on one thread; where rows are held out, the best pass by their loss counts.

    Args:
        model: The network, on the device of the rows.
        inputs: n rows.
        target: log1p of their prices, shape (n,).
        held: Rows that the passes are judged on, shape (n,).
        plan: How it learns.
        seed: Of order and augmentation.

    Returns:
        The network on the CPU, and the number of its best pass.
    """
    # A thread of a pool has a number of its own.
    torch.set_num_threads(1)
    order, augmentation = np.random.default_rng(seed), torch.Generator(target.device)
    augmentation.manual_seed(seed)
    centre, spread = middle_and_spread(target)
    # Fused: one call for all weights, which small networks spend much of their time on.
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=plan.learning_rate, weight_decay=plan.weight_decay, fused=True
    )
    kept = np.flatnonzero(~held)
    weights = _weights(target, kept, plan.price_exponent)
    steps = max(1, round(len(kept) / plan.batch_size))
    rates = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: _rate(step / (steps * plan.epochs))
    )
    watched = torch.from_numpy(np.flatnonzero(held)).to(target.device)
    best, best_loss, best_epoch = _state(model), float("inf"), plan.epochs
    for epoch in range(1, plan.epochs + 1):
        for rows in np.array_split(order.permutation(kept), steps):
            index = torch.from_numpy(rows).to(target.device)
            share = float(order.beta(plan.mixup, plan.mixup)) if plan.mixup else 1.0
            noise = Noise(plan, len(rows), share, augmentation)
            outputs = model(inputs.take(index), noise)
            wanted = noise.mix(target[index])
            optimizer.zero_grad(set_to_none=True)
            shares = None if weights is None else noise.mix(weights[index])
            loss: Any = smape_loss(centre + spread * outputs, wanted, plan.smoothing, shares)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            rates.step()
        if not len(watched):
            continue
        scores = predict(model, inputs.take(watched), centre, spread)
        judged = float(smape_loss(scores, target[watched], plan.smoothing))
        if judged < best_loss:
            best, best_loss, best_epoch = _state(model), judged, epoch
        elif epoch - best_epoch >= plan.patience:
            break
    if len(watched):
        model.load_state_dict(best)
    return model.cpu(), best_epoch


def predict(model: PriceNetwork, inputs: Inputs, centre: float, spread: float) -> Tensor:
    """Scores of n rows, shape (n,)."""
    parts = []
    with torch.inference_mode():
        for start in range(0, len(inputs), _CHUNK):
            parts.append(model(inputs.take(slice(start, start + _CHUNK))))
    return centre + spread * torch.cat(parts)


def middle_and_spread(target: Tensor) -> tuple[float, float]:
    """Median and standard deviation of the scores to learn; a spread of 0 counts as 1."""
    spread = float(target.std(correction=0))
    return float(target.median()), spread if spread > 0 else 1.0


def _embedding(size: int, width: int, spread: float) -> nn.Embedding:
    embedding = nn.Embedding(size, width)
    nn.init.normal_(embedding.weight, std=spread)
    return embedding


def _weights(target: Tensor, learned: NDArray[np.int64], exponent: float) -> Tensor | None:
    """Of the rows that are learned from, in place among all; None where they count alike."""
    if not exponent:
        return None
    weights = np.ones(len(target), np.float32)
    weights[learned] = price_weights(target.cpu().numpy()[learned], exponent)
    return torch.from_numpy(weights).to(target.device)


def _state(model: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


def _rate(progress: float) -> float:
    """Linear warm-up, then half a cosine down to 0 (Loshchilov and Hutter 2017)."""
    if progress < _WARM_UP:
        return (progress + 1e-3) / (_WARM_UP + 1e-3)
    return (1 + math.cos(math.pi * min((progress - _WARM_UP) / (1 - _WARM_UP), 1.0))) / 2
