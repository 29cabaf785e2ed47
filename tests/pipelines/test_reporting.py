import json
import re

import numpy as np
import pandas as pd
import pytest

from podium.common.leaderboard import Metric, build_leaderboard
from podium.common.report import Section
from podium.pipelines.overview import write_overview
from podium.pipelines.reporting import ReportOutline

ERRORS = np.random.default_rng(0).random(200)
RUN = {"data": "sample", "preset": "fast", "submission": "data/07/submission.csv"}
QUARANTINE = pd.DataFrame(
    {"file": ["train.csv"] * 3, "row": [4, 2, 9], "reason": ["no price", "no price", "twice"]}
)


def outline(**changes):
    values = {
        "challenge": "prices",
        "title": "Prices: what does it cost",
        "metric": "SMAPE (%)",
        "unit": "SMAPE, % (0 to 200)",
        "how_to_read": ("At {confidence} confidence.",),
        "higher_is_better": False,
    }
    return ReportOutline(**{**values, **changes})


def board(factor=0.8):
    """Errors of a median and of a ridge that has a share of them; lower is better."""
    models = pd.DataFrame({"model": ["median", "ridge"], "kind": ["baseline", "regressor"]})
    errors = {"median": ERRORS, "ridge": factor * ERRORS}
    return build_leaderboard(errors, models, metric=Metric(higher_is_better=False), resamples=200)


def written(outline, **changes):
    notes = ["", "", "left out <for> time"]
    values = {
        "leaderboard": board(),
        "fit_log": pd.DataFrame(
            {
                "model": ["median", "ridge", "forest"],
                "kind": ["baseline", "regressor", "regressor"],
                "note": notes,
            }
        ),
        "data_quality": pd.DataFrame(
            {"file": ["train.csv"], "check": ["rows"], "action": ["read"], "rows": [200],
             "share": [1.0], "example": [""]}
        ),
        "quarantine": QUARANTINE,
        "run": RUN,
        "chosen": "ridge",
        "confidence": 0.9,
        "sections": (Section("Own section", ("Own words.",)),),
    }  # fmt: skip
    return outline.write(**{**values, **changes})


def test_the_page_holds_the_shared_sections_around_the_challenge_s_own():
    page, _ = written(outline())
    order = ["Leaderboard", "Own section", "Data quality", "How to read this", "This run"]
    places = [page.index(f">{title}</h2>") for title in order]
    assert places == sorted(places)
    for words in ("At 90 % confidence.", "left out &lt;for&gt; time", "SAMPLE", "no price"):
        assert words in page


def test_the_summary_says_what_the_page_says():
    page, summary = written(outline())
    leaderboard = board().set_index("model")
    assert summary["chosen"]["model"] == "ridge" and summary["baseline"]["model"] == "median"
    assert summary["chosen"]["score"] == leaderboard.at["ridge", "score"]
    assert summary["baseline"]["ci_high"] == leaderboard.at["median", "ci_high"]
    assert summary["difference"] == pytest.approx(-0.2 * ERRORS.mean())
    assert summary["verdict"] in page
    assert summary["quarantine"] == [
        {"file": "train.csv", "reason": "no price", "rows": 2},
        {"file": "train.csv", "reason": "twice", "rows": 1},
    ]
    assert summary["left_out"] == [{"model": "forest", "note": "left out <for> time"}]
    assert {name: summary[name] for name in RUN} == RUN
    assert json.loads(json.dumps(summary)) == summary


def summaries(*kinds):
    return [
        written(outline(challenge=f"c{n}", title=f"C{n}: a question"), run={**RUN, "data": kind})[1]
        for n, kind in enumerate(kinds)
    ]


def test_the_overview_shows_every_challenge_and_links_to_its_report():
    tracked = {"name": "all <of it>", "link": "http://127.0.0.1:5000/#/e/1/runs/2", "local": True}
    page = write_overview(tracked, *summaries("competition", "sample"))
    assert 'href="http://127.0.0.1:5000/#/e/1/runs/2">all &lt;of it&gt;</a>' in page
    assert "make ui" in page
    # The page lies in data/08_reporting; the sample's reports have a tree of their own.
    assert 'href="c0/report.html"' in page
    assert 'href="../sample/08_reporting/c1/report.html"' in page
    assert "<strong>SAMPLE DATA.</strong> C1:" in page
    assert "3 rows are in quarantine: train.csv: no price (2); train.csv: twice (1)." in page
    assert "Left out: forest (left out &lt;for&gt; time)." in page
    assert "2 challenges" in page


def test_on_sample_data_alone_the_overview_lies_beside_the_reports():
    page = write_overview({}, *summaries("sample", "sample"))
    assert 'href="c0/report.html"' in page and "../sample" not in page
    assert "This run was not tracked in MLflow." in page and "make ui" not in page


def test_a_gain_is_right_of_zero_whether_scores_or_errors_count():
    """The errors fall by a fifth: a gain of 20 %, were they scores a loss."""
    error = summaries("sample")[0]
    page = write_overview({}, error, {**error, "higher_is_better": True, "title": "S: a score"})
    shown = re.findall(r'<text class="value"[^>]*>([^<]+)</text>', page)
    assert shown == ["+20.0 %", "−20.0 %"]
    dots = [float(x) for x in re.findall(r'<circle class="blend" cx="([\d.]+)"', page)]
    (zero,) = (float(x) for x in re.findall(r'<line class="reference" x1="([\d.]+)"', page))
    assert dots[0] > zero > dots[1]
