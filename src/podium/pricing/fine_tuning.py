"""Fine-tuning of a pretrained encoder for prices.

Import this module inside functions only: it loads torch.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from podium.common.ordered_work import work_ahead
from podium.common.progress import track
from podium.common.weight_groups import weight_groups
from podium.pricing.encoder_network import (
    EncoderPriceNetwork,
    EncoderRows,
    Engine,
    Floats,
    in_batches,
    on_device,
    predict,
)
from podium.pricing.price_network import smape_loss
from podium.pricing.ridge import chosen_penalty, ridge
from podium.pricing.row_weights import price_weights

_PENALTIES = (1.0, 10.0, 100.0, 1000.0)
# Rows that one thread of a CPU computes at a time; part of the result, for sums follow it.
_CPU_PIECE = 8


@dataclass(frozen=True)
class FineTuningPlan:
    """How a network learns; see `podium.pricing.fine_tuned_price.FineTunedPrice`."""

    epochs: int
    patience: int
    batch_size: int
    learning_rate: float
    head_learning_rate: float
    weight_decay: float
    warm_up: float
    dropout: float
    smoothing: float
    price_exponent: float


def fine_tune(
    network: EncoderPriceNetwork,
    rows: EncoderRows,
    target: NDArray[np.float64],
    held: NDArray[np.bool_],
    middle: tuple[float, float],
    plan: FineTuningPlan,
    seed: int,
    engine: Engine,
) -> int:
    """Train a network in place; where rows are held out, the best pass by their loss counts.

    The head begins as the ridge regression on the vectors of the encoder as it is (linear probing,
    then fine-tuning: Kumar et al. 2022), which is pass 0. A batch is computed in pieces on several
    threads, and their gradients are added up in a fixed order. The next batch is read meanwhile.

    Args:
        network: On the device.
        rows: n training rows.
        target: log1p of their prices, shape (n,).
        held: Rows that the passes are judged on, shape (n,).
        middle: Middle and spread of the scores.
        plan: How it learns.
        seed: Of order, dropout and the views of a row.
        engine: Where it computes.

    Returns:
        The number of the best pass.
    """
    wanted = torch.from_numpy(target.astype(np.float32))
    weights = torch.from_numpy(price_weights(target[~held], plan.price_exponent))
    _probe(network, rows, target, held, middle, engine)
    learned, watched = rows.take(np.flatnonzero(~held)), rows.take(np.flatnonzero(held))

    def judged() -> float:
        scores = predict(network, watched, middle, engine)
        return float(smape_loss(torch.from_numpy(scores), wanted[held], plan.smoothing))

    order = np.random.default_rng(seed)
    steps = max(1, round(len(learned) / plan.batch_size))
    best, best_epoch = _state(network), 0
    best_loss = judged() if len(watched) else math.inf
    with ThreadPoolExecutor(engine.threads) as pool:
        step = _Step(network, plan, middle, engine, pool, steps * plan.epochs)
        for epoch in range(1, plan.epochs + 1):
            batches = np.array_split(order.permutation(len(learned)), steps)
            progress = track(batches, f"Fine-tuning, pass {epoch}", unit="batches")
            with closing(_read_ahead(learned, batches, (seed, epoch))) as ahead:
                for places, batch in zip(progress, ahead, strict=True):
                    step.take(batch, wanted[~held][places], weights[places], order)
            loss = judged() if len(watched) else -epoch
            if loss < best_loss:
                best, best_loss, best_epoch = _state(network), loss, epoch
            elif epoch - best_epoch >= plan.patience:
                break
    network.load_state_dict(best)
    return best_epoch


def _read_ahead(
    rows: EncoderRows, batches: list[NDArray[np.int64]], seeds: tuple[int, int]
) -> Generator[EncoderRows, None, None]:
    """Every batch in views of its own, read while the one before is learned from."""

    def read(numbered: tuple[int, NDArray[np.int64]]) -> EncoderRows:
        number, places = numbered
        return rows.take(places).varied(np.random.default_rng([*seeds, number])).loaded()

    return work_ahead(read, enumerate(batches), 1, 2)


class _Step:
    """Steps of AdamW, with linear warm-up and linear decay (Devlin et al. 2019)."""

    def __init__(
        self,
        network: EncoderPriceNetwork,
        plan: FineTuningPlan,
        middle: tuple[float, float],
        engine: Engine,
        pool: ThreadPoolExecutor,
        steps: int,
    ) -> None:
        self._network, self._plan, self._middle = network, plan, middle
        self._engine, self._pool = engine, pool
        self._weights = [weight for weight in network.parameters() if weight.requires_grad]
        parts = [(network.encoder, plan.learning_rate), (network.head, plan.head_learning_rate)]
        self._optimizer = torch.optim.AdamW(weight_groups(parts, plan.weight_decay))
        warm = max(1, round(plan.warm_up * steps))
        self._rates = torch.optim.lr_scheduler.LambdaLR(
            self._optimizer,
            lambda step: min((step + 1) / warm, (steps - step) / max(steps - warm, 1)),
        )
        # Gradients below float16's smallest number would be lost.
        self._scaler = torch.amp.GradScaler(
            torch.device(engine.device).type, enabled=engine.precision == "float16"
        )
        # Makes its scale here, before several threads would at a time.
        self._scaler.scale(torch.zeros((), device=engine.device))

    def take(
        self, rows: EncoderRows, target: Tensor, weights: Tensor, order: np.random.Generator
    ) -> None:
        """Learn from a batch."""
        inputs: int = self._network.head["hidden"].weight.shape[1]  # type: ignore[assignment, union-attr, index]
        dropped = order.random((len(rows), inputs), np.float32) < self._plan.dropout
        kept = np.float32(1 / (1 - self._plan.dropout)) * ~dropped
        piece = _CPU_PIECE if self._engine.device == "cpu" else len(rows)
        gradients = list(
            self._pool.map(
                lambda places: self._gradient(
                    rows.take(places), target[places], weights[places], kept[places], len(rows)
                ),
                rows.pieces(piece),
            )
        )
        for weight, *parts in zip(self._weights, *gradients, strict=True):
            known = [part for part in parts if part is not None]
            weight.grad = sum(known[1:], known[0]) if known else None
        self._scaler.unscale_(self._optimizer)
        nn.utils.clip_grad_norm_(self._weights, 1.0)
        self._scaler.step(self._optimizer)
        self._scaler.update()
        self._rates.step()

    def _gradient(
        self, rows: EncoderRows, target: Tensor, weights: Tensor, kept: Floats, batch: int
    ) -> tuple[Tensor | None, ...]:
        """Of a piece's part in the batch's mean loss."""
        device, (centre, spread) = self._engine.device, self._middle
        inputs, numbers = on_device(rows, range(len(rows)), device)
        with self._engine.autocast():
            outputs = self._network(inputs, numbers, torch.from_numpy(kept).to(device))
        scores, smoothing = centre + spread * outputs.float(), self._plan.smoothing
        loss = smape_loss(scores, target.to(device), smoothing, weights.to(device))
        loss = loss * (len(rows) / batch)
        return torch.autograd.grad(self._scaler.scale(loss), self._weights, allow_unused=True)


def _probe(
    network: EncoderPriceNetwork,
    rows: EncoderRows,
    target: NDArray[np.float64],
    held: NDArray[np.bool_],
    middle: tuple[float, float],
    engine: Engine,
) -> None:
    joint = in_batches(network.joint, rows, engine)
    penalty = chosen_penalty(_PENALTIES, joint, target, held)
    # Without the held rows, which pass 0 is judged on.
    found = ridge(penalty).fit(joint[~held], target[~held])
    linear: Any = network.head["linear"]
    with torch.no_grad():
        linear.weight.copy_(torch.from_numpy(found.coef_[None] / middle[1]))
        linear.bias.fill_((float(found.intercept_) - middle[0]) / middle[1])


def _state(network: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in network.state_dict().items()}
