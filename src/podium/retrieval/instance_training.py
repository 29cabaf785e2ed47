"""Instance discrimination: training in which each image is a class of its own.

Import this module inside functions only: it loads torch.

Sources: Wu et al. 2018, "Unsupervised feature learning via non-parametric instance discrimination";
the loss, NT-Xent, by Chen et al. 2020, "A simple framework for contrastive learning of visual
representations" (SimCLR); computed in pieces as by Gao et al. 2021, "Scaling deep contrastive
learning batch size under memory limited setup".
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from podium.common.ordered_work import work_ahead
from podium.common.progress import track
from podium.common.time_budget import OutOfTimeError
from podium.common.weight_groups import weight_groups
from podium.retrieval.instance_backbone import InstanceModel

Draw = Callable[[int, int], np.ndarray]
"""Of an epoch and an index: the image and a photo of it, uint8 (2, s, s, 3)."""

_WARMUP = 0.05  # share of the training in which the learning rate rises
_CPU_PIECE = 16  # images that one thread computes at a time
_CENTRED = 256  # images that the vectors are centred on at the start
# Share of the time limit from which on the schedule looks at the clock: reading the first images
# says nothing about the speed of training.
_CLOCK_FROM = 0.05


@dataclass(frozen=True)
class InstancePlan:
    """How long and how fast a network learns.

    Attributes:
        epochs: Passes over the images.
        batch_size: Images of a step, each beside its photo.
        learning_rate: Highest rate of AdamW (Loshchilov and Hutter 2019).
        projection_rate: Highest rate of the projection.
        weight_decay: Of AdamW.
        temperature: Of the loss.
        seconds: Time limit, None for none.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    projection_rate: float
    weight_decay: float
    temperature: float
    seconds: float | None


def nt_xent(images: Tensor, photos: Tensor, temperature: float) -> Tensor:
    """Mean loss of finding an image's photo, and a photo's image, among all others of the batch.

    Args:
        images: Unit rows (b, d).
        photos: Unit rows (b, d), in the same order.
        temperature: By which cosines are divided.
    """
    both = torch.cat([images, photos])
    itself = torch.eye(len(both), dtype=torch.bool, device=both.device)
    logits = (both @ both.T / temperature).masked_fill(itself, float("-inf"))
    partner = torch.arange(len(both), device=both.device).roll(len(images))
    return functional.cross_entropy(logits, partner)


def train(
    model: InstanceModel,
    draw: Draw,
    count: int,
    plan: InstancePlan,
    seed: int,
    device: str,
    precision: str,
    threads: int,
) -> list[float]:
    """Train a model in place.

    A batch is computed in pieces, on a CPU by several threads, and their gradients are added in a
    fixed order: the result does not depend on the number of threads.

    Args:
        model: On the CPU; moved to the device and back.
        draw: Gives the pairs; called from several threads, ahead of the training.
        count: Number of images.
        plan: How long and how fast.
        seed: Of the order of the images.
        device: Name of torch.
        precision: "float32", "bfloat16" or "float16".
        threads: Pieces that are drawn, and on a CPU computed, at a time.

    Returns:
        Mean loss of each epoch; the last one may be cut short by the time limit.

    Raises:
        OutOfTimeError: the time limit came before the end of the first epoch.
    """
    began = time.monotonic()
    model.to(device)
    piece = _CPU_PIECE if device == "cpu" else plan.batch_size
    batches = [
        (epoch, np.array_split(batch, math.ceil(len(batch) / piece)))
        for epoch in range(plan.epochs)
        for batch in _batches(count, plan.batch_size, np.random.default_rng([seed, epoch]))
    ]
    _centre(model, draw, count, device, threads)
    losses: list[list[float]] = [[] for _ in range(plan.epochs)]
    with closing(_pieces(draw, batches, threads)) as pieces, ThreadPoolExecutor(threads) as pool:
        step = _Step(model, plan, device, precision, pool)
        work = track(batches, "Instance network", unit="batches")
        for done, (epoch, parts) in enumerate(work):
            elapsed = time.monotonic() - began
            share = _share((done + 0.5) / len(batches), elapsed, plan.seconds)
            losses[epoch].append(step.take(list(islice(pieces, len(parts))), _rate(share)))
            if plan.seconds is not None and time.monotonic() - began >= plan.seconds:
                if done + 1 < len(batches) // plan.epochs:
                    raise OutOfTimeError("before the network has seen every image once")
                break
    model.to("cpu")
    return [float(np.mean(epoch)) for epoch in losses if epoch]


