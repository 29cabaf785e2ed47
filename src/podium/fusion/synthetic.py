"""Pairs of embeddings with a planted label: partly in the image, partly in the agreement.

Both vectors are read off a few hidden factors in a space that they share, as in models such as
CLIP (Radford et al. 2021). The label depends on one direction of the image's factors, which a
linear model on either vector finds, and on the product of image and text along some factors. That
product has no mean and no correlation with any single number, so that a linear model on both
vectors side by side sees nothing of it; it takes a model of their interaction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from podium.fusion.pairs import EmbeddingPairs

_NOISE = 0.1
_MODALITY_GAP = 0.15
_NEAR_COPY_NOISE = 0.002
_LOG_NORM_SPREAD = 0.15


@dataclass(frozen=True)
class SyntheticTask:
    """What to generate.

    Attributes:
        rows: Number of pairs.
        length: Numbers in each vector.
        factors: Hidden factors of image and of text.
        agreeing: Those whose product decides the label.
        image_signal: Weight of the direction of the image; 0 for a task of pure agreement.
        agreement_signal: Weight of the agreement; 0 for a task of the image alone.
        noise: Standard deviation of what is added to the score before it is cut; both signals
            have standard deviation 1 before they are weighted.
        label_noise: Share of the labels that are flipped.
        positive_share: Share of label 1 before labels are flipped.
        near_copies: Share of the rows that are near copies of another row, with its label.
    """

    rows: int
    length: int = 512
    factors: int = 16
    agreeing: int = 6
    image_signal: float = 1.0
    agreement_signal: float = 1.5
    noise: float = 0.3
    label_noise: float = 0.02
    positive_share: float = 0.35
    near_copies: float = 0.03


@dataclass(frozen=True)
class SyntheticPairs:
    """Generated rows.

    Attributes:
        pairs: The vectors; their norms lie around 10.
        labels: 0 or 1, int8, shape (n,).
        copy_of: Row that each near copy was made of, -1 elsewhere; shape (n,).
    """

    pairs: EmbeddingPairs
    labels: np.ndarray
    copy_of: np.ndarray


def generate_pairs(task: SyntheticTask, seed: int) -> SyntheticPairs:
    """Generate the rows of a task, in random order.

    Raises:
        ValueError: more agreeing factors than factors, or more factors than numbers.
    """
    if not 0 < task.agreeing <= task.factors <= task.length:
        raise ValueError("needs 0 < agreeing <= factors <= length")
    rng = np.random.default_rng([seed, 7])
    image_factors = rng.normal(size=(task.rows, task.factors))
    text_factors = rng.normal(size=(task.rows, task.factors))
    labels = _labels(task, image_factors, text_factors, rng)
    space = np.linalg.qr(rng.normal(size=(task.length, task.factors)))[0].T
    image = _vectors(image_factors, space, rng)
    text = _vectors(text_factors, space, rng)
    copy_of = _plant_copies(task, image, text, labels, rng)
    return SyntheticPairs(
        EmbeddingPairs(image.astype(np.float32), text.astype(np.float32)), labels, copy_of
    )


def _labels(
    task: SyntheticTask, image: np.ndarray, text: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    direction = rng.normal(size=task.factors)
    direction /= np.linalg.norm(direction)
    alone = np.einsum("nk,k->n", image, direction)
    products = image[:, : task.agreeing] * text[:, : task.agreeing]
    agreement = products.sum(axis=1) / np.sqrt(task.agreeing)
    score = task.image_signal * alone + task.agreement_signal * agreement
    score += task.noise * rng.normal(size=task.rows)
    labels = score > np.quantile(score, 1 - task.positive_share)
    return (labels ^ (rng.random(task.rows) < task.label_noise)).astype(np.int8)


def _vectors(factors: np.ndarray, space: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Factors in the shared space, a mean of the modality, noise, and norms that vary."""
    # einsum and not a BLAS product: its order of summation knows nothing of threads.
    vectors = np.einsum("nk,kd->nd", factors, space)
    vectors += _MODALITY_GAP * rng.normal(size=space.shape[1])
    vectors += _NOISE * rng.normal(size=vectors.shape)
    norms = 10 * np.exp(_LOG_NORM_SPREAD * rng.normal(size=(len(vectors), 1)))
    return vectors * (norms / np.linalg.norm(vectors, axis=1, keepdims=True))


def _plant_copies(
    task: SyntheticTask,
    image: np.ndarray,
    text: np.ndarray,
    labels: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Overwrite some rows with near copies of others."""
    copy_of = np.full(task.rows, -1)
    count = min(round(task.near_copies * task.rows), task.rows // 2)
    chosen = rng.permutation(task.rows)[: 2 * count]
    copies, originals = chosen[:count], chosen[count:]
    for vectors in (image, text):
        change = 1 + _NEAR_COPY_NOISE * rng.normal(size=(count, vectors.shape[1]))
        vectors[copies] = vectors[originals] * change
    labels[copies] = labels[originals]
    copy_of[copies] = originals
    return copy_of
