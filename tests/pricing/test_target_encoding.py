"""Encodings worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from podium.pricing.target_encoding import Prior, TargetEncoding


def test_means_and_medians_are_shrunk_by_the_number_of_rows():
    encoding = TargetEncoding([("brand", "unit")], smoothing=2)
    known = pd.DataFrame({"brand": ["a", "a", "a", None], "unit": ["g", "g", "ml", "g"]})
    encoding.fit(known, np.array([1.0, 2.0, 6.0, 9.0]), Prior(4.0, 3.0))
    asked = pd.DataFrame({"brand": ["a", None, "z"], "unit": ["g", "ml", "g"]})
    columns = encoding.transform(asked)
    expected = {
        "log_price_of_brand": [(9 + 2 * 4) / 5, (9 + 2 * 4) / 3, 4],
        "log_price_median_of_brand": [(3 * 2 + 2 * 3) / 5, (9 + 2 * 3) / 3, 3],
        "log_rows_of_brand": np.log1p([3, 1, 0]),
        "log_price_of_brand_and_unit": [(3 + 2 * 4) / 4, 4, 4],
        "log_rows_of_brand_and_unit": np.log1p([2, 0, 0]),
    }
    for name, numbers in expected.items():
        assert columns[name] == pytest.approx(np.array(numbers, float)), name
    assert list(columns)[3:6] == [f"log_{of}_of_unit" for of in ("price", "price_median", "rows")]


def test_without_smoothing_levels_have_their_own_mean():
    encoding = TargetEncoding([], smoothing=0)
    encoding.fit(pd.DataFrame({"unit": ["g", "g"]}), np.array([1.0, 3.0]), Prior(9.0, 9.0))
    columns = encoding.transform(pd.DataFrame({"unit": ["g", "x"]}))
    assert columns["log_price_of_unit"].tolist() == [2, 9]