class _Step:
    """One step of the optimiser at a time."""

    def __init__(
        self,
        model: InstanceModel,
        plan: InstancePlan,
        device: str,
        precision: str,
        pool: ThreadPoolExecutor,
    ) -> None:
        self._model, self._temperature = model, plan.temperature
        self._device = torch.device(device)
        self._dtype: torch.dtype = getattr(torch, precision)
        self._pool = pool
        self._weights = [weight for weight in model.parameters() if weight.requires_grad]
        self._optimizer = torch.optim.AdamW(
            weight_groups(
                [
                    (model.backbone, plan.learning_rate),
                    (model.projection, plan.projection_rate),
                ],
                plan.weight_decay,
            )
        )
        self._highest = [group["lr"] for group in self._optimizer.param_groups]
        # Gradients below float16's smallest number would be lost.
        self._scaler = torch.amp.GradScaler(self._device.type, enabled=precision == "float16")

    def take(self, pieces: list[np.ndarray], rate: float) -> float:
        """Learn from pieces uint8 (c, 2, s, s, 3) at a share of the highest rate; the loss."""
        found = list(self._pool.map(self._forward, pieces))
        vectors = torch.cat([part.detach() for part in found]).requires_grad_()
        loss = nt_xent(vectors[:, 0], vectors[:, 1], self._temperature)
        (slope,) = torch.autograd.grad(self._scaler.scale(loss), vectors)
        slopes = torch.split(slope, [len(part) for part in found])
        gradients = list(self._pool.map(self._backward, found, slopes))
        for weight, *parts in zip(self._weights, *gradients, strict=True):
            weight.grad = None if parts[0] is None else torch.stack(parts).sum(dim=0)
        for group, highest in zip(self._optimizer.param_groups, self._highest, strict=True):
            group["lr"] = highest * rate
        self._scaler.step(self._optimizer)
        self._scaler.update()
        return float(loss.detach())

    def _forward(self, piece: np.ndarray) -> Tensor:
        images = torch.from_numpy(piece).to(self._device, non_blocking=True)
        # Here, for autocast holds for one thread.
        with torch.autocast(self._device.type, self._dtype, self._dtype != torch.float32):
            vectors: Tensor = self._model(images.flatten(0, 1))
        return vectors.view(len(piece), 2, -1)

    def _backward(self, vectors: Tensor, slope: Tensor) -> tuple[Tensor | None, ...]:
        return torch.autograd.grad(vectors, self._weights, slope, allow_unused=True)


def _centre(model: InstanceModel, draw: Draw, count: int, device: str, threads: int) -> None:
    chosen = np.unique(np.linspace(0, count - 1, min(count, _CENTRED)).astype(int))
    drawn = work_ahead(lambda index: draw(0, int(index))[0], chosen, threads, threads)
    model.centre(torch.from_numpy(np.stack(list(drawn))).to(device))


def _pieces(
    draw: Draw, batches: list[tuple[int, list[np.ndarray]]], threads: int
) -> Generator[np.ndarray, None, None]:
    """Pairs uint8 (c, 2, s, s, 3) of every piece of every batch, drawn a batch ahead."""

    def drawn(piece: tuple[int, np.ndarray]) -> np.ndarray:
        epoch, indices = piece
        return np.stack([draw(epoch, int(index)) for index in indices])

    items = ((epoch, indices) for epoch, parts in batches for indices in parts)
    longest = max((len(parts) for _, parts in batches), default=1)
    yield from work_ahead(drawn, items, threads, 2 * max(longest, threads))


def _batches(count: int, size: int, generator: np.random.Generator) -> list[np.ndarray]:
    """All images in random order, in batches that differ by one image at most."""
    return np.array_split(generator.permutation(count), max(1, round(count / size)))


def _share(steps: float, elapsed: float, seconds: float | None) -> float:
    """How much of the training is over, by steps or, where that is more, by the clock."""
    if seconds is None or elapsed < _CLOCK_FROM * seconds:
        return steps
    return min(max(steps, elapsed / seconds), 1.0)


def _rate(share: float) -> float:
    """Linear warm-up, then half a cosine down to zero."""
    return min(1.0, share / _WARMUP) * (1 + math.cos(math.pi * share)) / 2
