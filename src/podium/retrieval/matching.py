"""Whether two images show one plane: descriptor matches, and a homography that explains them.

Ratio test: Lowe 2004. MAGSAC++: Barath et al., "MAGSAC++, a fast, reliable and accurate robust
estimator", CVPR 2020, by OpenCV (USAC).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from podium.retrieval.local_features import LocalFeatures, unit_descriptors

_HOMOGRAPHY_POINTS = 4


@dataclass(frozen=True)
class MatchingRules:
    """When descriptors match, and when a homography explains the matches.

    Attributes:
        ratio: Distance to the nearest descriptor over that to the second, at most.
        fewest_matches: Fewer are not worth a homography.
        error: Reprojection error of an inlier, in pixels.
        most_iterations: Of MAGSAC.
        largest_scale: A homography that enlarges or shrinks a length by more is not believed.
    """

    ratio: float = 0.85
    fewest_matches: int = 8
    error: float = 5.0
    most_iterations: int = 2000
    largest_scale: float = 12.0


def match_descriptors(
    first: LocalFeatures, second: LocalFeatures, ratio: float
) -> NDArray[np.int64]:
    """Matches that pass the ratio test, at most one for each keypoint of either image.

    Returns:
        Numbers of the keypoints in the first and in the second image, (matches, 2).
    """
    if len(first) == 0 or len(second) < 2:  # noqa: PLR2004
        return np.empty((0, 2), dtype="int64")
    cosines = unit_descriptors(first.descriptors) @ unit_descriptors(second.descriptors).T
    rows = np.arange(len(first))
    found = cosines.argmax(axis=1)
    # Squared distances of unit vectors; the second nearest is the nearest of the others.
    squares = 2 - 2 * cosines[rows, found]
    cosines[rows, found] = -np.inf
    kept = np.flatnonzero(squares < ratio**2 * (2 - 2 * cosines.max(axis=1)))
    # The closest match of each keypoint of the second image.
    order = kept[np.argsort(squares[kept], kind="stable")]
    _, unique = np.unique(found[order], return_index=True)
    best = np.sort(order[unique])
    return np.stack([best, found[best]], axis=1)


def count_inliers(
    first: LocalFeatures, second: LocalFeatures, rules: MatchingRules | None = None
) -> int:
    """Matches that one believable homography explains; 0 where there is none."""
    rules = rules or MatchingRules()
    matches = match_descriptors(first, second, rules.ratio)
    if len(matches) < max(rules.fewest_matches, _HOMOGRAPHY_POINTS):
        return 0
    return len(fit_homography(first, second, matches, rules)[1])


def fit_homography(
    first: LocalFeatures, second: LocalFeatures, matches: NDArray[np.int64], rules: MatchingRules
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The homography from the first to the second image, and the matches that it explains.

    Returns:
        (3, 3), zeros where there is none, and the rows of `matches`. Keypoints that lie on one
        spot (SIFT gives several directions) count once.
    """
    import cv2

    none = np.zeros((3, 3)), np.empty((0, 2), dtype="int64")
    source = first.geometry[matches[:, 0], :2]
    target = second.geometry[matches[:, 1], :2]
    found, mask = cv2.findHomography(
        source,
        target,
        cv2.USAC_MAGSAC,
        rules.error,
        maxIters=rules.most_iterations,
        confidence=0.999,
    )
    if found is None:
        return none
    homography = np.asarray(found, dtype="float64")
    if not believable(homography, source[mask[:, 0] > 0], rules):
        return none
    inliers = np.flatnonzero(mask[:, 0])
    spots = np.unique(np.rint(source[inliers]), axis=0, return_index=True)[1]
    inliers = inliers[np.sort(spots)]
    spots = np.unique(np.rint(target[inliers]), axis=0, return_index=True)[1]
    return homography, matches[inliers[np.sort(spots)]]


def believable(
    homography: NDArray[np.float64], points: NDArray[np.float32], rules: MatchingRules
) -> bool:
    """Whether a photo could have been taken so: no mirror image, no collapse, no horizon between.

    Args:
        homography: (3, 3).
        points: Inliers of the first image, (points, 2).
        rules: The largest change of scale.
    """
    if len(points) == 0 or not np.isfinite(homography).all():
        return False
    depth = np.column_stack([points, np.ones(len(points))]) @ homography[2]
    # The determinant of the Jacobian is the local change of area; negative in a mirror image and
    # beyond the horizon.
    with np.errstate(divide="ignore", invalid="ignore"):
        area = np.linalg.det(homography) / depth**3
    low, high = rules.largest_scale**-2, rules.largest_scale**2
    return bool(area.min() > low and area.max() < high)
