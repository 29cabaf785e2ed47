"""The report of an Amazon run: axes in dollars, captions in words, intervals under one heading."""

import re
from html import unescape

import numpy as np
import pandas as pd
import pytest

from podium.common.leaderboard import Metric, build_leaderboard
from podium.pipelines.amazon import evaluation
from podium.pipelines.amazon.report import make_report

PARAMETERS = {"resamples": 200, "confidence": 0.9, "hardest_rows": 2}
ROWS = pd.DataFrame(
    {
        "sample_id": ["a", "b", "c"],
        "item_name": ["Tea", "Rice", "Oil"],
        "price": [2.0, 15.0, 120.0],
        "predicted": [4.0, 14.0, 60.0],
        "error": [66.7, 6.9, 66.7],
    }
)
BREAKDOWN = pd.DataFrame(
    [
        ("stack", "price_band", "below 10", 1, 66.7, 60.0, 70.0),
        ("stack", "price_band", "from 10", 2, 36.8, 6.9, 66.7),
        ("stack", "image", "real image", 3, 46.8, 6.9, 66.7),
        ("stack", "duplicates", "single listing", 3, 46.8, 6.9, 66.7),
    ],
    columns=["model", "by", "group", "rows", "score", "ci_low", "ci_high"],
)


@pytest.fixture(scope="module")
def leaderboard():
    errors = np.random.default_rng(0).random(50)
    models = pd.DataFrame({"model": ["best_constant", "stack"], "kind": ["baseline", "blend"]})
    errors = {"best_constant": errors, "stack": 0.7 * errors}
    return build_leaderboard(errors, models, metric=Metric(higher_is_better=False), resamples=200)


@pytest.fixture(scope="module")
def page(leaderboard):
    return make_report(
        leaderboard=leaderboard,
        stack_weights=pd.DataFrame({"model": ["ridge"], "weight": 1.0, "low": 0.9, "high": 1.0}),
        breakdown=BREAKDOWN,
        split_scores=pd.DataFrame(
            {"model": ["ridge"], "rows": [3], "grouped": [50.0], "naive": [48.0],
             "difference": [-2.0], "ci_low": [-3.0], "ci_high": [-0.5]}
        ),
        test_estimate=pd.DataFrame(),
        row_errors=ROWS,
        test_copies=pd.DataFrame({"test_id": ["t"]}),
        image_features=pd.DataFrame({"is_real": [True, True, False]}),
        parameters=PARAMETERS,
        model_log=leaderboard[["model", "kind"]],
        data_quality=pd.DataFrame(
            {"file": ["train.csv"], "check": ["rows"], "action": ["read"], "rows": [3],
             "share": [1.0], "example": [""]}
        ),
        quarantine=pd.DataFrame(columns=["file", "row", "reason"]),
        run={"data": "competition", "preset": "base"},
    )[0]  # fmt: skip


def test_predicted_and_true_prices_have_axes_in_dollars_and_a_diagonal(page):
    (chart,) = re.findall(r'<svg[^>]*aria-label="predicted price, \$ by true price, \$".*?</svg>',
                          page, re.DOTALL)  # fmt: skip
    assert 'aria-label="map"' not in page
    figures = re.findall(r'class="tick"[^>]*>([^<]+)<', chart)
    assert figures[::2] == figures[1::2] == ["2", "5", "10", "20", "50", "100"]
    assert ">price = prediction<" in chart
    assert len(re.findall(r'<circle class="main"[^>]* r="2.4"', chart)) == len(ROWS)


def test_the_plot_of_the_prices_has_the_same_axes():
    figure = evaluation.plot_errors(ROWS)
    points, diagonal = figure.data
    assert (list(points.x), list(points.y)) == ([2, 15, 120], [4, 14, 60])
    assert diagonal.name == "price = prediction"
    assert figure.layout.xaxis.title.text == "true price, $"
    assert figure.layout.yaxis.title.text == "predicted price, $"
    assert figure.layout.xaxis.type == figure.layout.yaxis.type == "log"


def test_the_parts_have_titles_in_words_in_the_plot_as_in_the_report(page, leaderboard):
    figure = evaluation.plot_breakdown(BREAKDOWN, leaderboard, PARAMETERS)
    titles = [each.text for each in figure.layout.annotations]
    assert titles == list(evaluation.BREAKDOWN_TITLES.values())
    assert set(evaluation.BREAKDOWN_TITLES) == set(evaluation.FACTS)
    for title in titles:
        assert f"<figcaption>{title}</figcaption>" in unescape(page)


def test_the_difference_of_the_splits_has_its_interval_in_one_column(page):
    table = re.split(r"<h2[^>]*>Can the score be trusted</h2>", page)[1].split("</table>", 1)[0]
    cells = re.findall(r"<t[hd][^>]*>\s*(.*?)\s*</t[hd]>", table, re.DOTALL)
    assert cells[4:6] == ["Naive less grouped", "90 % interval"]
    assert cells[-2:] == ["−2.0000", "−3.0000 to −0.5000"]
