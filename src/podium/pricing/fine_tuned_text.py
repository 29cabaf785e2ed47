"""A pretrained text model that learns prices: fine-tuned for SMAPE, with the table beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from podium.common.arguments import above, one_of, several
from podium.common.checkpoint import find_checkpoint
from podium.common.devices import Precision, choose_device, choose_precision, reproducible
from podium.common.threads import available_cores
from podium.pricing.feature_set import FeatureSet
from podium.pricing.inner_groups import inner_folds
from podium.pricing.price_models import PriceModel
from podium.pricing.table_encoding import ScaledTable
from podium.pricing.text_checkpoint import TEXT_FILES, TextPooling, load_tokenizer
from podium.pricing.text_tokens import tokenise

if TYPE_CHECKING:
    from podium.pricing.text_network import Engine, TextPriceNetwork, TextRows

Floats = NDArray[np.float64]


class FineTunedTextPrice(PriceModel):
    """A text model of transformers with a head on its vector and the scaled table (torch).

    It reads `FeatureSet.texts`. The head begins as a ridge regression on the vectors of the model
    as it is; then all of it learns by the smooth SMAPE of the other models, with AdamW, linear
    warm-up and decay, and clipped gradients. Seed k stops early on inner fold k; the mean of the
    scores counts. The fitted model holds its weights and tokenizer, and needs the checkpoint no
    more. On a CPU the same seed gives the same bytes on any number of threads.

    Attributes:
        epochs_: Best pass of each seed; 0 where the ridge regression was best.
    """

    def __init__(
        self,
        model: str,
        pooling: TextPooling | Sequence[TextPooling] = "mean",
        max_length: int = 128,
        tail_length: int = 32,
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
            model: A local folder with config.json, tokenizer.json and safetensors, or a name on
                the Hugging Face hub.
            pooling: "cls" or "mean", or both.
            max_length: Most tokens of a text.
            tail_length: How many of them are kept of the end of a longer text.
            frozen_layers: The embeddings and so many of the first layers do not learn, which saves
                time; 0 lets all learn.
            seeds: Networks that are averaged.
            hidden: Units of the head.
            epochs: Most passes over the training rows; the learning rate falls to 0 over them.
            patience: Training ends after so many passes without a smaller loss.
            batch_size: Rows per step.
            learning_rate: Highest rate of the text model.
            head_learning_rate: Highest rate of the head.
            weight_decay: Of AdamW (Loshchilov and Hutter 2019).
            warm_up: Share of the steps in which the rates rise.
            dropout: Share of the head's inputs that is dropped while learning.
            smoothing: See `SmoothSmape`.
            inner_folds: Inner folds; the seeds take them in turn.
            precision: "auto" is mixed precision on a GPU and float32 on a CPU.
            device: "auto" for a GPU where there is one, else torch's name of it.
            revision: Branch, tag or commit on the hub.
            local_files_only: Never ask the network; a model that is not here is an error then.
            seed: Of the head's weights, order, dropout and inner folds.
            threads: Pieces of a batch computed at a time on a CPU, 0 for all cores.

        Raises:
            ValueError: for a value out of range.
        """
        self.model, self.revision, self.local_files_only = model, revision, local_files_only
        self.pooling: tuple[TextPooling, ...] = several("pooling", pooling, str)
        for name in self.pooling:
            one_of("pooling", name, TextPooling)
        self.max_length = int(above("max_length", max_length, 1))
        self.tail_length = int(above("tail_length", tail_length, -1, max_length - 1))
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
        }
        self.inner_folds = int(above("inner_folds", inner_folds, 1))
        self.precision = one_of("precision", precision, Precision)
        self.device = device
        self.seed = seed
        self.threads = int(above("threads", threads, -1)) or available_cores()

    def _fit(self, features: FeatureSet, target: Floats, groups: NDArray[np.int64]) -> None:
        import torch

        from podium.pricing.price_network import middle_and_spread
        from podium.pricing.text_fine_tuning import TextPlan, fine_tune

        folder = find_checkpoint(self.model, TEXT_FILES, self.revision, self.local_files_only)
        self._tokenizer = load_tokenizer(folder)
        self._table = ScaledTable().fit(features.table)
        rows, engine = self._rows(features), self._engine()
        folds = inner_folds(groups, self.inner_folds, self.seed)
        count = max(int(folds.max()) + 1, 1)
        self._middle = middle_and_spread(torch.from_numpy(target.astype(np.float32)))
        self._networks, self.epochs_ = [], []
        for number in range(self.seeds):
            held = (folds >= 0) & (folds == number % count)
            seed = 1000 * self.seed + number
            with reproducible(seed, engine.device, strict=engine.device == "cpu"):
                network = self._network(folder, rows.numbers.shape[1]).to(engine.device)
                plan, middle = TextPlan(**self.plan), self._middle
                best = fine_tune(network, rows, target, held, middle, plan, seed, engine)
            self._networks.append(network.cpu().requires_grad_(False))
            self.epochs_.append(best)

    def _score(self, features: FeatureSet) -> Floats:
        from podium.pricing.text_network import predict

        rows, engine = self._rows(features), self._engine(to_predict=True)
        scores = []
        for network in self._networks:
            scores.append(predict(network.to(engine.device), rows, self._middle, engine))
            network.cpu()
        return np.mean(scores, axis=0, dtype=np.float64)

    def _rows(self, features: FeatureSet) -> TextRows:
        from podium.pricing.text_network import TextRows

        if features.texts is None:
            raise ValueError("a fine-tuned text model reads the texts, and FeatureSet has none")
        tokens = tokenise(
            self._tokenizer, features.texts.tolist(), self.max_length, self.tail_length
        )
        return TextRows(tokens, self._table.transform(features.table))

    def _network(self, folder: Path, numbers: int) -> TextPriceNetwork:
        from podium.pricing.text_network import TextPriceNetwork, freeze
        from podium.pricing.text_pooling import load_pooled_text

        pooled, width = load_pooled_text(folder, self._tokenizer, self.pooling, self.max_length)
        freeze(pooled.model, self.frozen_layers)
        return TextPriceNetwork(pooled, width, numbers, self.hidden)

    def _engine(self, to_predict: bool = False) -> Engine:
        """Where it computes; a fitted model predicts on the CPU where its device is not there."""
        from podium.pricing.text_network import Engine

        try:
            device = choose_device(self.device)
        except ValueError:
            if not to_predict:
                raise
            device = "cpu"
        threads = self.threads if device == "cpu" else 1
        return Engine(device, choose_precision(self.precision, device), threads)
