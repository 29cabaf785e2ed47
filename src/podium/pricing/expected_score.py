"""What a test that holds copies of training rows will score, by rows that are held out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ScoredRows:
    """Training rows, priced without and (some of them) with their copies among the fitted rows.

    Attributes:
        errors: Contribution of each row to the score, its copies held out too, (rows,).
        groups: What the rows are drawn by, (rows,).
        copied: Whether a row has a copy, (rows,).
        changes: What the contribution of some row with a copy changes by once that copy is seen;
            NaN where it is not known, (rows,).
    """

    errors: Floats
    groups: NDArray[np.int64]
    copied: NDArray[np.bool_]
    changes: Floats

    def sums(self) -> Floats:
        """Sums and counts of each group: of all rows, of those with a copy, and of the changes.

        Returns:
            (groups, 6).
        """
        known = self.copied & np.isfinite(self.changes)
        columns = [
            self.errors,
            np.ones(len(self.errors)),
            np.where(self.copied, self.errors, 0.0),
            self.copied.astype(np.float64),
            np.where(known, self.changes, 0.0),
            known.astype(np.float64),
        ]
        numbers = np.unique(self.groups, return_inverse=True)[1].ravel()
        return np.column_stack([np.bincount(numbers, column) for column in columns])


@dataclass(frozen=True)
class ExpectedScore:
    """A statistic of `ScoredRows.sums`: the score of a test of which a share are copies.

    Rows without a copy score like all training rows with their copies held out; rows with one like
    training rows that have a copy, and that much better or worse as seeing it makes them.

    Attributes:
        share: Of the test rows that are copies of training rows, 0 to 1.
    """

    share: float

    def __call__(self, means: Floats) -> Floats:
        """From mean sums (..., 6) to scores (...)."""
        every = means[..., 0] / means[..., 1]
        # A sample of few groups may hold no copy at all: it says nothing of them.
        of_copies = _ratio(means[..., 2], means[..., 3], every)
        change = _ratio(means[..., 4], means[..., 5], np.zeros_like(every))
        return np.asarray((1 - self.share) * every + self.share * (of_copies + change))


def _ratio(numerator: Floats, denominator: Floats, otherwise: Floats) -> Floats:
    return np.divide(numerator, denominator, out=np.array(otherwise), where=denominator > 0)
