"""How strong each effect of a simulated visitor photo is, in one table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

Range = tuple[float, float]


@dataclass(frozen=True)
class PhotoSettings:
    """Ranges from which the properties of one photo are drawn, uniformly, and probabilities.

    Lengths called shares are shares of the photo's longest side. Light is linear, 1 being white.

    Attributes:
        tilt: Angle between the wall's normal and the line of sight, degrees.
        roll: Rotation of the camera about the line of sight, degrees, either way.
        distance: From the camera to the painting, in longest sides of the painting.
        fill: How much of the photo's tighter side a painting in full view takes.
        close_up: Probability that only a part of the painting is in the photo.
        visible: That part, as a share of the painting's area.
        framed: Probability of a frame.
        neighbour: Probability of a painting beside it, on either side.
        person: Probability of a person at the edge of the photo.
        glare_spots: Number of reflections.
        glare_peak: Light that a reflection adds at its centre; above 1 it saturates.
        glare_size: Radius of a reflection, share.
        glare_veil: Light that is added everywhere.
        shadow: Share of the light that is taken where the shadow is deepest.
        motion: Length of the camera's path during the exposure, share.
        defocus: Radius of the circle of confusion, share.
        exposure: Factor on all light.
        gamma: Exponent on the finished picture; above 1 dark parts get darker.
        warmth: Natural logarithm of the ratio of red to green and of green to blue.
        shot_noise: Variance of the noise per unit of light.
        read_noise: Standard deviation of the noise without light.
        size: Longest side of the finished photo, as a share of what was asked for.
        quality: JPEG quality, 1 to 100.
        sideways: Probability that the photo is turned by 90, 180 or 270 degrees.
    """

    tilt: Range = (0.0, 12.0)
    roll: Range = (0.0, 2.5)
    distance: Range = (1.3, 2.5)
    fill: Range = (0.85, 1.0)
    close_up: float = 0.4
    visible: Range = (0.88, 0.98)
    framed: float = 0.6
    neighbour: float = 0.1
    person: float = 0.02
    glare_spots: Range = (0.0, 0.0)
    glare_peak: Range = (0.0, 0.0)
    glare_size: Range = (0.0, 0.0)
    glare_veil: Range = (0.0, 0.01)
    shadow: Range = (0.0, 0.12)
    motion: Range = (0.0, 0.002)
    defocus: Range = (0.0, 0.0012)
    exposure: Range = (0.85, 1.15)
    gamma: Range = (0.95, 1.05)
    warmth: Range = (-0.05, 0.09)
    shot_noise: Range = (1e-4, 3e-4)
    read_noise: Range = (0.001, 0.002)
    size: Range = (1.0, 1.0)
    quality: Range = (75.0, 92.0)
    sideways: float = 0.0


_ThreeStrengths = tuple[dict[str, Any], dict[str, Any], dict[str, Any]]

#: What each effect changes of the mild photo that `PhotoSettings()` describes, by strength.
_CHANGES: dict[str, _ThreeStrengths] = {
    "viewpoint": (
        dict(tilt=(10, 20), roll=(0, 5), fill=(0.75, 0.95), close_up=0.2, framed=0.8, person=0.04),
        dict(
            tilt=(20, 34),
            roll=(0, 8),
            distance=(1.1, 2.2),
            fill=(0.6, 0.92),
            close_up=0.2,
            framed=0.85,
            neighbour=0.25,
            person=0.1,
        ),
        dict(
            tilt=(34, 48),
            roll=(0, 14),
            distance=(0.9, 1.8),
            fill=(0.55, 0.9),
            close_up=0.2,
            framed=0.9,
            neighbour=0.4,
            person=0.2,
        ),
    ),
    "crop": (
        dict(close_up=1.0, visible=(0.7, 0.85)),
        dict(close_up=1.0, visible=(0.48, 0.7)),
        dict(close_up=1.0, visible=(0.28, 0.48)),
    ),
    "glare": (
        dict(glare_spots=(1, 2), glare_peak=(0.4, 0.8), glare_size=(0.04, 0.09)),
        dict(
            glare_spots=(2, 4),
            glare_peak=(0.7, 1.5),
            glare_size=(0.06, 0.11),
            glare_veil=(0.01, 0.04),
        ),
        dict(
            glare_spots=(3, 5),
            glare_peak=(1.0, 2.0),
            glare_size=(0.07, 0.15),
            glare_veil=(0.03, 0.1),
        ),
    ),
    "shadow": (dict(shadow=(0.35, 0.5)), dict(shadow=(0.55, 0.7)), dict(shadow=(0.75, 0.88))),
    "blur": (
        dict(motion=(0.006, 0.012), defocus=(0.001, 0.0025)),
        dict(motion=(0.012, 0.02), defocus=(0.002, 0.0045)),
        dict(motion=(0.02, 0.034), defocus=(0.004, 0.007)),
    ),
    "low_light": (
        dict(
            exposure=(0.45, 0.6),
            gamma=(1.0, 1.1),
            warmth=(-0.05, 0.18),
            shot_noise=(1e-3, 2e-3),
            read_noise=(0.003, 0.006),
            quality=(60, 80),
        ),
        dict(
            exposure=(0.28, 0.42),
            gamma=(1.0, 1.2),
            warmth=(-0.08, 0.28),
            shot_noise=(2e-3, 5e-3),
            read_noise=(0.005, 0.01),
            quality=(45, 65),
        ),
        dict(
            exposure=(0.15, 0.26),
            gamma=(1.05, 1.25),
            warmth=(-0.1, 0.38),
            shot_noise=(5e-3, 1e-2),
            read_noise=(0.008, 0.015),
            quality=(30, 50),
        ),
    ),
    "low_resolution": (
        dict(size=(0.62, 0.78), quality=(60, 80)),
        dict(size=(0.45, 0.6), quality=(45, 65)),
        dict(size=(0.28, 0.42), quality=(30, 50)),
    ),
}

#: In a mixed photo: the viewpoint always, and each of these with its probability.
_ALSO_IN_MIXED = {
    "crop": 0.35,
    "glare": 0.35,
    "shadow": 0.35,
    "blur": 0.35,
    "low_light": 0.3,
    "low_resolution": 0.3,
}
_SIDEWAYS_IN_MIXED = 0.12
_MIXED = "mixed"

EFFECTS = (*_CHANGES, _MIXED)
"""Names of the effects; `mixed` is all of them together, the closest to a real photo."""

STRENGTHS = (1, 2, 3)
"""Mild, typical, hard."""


def photo_settings(effect: str, strength: int, rng: np.random.Generator) -> PhotoSettings:
    """The settings of one photo; for `mixed` its parts and their strengths are drawn.

    Args:
        effect: One of `EFFECTS`.
        strength: One of `STRENGTHS`; in a mixed photo that of the viewpoint, and the most that
            any other part can have.
        rng: Used by `mixed` alone.

    Raises:
        ValueError: for another effect or strength.
    """
    if effect not in EFFECTS:
        raise ValueError(f"effect must be one of {', '.join(EFFECTS)}, got {effect!r}")
    if strength not in STRENGTHS:
        raise ValueError(f"strength must be 1, 2 or 3, got {strength!r}")
    if effect != _MIXED:
        return replace(PhotoSettings(), **_CHANGES[effect][strength - 1])
    changes = dict(_CHANGES["viewpoint"][strength - 1], sideways=_SIDEWAYS_IN_MIXED)
    for name, probability in _ALSO_IN_MIXED.items():
        part_of_it, part_strength = rng.random() < probability, int(rng.integers(1, strength + 1))
        if part_of_it:
            changes |= _CHANGES[name][part_strength - 1]
    return replace(PhotoSettings(), **changes)
