"""Rows come out as they went in, however they came, and rounded to float32."""

import numpy as np
import pytest

from podium.fusion.growing_matrix import GrowingMatrix


@pytest.mark.parametrize("most_rows", [0, 10, 5000])
@pytest.mark.parametrize("counts", [[1], [1, 3, 2000], [1500, 1, 1, 1200, 7], [5000]])
def test_rows_and_blocks_in_any_order(most_rows, counts):
    rows = np.random.default_rng(0).normal(size=(sum(counts), 3))
    matrix = GrowingMatrix(3, most_rows)
    at = 0
    for count in counts:
        if count == 1:
            matrix.append(rows[at])
        else:
            matrix.extend(rows[at : at + count])
        at += count
    np.testing.assert_array_equal(matrix.finish(), rows.astype(np.float32))
