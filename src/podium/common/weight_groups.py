"""Weights of a network in groups of their own rate and decay.

Import this module inside functions only: it loads torch.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

_NO_DECAY_BELOW = 2  # dimensions: biases and the weights of norms


def weight_groups(
    parts: Sequence[tuple[nn.Module, float]], weight_decay: float
) -> list[dict[str, object]]:
    """Parameter groups of an optimizer of torch.

    Args:
        parts: Modules and their highest learning rates; weights that do not learn are left out.
        weight_decay: Of all weights but biases and those of norms.
    """
    groups: list[dict[str, object]] = []
    for part, rate in parts:
        for decayed in (True, False):
            chosen = [
                weight
                for weight in part.parameters()
                if weight.requires_grad and (weight.dim() >= _NO_DECAY_BELOW) == decayed
            ]
            decay = weight_decay if decayed else 0.0
            groups.append({"params": chosen, "lr": rate, "weight_decay": decay})
    return groups
