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
        "model_log": pd.DataFrame(
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
    for words in (
        "At 90 % confidence.",
        ">90 % interval<",
        "left out &lt;for&gt; time",
        "SAMPLE",
        "no price",
    ):
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
    page = write_overview(*summaries("competition", "sample"))
    # The page lies in data/08_reporting; the sample's reports have a tree of their own.
    assert 'href="c0/report.html"' in page
    assert 'href="../sample/08_reporting/c1/report.html"' in page
    assert "<strong>SAMPLE DATA.</strong> C1:" in page
    assert "3 rows are in quarantine: train.csv: no price (2); train.csv: twice (1)." in page
    assert "Left out: forest (left out &lt;for&gt; time)." in page
    assert "2 challenges" in page


def test_on_sample_data_alone_the_overview_lies_beside_the_reports():
    page = write_overview(*summaries("sample", "sample"))
    assert 'href="c0/report.html"' in page and "../sample" not in page


def tracked(number, **changes):
    run = {
        "name": f"run <{number}>",
        "run_id": f"r{number}",
        "link": f"http://127.0.0.1:5000/#/experiments/1/runs/r{number}",
        "local": True,
        "started": "2026-03-04T05:06:07+00:00",
    }
    return {**run, **changes}


def test_the_summary_holds_the_run_that_made_it():
    assert written(outline(), tracked_run=tracked(1))[1]["tracked_run"] == tracked(1)
    assert written(outline())[1]["tracked_run"] == {}


def test_the_overview_links_each_challenge_to_the_run_of_its_numbers():
    first, second, third = summaries("sample", "sample", "sample")
    runs = (tracked(1), tracked(2, local=False))
    made = [{**entry, "tracked_run": run} for entry, run in zip((first, second), runs, strict=True)]
    del third["tracked_run"]  # as an earlier version wrote it
    parts = write_overview(*made, third).split("<section>")
    assert "http" not in parts[0]
    for part, run in zip(parts[1:3], runs, strict=True):
        assert re.findall(r'href="(http[^"]*)"', part) == [run["link"]]
    assert ">run &lt;1&gt;</a>, 2026-03-04 05:06 UTC" in parts[1] and "make ui" in parts[1]
    assert ">run &lt;2&gt;</a>, 2026-03-04 05:06 UTC</p>" in parts[2] and "make ui" not in parts[2]
    assert "http" not in parts[3] and "Report</a>" in parts[3]


def test_chart_and_figures_of_the_overview_say_the_same_gain():
    """SMAPE falls by a fifth."""
    page = write_overview(*summaries("sample"))
    assert re.findall(r'<text class="value"[^>]*>([^<]+)</text>', page) == ["+20.0 %"]
    assert re.search(r'Gain over it</div><div class="value">\+20.0 %</div>', page)
    assert "(+20.0 %)" in page and "−" not in page


def test_a_gain_is_right_of_zero_whether_scores_or_errors_count():
    """The errors fall by a fifth: a gain of 20 %, were they scores a loss."""
    error = summaries("sample")[0]
    page = write_overview(error, {**error, "higher_is_better": True, "title": "S: a score"})
    shown = re.findall(r'<text class="value"[^>]*>([^<]+)</text>', page)
    assert shown == ["+20.0 %", "−20.0 %"]
    dots = [float(x) for x in re.findall(r'<circle class="blend" cx="([\d.]+)"', page)]
    (zero,) = (float(x) for x in re.findall(r'<line class="reference" x1="([\d.]+)"', page))
    assert dots[0] > zero > dots[1]
