"""A pretrained encoder that learns prices: fine-tuned for SMAPE, with numbers beside it."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from podium.common.arguments import above, one_of
from podium.common.checkpoint import CheckpointFiles, find_checkpoint
from podium.common.devices import Precision, choose_device, choose_precision, reproducible
from podium.common.threads import available_cores
from podium.pricing.feature_set import FeatureSet
from podium.pricing.inner_groups import inner_folds
from podium.pricing.price_models import PriceModel
from podium.pricing.row_weights import checked_exponent

if TYPE_CHECKING:
    from podium.pricing.encoder_network import EncoderPriceNetwork, EncoderRows, Engine

Floats = NDArray[np.float64]


class FineTunedPrice(PriceModel):
    """An encoder of transformers with a head on its vector and further numbers (torch).

    The head begins as a ridge regression on the vectors of the encoder as it is; then all of it
    learns by the smooth SMAPE of the other models, with AdamW, linear warm-up and decay, and
    clipped gradients. Seed k stops early on inner fold k; the mean of the scores counts. The fitted
    model holds its weights, and needs the checkpoint no more. On a CPU the same seed gives the same
    bytes on any number of threads.

    Attributes:
        epochs_: Best pass of each seed; 0 where the ridge regression was best.
    """

    #: What a checkpoint of this kind consists of.
    files: CheckpointFiles

    def __init__(
        self,
        model: str,
        frozen_layers: int = 0,
        seeds: int = 1,
        hidden: int = 128,
        epochs: int = 4,
        patience: int = 2,
        batch_size: int = 32,
        learning_rate: float = 1e-4,
        head_learning_rate: float = 1e-3,
        weight_decay: float = 0.01,
        warm_up: float = 0.1,
        dropout: float = 0.1,
        smoothing: float = 0.1,
        price_exponent: float = 0.0,
        inner_folds: int = 8,
        precision: Precision = "auto",
        device: str = "auto",
        revision: str | None = None,
        local_files_only: bool = True,
        seed: int = 0,
        threads: int = 1,
    ) -> None:
        """Declare the model; nothing is read before it is fitted.

        Args:
            model: A local folder with config.json, safetensors and what prepares its inputs, or a
                name on the Hugging Face hub.
            frozen_layers: So many of the first layers, and what stands before them, do not learn,
                which saves time; 0 lets all learn.
            seeds: Networks that are averaged.
            hidden: Units of the head.
            epochs: Most passes over the training rows; the learning rate falls to 0 over them.
            patience: Training ends after so many passes without a smaller loss.
            batch_size: Rows per step.
            learning_rate: Highest rate of the encoder.
            head_learning_rate: Highest rate of the head.
            weight_decay: Of AdamW (Loshchilov and Hutter 2019).
            warm_up: Share of the steps in which the rates rise.
            dropout: Share of the head's inputs that is dropped while learning.
            smoothing: See `SmoothSmape`.
            price_exponent: Rows are weighed by their price to this power, see `price_weights`.
            inner_folds: Inner folds; the seeds take them in turn.
            precision: "auto" is mixed precision on a GPU and float32 on a CPU.
            device: "auto" for a GPU where there is one, else torch's name of it.
            revision: Branch, tag or commit on the hub.
            local_files_only: Never ask the network; a model that is not here is an error then.
            seed: Of the head's weights, order, dropout, views and inner folds.
            threads: Pieces of a batch computed at a time on a CPU, 0 for all cores.

        Raises:
            ValueError: for a value out of range.
        """
        self.model, self.revision, self.local_files_only = model, revision, local_files_only
        self.frozen_layers = int(above("frozen_layers", frozen_layers, -1))
        self.seeds = int(above("seeds", seeds, 0))
        self.hidden = int(above("hidden", hidden, 0))
        self.plan: dict[str, Any] = {
            "epochs": int(above("epochs", epochs, 0)),
            "patience": int(above("patience", patience, 0)),
            "batch_size": int(above("batch_size", batch_size, 0)),
            "learning_rate": above("learning_rate", learning_rate, 0),
            "head_learning_rate": above("head_learning_rate", head_learning_rate, 0),
            "weight_decay": above("weight_decay", weight_decay, -1e-12),
            "warm_up": above("warm_up", warm_up, -1e-12, 1),
            "dropout": above("dropout", dropout, -1e-12, 0.9),
            "smoothing": above("smoothing", smoothing, 0, 0.999),
            "price_exponent": checked_exponent(price_exponent),
        }
        self.inner_folds = int(above("inner_folds", inner_folds, 1))
        self.precision = one_of("precision", precision, Precision)
        self.device = device
        self.seed = seed
        self.threads = int(above("threads", threads, -1)) or available_cores()

    @abstractmethod
    def _learn_inputs(self, features: FeatureSet, folder: Path) -> None:
        """What has to be known of the training rows and the checkpoint to make rows.

        Raises:
            ValueError: the features lack what the encoder reads.
        """

    @abstractmethod
    def _rows(self, features: FeatureSet, threads: int) -> EncoderRows:
        """What the encoder reads, and the numbers beside it; so many may be read at a time."""

    @abstractmethod
    def _encoder(self, folder: Path) -> tuple[Any, Any, int]:
        """An encoder for `EncoderPriceNetwork`, its model that learns, and its vectors' length.

        Raises:
            CheckpointError: if it cannot be used.
        """

    def _fit(self, features: FeatureSet, target: Floats, groups: NDArray[np.int64]) -> None:
        import torch

        from podium.pricing.fine_tuning import FineTuningPlan, fine_tune
        from podium.pricing.price_network import middle_and_spread

        folder = find_checkpoint(self.model, self.files, self.revision, self.local_files_only)
        self._learn_inputs(features, folder)
        engine = self._engine()
        rows = self._rows(features, self._readers(engine))
        folds = inner_folds(groups, self.inner_folds, self.seed)
        count = max(int(folds.max()) + 1, 1)
        self._middle = middle_and_spread(torch.from_numpy(target.astype(np.float32)))
        self._networks, self.epochs_ = [], []
        for number in range(self.seeds):
            held = (folds >= 0) & (folds == number % count)
            seed = 1000 * self.seed + number
            with reproducible(seed, engine.device, strict=engine.device == "cpu"):
                network = self._network(folder, rows.numbers.shape[1]).to(engine.device)
                plan, middle = FineTuningPlan(**self.plan), self._middle
                best = fine_tune(network, rows, target, held, middle, plan, seed, engine)
            self._networks.append(network.cpu().requires_grad_(False))
            self.epochs_.append(best)

    def _score(self, features: FeatureSet) -> Floats:
        from podium.pricing.encoder_network import predict

        engine = self._engine(to_predict=True)
        rows = self._rows(features, self._readers(engine))
        scores = []
        for network in self._networks:
            scores.append(predict(network.to(engine.device), rows, self._middle, engine))
            network.cpu()
        return np.mean(scores, axis=0, dtype=np.float64)

    def _network(self, folder: Path, numbers: int) -> EncoderPriceNetwork:
        from podium.pricing.encoder_network import EncoderPriceNetwork, freeze

        encoder, model, width = self._encoder(folder)
        freeze(model, self.frozen_layers)
        return EncoderPriceNetwork(encoder, width, numbers, self.hidden)

    def _engine(self, to_predict: bool = False) -> Engine:
        """Where it computes; a fitted model predicts on the CPU where its device is not there."""
        from podium.pricing.encoder_network import Engine

        try:
            device = choose_device(self.device)
        except ValueError:
            if not to_predict:
                raise
            device = "cpu"
        threads = self.threads if device == "cpu" else 1
        return Engine(device, choose_precision(self.precision, device), threads)

    def _readers(self, engine: Engine) -> int:
        """Threads that read ahead: beside a GPU the cores have nothing else to do."""
        return engine.threads if engine.device == "cpu" else available_cores()
