"""Neural classifiers of pairs, small enough for some hundred rows, averaged over seeds."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from podium.common.devices import choose_device, reproducible
from podium.common.folds import FEWEST_FOLDS, feasible_folds, repeated_group_folds
from podium.fusion.classifiers import PairClassifier
from podium.fusion.pairs import EmbeddingPairs
from podium.fusion.views import PairView

if TYPE_CHECKING:
    from torch import nn

_MOST_INNER_FOLDS = 5
# Of the largest singular value: a direction without any strength would never learn.
_LEAST_STRENGTH = 0.02


class NetworkClassifier(PairClassifier):
    """What all networks share: their inputs, the inner folds, the seeds.

    Each side is brought to unit length, centred, reduced to its principal components and scaled.
    Seed k stops early on inner fold k, so that together the seeds have learned from every row. All
    seeds are trained at once, as one stack of weights.
    """

    def __init__(
        self,
        seeds: int = 4,
        components: int | float | None = 128,
        whiten: bool = False,
        dropout: float = 0.3,
        seed: int = 0,
        **plan: Any,
    ) -> None:
        """Declare the network.

        Args:
            seeds: Networks that are averaged.
            components: Principal components of each side; see `PairView`.
            whiten: Scale them to equal variance.
            dropout: Share of the units that is dropped while learning.
            seed: Of weights, order, dropout and inner folds.
            plan: Fields of `TrainingPlan`.
        """
        self.seeds = seeds
        self.dropout = dropout
        self.seed = seed
        self.plan = plan
        self.views = (
            PairView("image", components, whiten),
            PairView("text", components, whiten),
        )

    def _fit(
        self,
        pairs: EmbeddingPairs,
        labels: np.ndarray,
        groups: np.ndarray | None,
        weights: np.ndarray,
    ) -> None:
        from podium.fusion import network_training as training

        plan = training.TrainingPlan(**{**self._usual_plan(), **self.plan})
        device = choose_device(plan.device)
        image, text = (_unit_variance(view.fit_transform(pairs)) for view in self.views)
        validation = self._validation(labels, groups)
        with reproducible(self.seed, device):
            rows = training.to_rows(image, text, labels, weights, validation, device)
            model = self._network(image.shape[1], text.shape[1], len(labels))
            self._prepare(model, image, text, labels, validation)
            self._model = training.train(model.to(device), rows, plan, self._loss(), self.seed)
        self._remember(image, text, labels, weights)

    def _logit(self, pairs: EmbeddingPairs) -> np.ndarray:
        return self._outputs(*self._inputs(pairs)).mean(axis=0, dtype=np.float64)

    def _inputs(self, pairs: EmbeddingPairs) -> tuple[np.ndarray, np.ndarray]:
        image, text = (_unit_variance(view.transform(pairs)) for view in self.views)
        return image, text

    def _outputs(self, image: np.ndarray, text: np.ndarray) -> np.ndarray:
        from podium.fusion.network_training import outputs

        return outputs(self._model, image, text, self.seeds)

    def _validation(self, labels: np.ndarray, groups: np.ndarray | None) -> np.ndarray:
        """Rows on which each seed is judged, bool (seeds, n); none where no fold can be made."""
        count = feasible_folds(labels, groups, _MOST_INNER_FOLDS)
        if count < FEWEST_FOLDS:
            return np.zeros((self.seeds, len(labels)), bool)
        folds = repeated_group_folds(labels, groups, count, 1, self.seed)[0]
        return np.stack([folds == number % count for number in range(self.seeds)])

    @abstractmethod
    def _network(self, image: int, text: int, rows: int) -> nn.Module:
        """The stack of networks for sides of so many numbers, and so many training rows."""

    def _usual_plan(self) -> dict[str, Any]:
        """What differs from the defaults of `TrainingPlan`."""
        return {}

    def _loss(self) -> Any:
        from podium.fusion.network_training import logistic_loss

        return logistic_loss

    def _prepare(
        self,
        model: Any,
        image: np.ndarray,
        text: np.ndarray,
        labels: np.ndarray,
        validation: np.ndarray,
    ) -> None:
        """Set starting weights, where a network has better ones than random."""

    def _remember(
        self, image: np.ndarray, text: np.ndarray, labels: np.ndarray, weights: np.ndarray
    ) -> None:
        """Keep what prediction needs of the training rows."""


class EarlyFusionMLP(NetworkClassifier):
    """Both vectors as one input of a perceptron with two hidden layers."""

    def __init__(self, hidden: int = 128, seed: int = 0, **shared: Any) -> None:
        """Declare the network.

        Args:
            hidden: Units of the first layer; the second has half of them.
            seed: See `NetworkClassifier`, as the rest.
            shared: The rest.
        """
        super().__init__(seed=seed, **shared)
        self.hidden = hidden

    def _network(self, image: int, text: int, rows: int) -> nn.Module:
        from podium.fusion.network_layers import EarlyFusion

        return EarlyFusion(self.seeds, image, text, self.hidden, self.dropout)


class TwoTowerMLP(NetworkClassifier):
    """A perceptron for each side, put together late, and a head on top."""

    def __init__(
        self,
        combine: Literal["concatenation", "average"] = "concatenation",
        hidden: int = 128,
        seed: int = 0,
        **shared: Any,
    ) -> None:
        """Declare the network.

        Args:
            combine: How the towers' outputs meet.
            hidden: Units of a tower; its output has half of them.
            seed: See `NetworkClassifier`, as the rest.
            shared: The rest.

        Raises:
            ValueError: for another way to combine.
        """
        if combine not in ("concatenation", "average"):
            raise ValueError(f"combine must be concatenation or average, got {combine!r}")
        super().__init__(seed=seed, **shared)
        self.combine = combine
        self.hidden = hidden

    def _network(self, image: int, text: int, rows: int) -> nn.Module:
        from podium.fusion.network_layers import TwoTowers

        average = self.combine == "average"
        return TwoTowers(self.seeds, image, text, self.hidden, self.dropout, average)


class LowRankBilinearNetwork(NetworkClassifier):
    """Cross-fusion: a linear part for each side and a bilinear form of low rank.

    Low-rank bilinear pooling by the product of two projections (Kim et al. 2017, "Hadamard product
    for low-rank bilinear pooling"); products of projected CLIP features are what HateCLIPper
    (Kumar and Nandakumar 2022) gains by. From random weights some hundred rows do not find the
    form, so it starts at an estimate from the seed's own training rows: the strongest singular
    directions of the mean of (label - share) * i * t^T over standardised components, which is the
    least-squares form, their strength reduced by what noise alone would show.
    """

    def __init__(
        self,
        rank: int = 12,
        form_components: int | None = None,
        seed: int = 0,
        **shared: Any,
    ) -> None:
        """Declare the network.

        Args:
            rank: Of the bilinear form.
            form_components: Principal components of each side that the form looks at; by default
                the square root of twice the training rows: the form has their square in unknowns.
            seed: See `NetworkClassifier`, as the rest.
            shared: The rest.
        """
        super().__init__(seed=seed, **shared)
        self.rank = rank
        self.form_components = form_components

    def _network(self, image: int, text: int, rows: int) -> nn.Module:
        from podium.fusion.network_layers import LowRankBilinear

        width = self.form_components or math.ceil(math.sqrt(2 * rows))
        form = (min(image, width), min(text, width))
        rank = min(self.rank, *form)
        return LowRankBilinear(self.seeds, image, text, rank, form, self.dropout)

    def _prepare(
        self,
        model: Any,
        image: np.ndarray,
        text: np.ndarray,
        labels: np.ndarray,
        validation: np.ndarray,
    ) -> None:
        import torch

        starts = [self._start(model, image, text, labels, ~held) for held in validation]
        model.start_at(
            *(
                torch.from_numpy(np.stack(parts).astype(np.float32))
                for parts in zip(*starts, strict=True)
            )
        )

    def _usual_plan(self) -> dict[str, Any]:
        return {"weight_decay": 0.3}

    def _start(
        self, model: Any, image: np.ndarray, text: np.ndarray, labels: np.ndarray, rows: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        """Directions of the form, their strength, and the linear part, for one seed."""
        rank = model.left.weight.shape[2]
        excess = (labels[rows] - labels[rows].mean()).astype(np.float32)[:, None] / rows.sum()
        linear = np.hstack([image[rows], text[rows]]).T @ excess
        sides = [image[rows, : model.form[0]], text[rows, : model.form[1]]]
        scales = [1 / np.maximum(side.std(axis=0), 1e-3) for side in sides]
        one, other = (side * scale for side, scale in zip(sides, scales, strict=True))
        left, strength, right = np.linalg.svd((one * excess).T @ other, full_matrices=False)
        # What the largest singular value is where the sides say nothing (Marchenko and Pastur).
        noise = labels.std() * sum(map(math.sqrt, model.form)) / math.sqrt(rows.sum())
        kept = np.maximum(strength[:rank] - noise, _LEAST_STRENGTH * strength[0])
        return (
            left[:, :rank] * scales[0][:, None],
            right[:rank].T * scales[1][:, None],
            kept,
            linear[:, 0],
        )


def _unit_variance(features: np.ndarray) -> np.ndarray:
    """From a mean squared row norm of 1 to a mean square of 1 per number."""
    return features * np.float32(np.sqrt(features.shape[1]))
