"""A network over text, image, table and categories, trained for SMAPE, averaged over seeds."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from podium.common.devices import choose_device, reproducible
from podium.pricing.design_matrix import text_scale
from podium.pricing.feature_set import FeatureSet
from podium.pricing.inner_groups import inner_folds
from podium.pricing.price_models import PriceModel
from podium.pricing.row_weights import checked_exponent
from podium.pricing.table_encoding import CategoryCodes, ScaledTable

if TYPE_CHECKING:
    from podium.pricing.price_network import Inputs, Plan

Floats = NDArray[np.float64]


class FusionNetworkPrice(PriceModel):
    """Towers for text vectors, image and table, embedded categories, one head (torch).

    A row without an image gets a learned vector in place of the image's tower. Seed k stops early
    on inner fold k; the mean of the scores counts. Each seed learns on one thread; `threads` tells
    how many of them at a time.

    Attributes:
        epochs_: Best pass of each seed.
    """

    def __init__(
        self,
        seeds: int = 3,
        hidden: int = 128,
        epochs: int = 20,
        patience: int = 6,
        batch_size: int = 256,
        learning_rate: float = 2e-3,
        weight_decay: float = 0.05,
        dropout: float = 0.2,
        image_dropout: float = 0.1,
        category_dropout: float = 0.1,
        mixup: float = 0.2,
        smoothing: float = 0.1,
        price_exponent: float = 0.0,
        min_category_rows: int = 3,
        inner_folds: int = 8,
        device: str = "auto",
        seed: int = 0,
        threads: int = 1,
    ) -> None:
        """Declare the network.

        Args:
            seeds: Networks that are averaged.
            hidden: Units of the towers and of the head's first layer.
            epochs: Most passes over the training rows; the learning rate falls to 0 over them.
            patience: Training ends after so many passes without a smaller loss.
            batch_size: Rows per step.
            learning_rate: Of AdamW (Loshchilov and Hutter 2019), as the next.
            weight_decay: Decay of the weights.
            dropout: Share of the units that is dropped while learning; of the inputs half of it.
            image_dropout: Share of the rows whose image is left out while learning.
            category_dropout: The same for each category.
            mixup: Both parameters of the beta distribution of the mixing share; 0 for no mixing.
            smoothing: See `SmoothSmape`.
            price_exponent: Rows are weighed by their price to this power, see `price_weights`.
            min_category_rows: Fewest training rows of a category of its own.
            inner_folds: Inner folds; the seeds take them in turn.
            device: "auto" for a GPU where there is one, else torch's name of it.
            seed: Of weights, order, augmentation and inner folds.
            threads: Seeds that learn at a time, 0 for all cores; does not change the result.

        Raises:
            ValueError: a number is out of range.
        """
        if min(seeds, hidden - 1, epochs, patience, batch_size) < 1 or not learning_rate > 0:
            raise ValueError("seeds, hidden, epochs, patience, batch_size, learning_rate too small")
        if not all(0 <= share < 1 for share in (dropout, image_dropout, category_dropout)):
            raise ValueError("every dropout must lie between 0 and 1")
        if not mixup >= 0 or not 0 < smoothing < 1:
            raise ValueError("mixup must not be below 0, smoothing must lie between 0 and 1")
        self.seeds = seeds
        self.hidden = hidden
        self.min_category_rows = min_category_rows
        self.inner_folds = inner_folds
        self.device = device
        self.seed = seed
        self.threads = threads
        self.plan: dict[str, Any] = {
            "epochs": epochs,
            "patience": patience,
            "batch_size": batch_size,
            "learning_rate": learning_rate,
            "weight_decay": weight_decay,
            "dropout": dropout,
            "image_dropout": image_dropout,
            "category_dropout": category_dropout,
            "mixup": mixup,
            "smoothing": smoothing,
            "price_exponent": checked_exponent(price_exponent),
        }

    def _fit(self, features: FeatureSet, target: Floats, groups: NDArray[np.int64]) -> None:
        import torch

        from podium.pricing.price_network import Plan, middle_and_spread

        self._learn_scales(features)
        device = choose_device(self.device)
        scores = torch.from_numpy(target.astype(np.float32))
        self._middle = middle_and_spread(scores)
        folds = inner_folds(groups, self.inner_folds, self.seed)
        held = [
            (folds >= 0) & (folds == number % max(int(folds.max()) + 1, 1))
            for number in range(self.seeds)
        ]
        inputs = self._inputs(features).to(device)
        with reproducible(self.seed, device):
            self._learn(inputs, scores.to(device), held, Plan(**self.plan), device)

    def _learn(
        self, inputs: Inputs, target: Any, held: list[NDArray[np.bool_]], plan: Plan, device: str
    ) -> None:
        from podium.pricing.price_network import train

        seeds = [1000 * self.seed + number for number in range(self.seeds)]
        networks = [self._network(inputs, seed).to(device) for seed in seeds]
        workers = 1 if device != "cpu" else min(self.threads or os.cpu_count() or 1, self.seeds)
        with ThreadPoolExecutor(workers) as pool:
            tasks = [
                pool.submit(train, network, inputs, target, rows, plan, seed)
                for network, rows, seed in zip(networks, held, seeds, strict=True)
            ]
            done = [task.result() for task in tasks]
        self._networks = [network for network, _ in done]
        self.epochs_ = [epoch for _, epoch in done]

    def _score(self, features: FeatureSet) -> Floats:
        from podium.pricing.price_network import predict

        inputs = self._inputs(features)
        scores = [predict(network, inputs, *self._middle).numpy() for network in self._networks]
        return np.mean(scores, axis=0, dtype=np.float64)

    def _learn_scales(self, features: FeatureSet) -> None:
        from sklearn.preprocessing import StandardScaler

        self._table = ScaledTable().fit(features.table)
        self._codes = CategoryCodes(self.min_category_rows).fit(features.categories)
        self._text_scale = text_scale(features.text)
        pictured = np.isfinite(features.image).all(axis=1)
        # Numbers of an image are statistics in units of their own as well as vectors.
        usable = pictured.any() and features.image.shape[1]
        self._image = StandardScaler().fit(features.image[pictured]) if usable else None

    def _inputs(self, features: FeatureSet) -> Inputs:
        import torch

        from podium.pricing.price_network import Inputs

        pictured = np.isfinite(features.image).all(axis=1) & (self._image is not None)
        image = np.zeros(features.image.shape, np.float32)
        if self._image is not None and pictured.any():
            scaled = self._image.transform(features.image[pictured])
            image[pictured] = np.clip(scaled, -self._table.limit, self._table.limit)
        return Inputs(
            torch.from_numpy(_some_columns(features.text * self._text_scale)),
            torch.from_numpy(_some_columns(image)),
            torch.from_numpy(pictured),
            torch.from_numpy(_some_columns(self._table.transform(features.table))),
            torch.from_numpy(self._codes.transform(features.categories)),
        )

    def _network(self, inputs: Inputs, seed: int) -> Any:
        import torch

        from podium.pricing.price_network import PriceNetwork

        text, image, table = (part.shape[1] for part in (inputs.text, inputs.image, inputs.table))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return PriceNetwork(text, image, table, self._codes.sizes, self.hidden)


def _some_columns(numbers: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same, or a column of zeros where there is none: torch wants a number to start from."""
    if numbers.shape[1]:
        return np.ascontiguousarray(numbers)
    return np.zeros((len(numbers), 1), np.float32)
