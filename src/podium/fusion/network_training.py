"""Training of stacked networks: AdamW, early stopping of each seed on a fold of its own.

Import this module inside functions only: it loads torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Outputs (s, b, ...), labels (s, b) and weights (s, b; 0 for padding) to losses (s,)."""

_CHUNK = 4096


@dataclass(frozen=True)
class TrainingPlan:
    """How long and how fast a network learns.

    Attributes:
        epochs: Most passes over the training rows.
        patience: Training ends when every seed has gone so many passes without a smaller
            validation loss; each is then set back to its best pass.
        batch_size: Rows per step; at most a quarter of the training rows.
        learning_rate: Of AdamW (Loshchilov and Hutter 2019).
        weight_decay: Of AdamW.
        device: "auto" for a GPU where there is one, else torch's name of it.
        validation_rows: Most rows that a seed is judged on, spread evenly over its fold.
    """

    epochs: int = 30
    patience: int = 4
    batch_size: int = 256
    learning_rate: float = 3e-3
    weight_decay: float = 0.05
    device: str = "auto"
    validation_rows: int = 2048


@dataclass(frozen=True)
class Rows:
    """Training rows on the device; validation (s, n) tells which rows each seed is judged on."""

    image: Tensor
    text: Tensor
    labels: Tensor
    weights: Tensor
    validation: np.ndarray

    def pick(self, index: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Rows of an index (s, b) for each seed."""
        return self.image[index], self.text[index], self.labels[index], self.weights[index]


def to_rows(
    image: np.ndarray,
    text: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray,
    validation: np.ndarray,
    device: str,
) -> Rows:
    """Put numpy arrays on the device as float32."""
    sides = [torch.from_numpy(np.ascontiguousarray(a, np.float32)) for a in (image, text)]
    columns = [torch.from_numpy(a.astype(np.float32)) for a in (labels, weights)]
    return Rows(
        image=sides[0].to(device),
        text=sides[1].to(device),
        labels=columns[0].to(device),
        weights=columns[1].to(device),
        validation=validation,
    )


def train(model: nn.Module, rows: Rows, plan: TrainingPlan, loss: Loss, seed: int) -> nn.Module:
    """Train all seeds at once and set each back to its best pass.

    Where no seed has validation rows, all passes are made and the last one counts.

    Returns:
        The model, on the CPU, ready to predict.
    """
    generator = np.random.default_rng(seed)
    # Fused: one call for all weights. Step by step it is a third of a small network's time.
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=plan.learning_rate, weight_decay=plan.weight_decay, fused=True
    )
    watched = bool(rows.validation.any())
    best = _Best(model, len(rows.validation)) if watched else None
    for _ in range(plan.epochs):
        model.train()
        for batch in _batches(rows, plan.batch_size, generator):
            optimizer.zero_grad(set_to_none=True)
            # Seeds share no weight, so that the sum trains each as if alone.
            total: Any = loss(model(*batch[:2]), *batch[2:]).sum()
            total.backward()
            optimizer.step()
        if best is not None:
            best.update(model, _validation_losses(model, rows, loss, plan.validation_rows))
            if best.waited.min() >= plan.patience:
                break
    if best is not None:
        best.restore(model)
    return model.eval().cpu()


def outputs(model: nn.Module, image: np.ndarray, text: np.ndarray, seeds: int) -> np.ndarray:
    """Outputs of every seed for all rows, on the CPU; float32, shape (seeds, n, ...)."""
    parts = []
    with torch.inference_mode():
        # At least one piece, so that no rows give an empty array of the right shape.
        for start in range(0, max(len(image), 1), _CHUNK):
            left, right = (
                torch.from_numpy(np.ascontiguousarray(side[start : start + _CHUNK])).expand(
                    seeds, -1, -1
                )
                for side in (image, text)
            )
            parts.append(model(left, right).numpy())
    return np.concatenate(parts, axis=1)


def logistic_loss(logits: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean log loss of each seed, shape (s,)."""
    losses = nn.functional.binary_cross_entropy_with_logits(logits, labels, reduction="none")
    return (losses * weights).sum(dim=1) / weights.sum(dim=1)


class _Best:
    """The weights of the pass with the smallest validation loss, seed by seed."""

    def __init__(self, model: nn.Module, seeds: int) -> None:
        self.losses = np.full(seeds, np.inf)
        self.waited = np.zeros(seeds, int)
        self._state = {name: value.clone() for name, value in model.state_dict().items()}

    def update(self, model: nn.Module, losses: np.ndarray) -> None:
        better = losses < self.losses
        self.losses = np.where(better, losses, self.losses)
        self.waited = np.where(better, 0, self.waited + 1)
        chosen = torch.from_numpy(np.flatnonzero(better))
        for name, value in model.state_dict().items():
            self._state[name][chosen] = value[chosen]

    def restore(self, model: nn.Module) -> None:
        model.load_state_dict(self._state)


def _batches(
    rows: Rows, size: int, generator: np.random.Generator
) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor]]:
    """One pass in random order; every seed leaves out its validation rows."""
    orders = [generator.permutation(np.flatnonzero(~mask)) for mask in rows.validation]
    fewest = min(map(len, orders))
    # A few steps per pass even on the smallest sets; equal batches, so that nothing is padded.
    count = max(1, round(fewest / min(size, max(16, fewest // 4))))
    length = fewest // count
    index = torch.from_numpy(np.stack([order[: count * length] for order in orders]))
    for start in range(0, count * length, length):
        yield rows.pick(index[:, start : start + length].to(rows.labels.device))


def _validation_losses(model: nn.Module, rows: Rows, loss: Loss, most: int) -> np.ndarray:
    held = [_spread(np.flatnonzero(mask), most) for mask in rows.validation]
    longest = max(map(len, held))
    index = torch.from_numpy(np.stack([np.resize(h, longest) for h in held]))
    known = torch.from_numpy(np.stack([np.arange(longest) < len(h) for h in held]))
    device: Any = rows.labels.device
    image, text, labels, weights = rows.pick(index.to(device))
    model.eval()
    with torch.inference_mode():
        losses = loss(model(image, text), labels, weights * known.to(device))
    return losses.double().cpu().numpy()


def _spread(rows: np.ndarray, most: int) -> np.ndarray:
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]
