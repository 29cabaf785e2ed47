"""Supervised-contrastive projection with a vote of the nearest neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from podium.fusion.networks import NetworkClassifier
from podium.fusion.pairs import EmbeddingPairs

if TYPE_CHECKING:
    from torch import Tensor, nn


class ContrastiveNeighbours(NetworkClassifier):
    """Rows of a class are drawn together on a sphere; new rows ask their neighbours there.

    Projection by supervised contrastive loss (Khosla et al. 2020, L_out) of both sides and their
    products. The vote is the softmax over the nearest training rows, at the loss's temperature,
    with one pseudo-vote shared out by the classes' frequencies.
    """

    def __init__(
        self,
        hidden: int = 64,
        outputs: int = 32,
        neighbours: int = 32,
        temperature: float = 0.1,
        seed: int = 0,
        **shared: Any,
    ) -> None:
        """Declare the model.

        Args:
            hidden: Numbers that each side is projected to before the products.
            outputs: Dimension of the sphere's space.
            neighbours: Training rows that vote.
            temperature: Of loss and vote.
            seed: See `NetworkClassifier`, as the rest.
            shared: The rest.
        """
        super().__init__(seed=seed, **shared)
        self.hidden = hidden
        self.outputs = outputs
        self.neighbours = neighbours
        self.temperature = temperature

    def _network(self, image: int, text: int, rows: int) -> nn.Module:
        from podium.fusion.network_layers import Projection

        return Projection(self.seeds, image, text, self.hidden, self.outputs, self.dropout)

    def _usual_plan(self) -> dict[str, Any]:
        return {"validation_rows": 512}  # the loss grows with their square

    def _loss(self) -> Any:
        return _ContrastiveLoss(self.temperature)

    def _remember(
        self, image: np.ndarray, text: np.ndarray, labels: np.ndarray, weights: np.ndarray
    ) -> None:
        self._points = self._outputs(image, text)
        self._mass = np.stack([weights * (labels == label) for label in (0, 1)], axis=1)
        self._prior = self._mass.sum(axis=0) / self._mass.sum()

    def _logit(self, pairs: EmbeddingPairs) -> np.ndarray:
        asked = self._outputs(*self._inputs(pairs))
        seeds = zip(asked, self._points, strict=True)
        return np.mean([self._vote(rows, points) for rows, points in seeds], axis=0)

    def _vote(self, rows: np.ndarray, points: np.ndarray) -> np.ndarray:
        """Log-odds of class 1 among the nearest training rows, float64, shape (n,)."""
        count = min(self.neighbours, len(points))
        votes = np.empty((len(rows), 2))
        for start in range(0, len(rows), 1024):
            near = rows[start : start + 1024] @ points.T
            nearest = np.argpartition(-near, count - 1, axis=1)[:, :count]
            closeness = np.take_along_axis(near, nearest, axis=1).astype(np.float64)
            # Relative to the closest, so that distance from all alike does not mute the vote.
            closeness -= closeness.max(axis=1, keepdims=True)
            strength = np.exp(closeness / self.temperature)
            votes[start : start + 1024] = np.einsum("nk,nkc->nc", strength, self._mass[nearest])
        votes += self._prior
        return np.log(votes[:, 1]) - np.log(votes[:, 0])


class _ContrastiveLoss:
    """Mean over anchors of -log softmax of their own class's rows, per seed."""

    def __init__(self, temperature: float) -> None:
        self.temperature = temperature

    def __call__(self, points: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
        import torch

        near = points @ points.transpose(1, 2) / self.temperature
        alone = torch.eye(near.shape[1], dtype=torch.bool, device=near.device)
        absent = (weights == 0).unsqueeze(1) | alone
        logs = near - near.masked_fill(absent, -1e9).logsumexp(dim=2, keepdim=True)
        same = (labels.unsqueeze(1) == labels.unsqueeze(2)) & ~absent
        pull = same * weights.unsqueeze(1)
        own = (logs * pull).sum(dim=2) / pull.sum(dim=2).clamp_min(1e-9)
        anchored = weights * same.any(dim=2)
        return -(own * anchored).sum(dim=1) / anchored.sum(dim=1).clamp_min(1e-9)
