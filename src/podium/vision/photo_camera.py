"""What a camera does to a picture: blur, noise, tone, few pixels, JPEG.

Noise follows the Poissonian-Gaussian model of a sensor, variance a x + b (Foi et al. 2008,
"Practical Poissonian-Gaussian noise modeling and fitting for single-image raw-data"). Blur by a
disc and along a path, few pixels and JPEG follow the corruptions of Hendrycks and Dietterich (2019,
"Benchmarking neural network robustness to common corruptions and perturbations").
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from podium.vision.photo_geometry import resizing

if TYPE_CHECKING:
    from podium.vision.photo_settings import PhotoSettings

_LEAST_BLUR = 0.6  # px; below it a kernel is a point
_PATH_POINTS = 200
_CHROMA_NOISE = 0.5  # of the noise in light; coarser, as cameras smooth it
_SMALLEST_PHOTO = 128  # px; below it no painting is told from another


def to_linear(picture: np.ndarray) -> np.ndarray:
    """From uint8 to linear light in [0, 1], float32; a square stands for sRGB's curve."""
    import cv2

    table = (np.arange(256, dtype=np.float32) / 255) ** 2
    return cv2.LUT(picture, table)


def blur(light: np.ndarray, settings: PhotoSettings, rng: np.random.Generator) -> np.ndarray:
    """Shake and defocus as one convolution of linear light (H, W, 3)."""
    import cv2

    longest = max(light.shape)
    length, radius = (
        rng.uniform(*settings.motion) * longest,
        rng.uniform(*settings.defocus) * longest,
    )
    shake, disc = _path_kernel(length, rng), _disc_kernel(radius)
    if len(shake) == 1 and len(disc) == 1:
        return light
    margin = len(disc) // 2
    kernel = np.pad(shake, margin)
    kernel = cv2.filter2D(kernel, cv2.CV_32F, disc, borderType=cv2.BORDER_CONSTANT)
    return cv2.filter2D(light, cv2.CV_32F, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT)


def expose(
    light: np.ndarray, gains: np.ndarray, settings: PhotoSettings, rng: np.random.Generator
) -> np.ndarray:
    """From linear light (H, W, 3) to a picture with noise, uint8."""
    import cv2

    height, width = light.shape[:2]
    shot, read = rng.uniform(*settings.shot_noise), rng.uniform(*settings.read_noise)
    coarse = (-(-height // 2), -(-width // 2), 3)
    chroma = rng.standard_normal(coarse, np.float32) * np.float32(_CHROMA_NOISE)
    noise: np.ndarray = cv2.resize(chroma, (width, height), interpolation=cv2.INTER_LINEAR)
    noise += rng.standard_normal((height, width, 1), np.float32)
    light = np.maximum(light * gains, 0)
    noise *= cv2.sqrt(light * np.float32(shot) + np.float32(read**2))
    noise += light
    root = cv2.sqrt(np.clip(noise, 0, 1, out=noise))
    root *= 255
    picture = np.rint(root, out=root).astype(np.uint8)
    gamma = rng.uniform(*settings.gamma)
    table = np.rint(255 * (np.arange(256) / 255) ** gamma).astype(np.uint8)
    return cv2.LUT(picture, table)


def store(
    picture: np.ndarray, settings: PhotoSettings, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Reduce a picture, write it as JPEG and read it again.

    Returns:
        The picture, uint8, and the homography that its smaller size amounts to (3, 3).
    """
    import cv2

    height, width = picture.shape[:2]
    share = max(rng.uniform(*settings.size), min(_SMALLEST_PHOTO / max(height, width), 1))
    size = max(round(width * share), 1), max(round(height * share), 1)
    quality = round(rng.uniform(*settings.quality))
    if size != (width, height):
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    # Red and blue change places on the way in and out alike; JPEG must see the true order.
    swapped = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    _, coded = cv2.imencode(".jpg", swapped, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(coded, cv2.IMREAD_COLOR_RGB)
    return np.asarray(decoded), resizing(size[0] / width, size[1] / height)


def _path_kernel(length: float, rng: np.random.Generator) -> np.ndarray:
    """Weight of each place on a bent path of a hand, odd square, float32."""
    angle, bend = rng.uniform(0, 2 * math.pi), rng.normal(0, 0.3)
    if length < _LEAST_BLUR:
        return np.ones((1, 1), np.float32)
    along = np.linspace(-0.5, 0.5, _PATH_POINTS)
    across = bend * (along**2 - 1 / 12)
    x = (along * math.cos(angle) - across * math.sin(angle)) * length
    y = (along * math.sin(angle) + across * math.cos(angle)) * length
    half = math.ceil(max(np.abs(x).max(), np.abs(y).max()))
    edges = np.arange(-half - 0.5, half + 1)
    counts, _, _ = np.histogram2d(y, x, bins=(edges, edges))
    return (counts / counts.sum()).astype(np.float32)


def _disc_kernel(radius: float) -> np.ndarray:
    """A disc with a smooth edge, odd square, float32."""
    if radius < _LEAST_BLUR:
        return np.ones((1, 1), np.float32)
    half = math.ceil(radius)
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    disc = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1)
    return (disc / disc.sum()).astype(np.float32)
