import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from podium.common.charts import Mark, bar_chart, histogram, interval_chart, line_chart
from podium.common.leaderboard import Metric, build_leaderboard
from podium.common.report import (
    Column,
    Figure,
    Report,
    Section,
    data_quality_section,
    facts_section,
    interval_column,
    leaderboard_section,
    make_table,
    render_report,
)
from podium.common.report_formats import (
    in_quarantine,
    percent,
    score,
    seconds,
    signed,
    span,
    text,
    whole,
)
from podium.common.verdict import comparison_figures, verdict

GENERATOR = np.random.default_rng(0)
ERRORS = GENERATOR.random(200)


def board(**factors):
    """A leaderboard of errors (lower is better), as SMAPE has them."""
    kinds = {"median": "baseline", "ridge": "ranker", "boost": "blend"}
    models = pd.DataFrame({"model": list(factors), "kind": [kinds[name] for name in factors]})
    return build_leaderboard(
        {name: ERRORS * factor for name, factor in factors.items()},
        models,
        metric=Metric(higher_is_better=False),
    )


class Checker(HTMLParser):
    """Fails on tags that do not close, and collects the text."""

    void = {"meta", "line", "circle", "rect", "polyline", "br"}

    def __init__(self):
        super().__init__()
        self.open, self.words = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.void:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def render(data="competition", **changes):
    leaderboard = board(median=1.0, boost=0.7, ridge=0.8)
    left = pd.DataFrame({"model": ["deep"], "kind": ["ranker"], "note": ["time budget"]})
    values = {
        "title": "Price & <b>value</b>",
        "data": data,
        "preset": "best",
        "verdict": verdict(leaderboard),
        "figures": (Figure("SMAPE", "0.35", "95 % interval"),),
        "sections": (
            leaderboard_section(leaderboard, left, "SMAPE (lower is better)"),
            facts_section("This run", {"seed": 1, "time_budget": None}),
            Section("Empty"),
        ),
    }
    return render_report(Report(**{**values, **changes}))


def test_the_page_is_well_formed_and_escapes_what_it_is_given():
    checker = Checker()
    checker.feed(render())
    assert checker.open == []
    words = " ".join(checker.words)
    assert "Price & <b>value</b>" in words
    assert "deep" in words and "time budget" in words and "SMAPE (lower is better)" in words


def test_sample_data_are_said_loudly_and_only_then():
    assert "SAMPLE DATA" in render("sample")
    assert "SAMPLE DATA" not in render()


def test_the_page_is_the_same_each_time_and_needs_nothing_from_outside():
    page = render()
    assert page == render()
    assert not re.search(r"https?://|<script|<link|<img|url\(", page)
    assert "prefers-color-scheme: dark" in page and "@media print" in page


def test_the_verdict_says_how_sure_it_is():
    sure = verdict(board(median=1.0, boost=0.7))
    assert "boost scores" in sure and "one side of zero" in sure and "a gain of +" in sure
    assert "(+30.0 %), paired interval +" in sure
    noise = ERRORS * 0.999 + GENERATOR.normal(0, 0.1, 200)
    models = pd.DataFrame({"model": ["median", "lucky"], "kind": ["baseline", "ranker"]})
    unsure = build_leaderboard({"median": ERRORS, "lucky": noise}, models)
    assert "may be chance" in verdict(unsure, "lucky")
    assert "No model beats" in verdict(board(median=1.0, boost=1.2), "median")


def test_the_verdict_calls_a_gain_below_zero_a_loss():
    """The errors grow by a fifth."""
    words = verdict(board(median=1.0, boost=1.2), "boost")
    assert f": a loss of {0.2 * ERRORS.mean():.4f} (−20.0 %), " in words
    assert "paired interval of the gain −" in words and "a gain of" not in words
    assert "one side of zero" in words


def test_the_verdict_on_a_baseline_that_is_chosen_names_the_model_that_beats_it():
    words = verdict(board(median=1.0, boost=0.7, ridge=0.8), "median")
    low, best = (f"{factor * ERRORS.mean():.4f}" for factor in (1.0, 0.7))
    assert words.startswith(
        f"The submission is made by median, itself the best baseline, at {low}; boost scores "
        f"{best}: a gain of +{0.3 * ERRORS.mean():.4f} (+30.0 %), paired interval +"
    )
    assert "No model beats" not in words
    best_of_all = verdict(board(median=1.0, boost=1.2), "median")
    assert best_of_all == f"No model beats the best baseline, median, at {low}."


@pytest.mark.parametrize(("factor", "gain", "sign"), [(0.7, "+30.0 %", "+"), (1.2, "−20.0 %", "−")])
def test_the_headline_s_gain_is_above_zero_where_the_errors_fall(factor, gain, sign):
    figure = comparison_figures(board(median=1.0, boost=factor), "boost")[-1]
    assert (figure.label, figure.value) == ("Gain over it", gain)
    low, high = figure.note.removeprefix("paired interval ").split(" to ")
    assert low[0] == high[0] == sign
    assert float(low.replace("−", "-")) < float(high.replace("−", "-"))


def test_the_row_of_the_submission_is_set_off_and_baselines_have_no_gap_to_themselves():
    leaderboard = board(median=1.0, boost=0.7, ridge=0.8)
    none = pd.DataFrame(columns=["model", "kind", "note"])
    section = leaderboard_section(leaderboard, none, "SMAPE", chosen="ridge")
    table = section.blocks[1]
    assert [row[0] for row in table.rows] == ["boost", "ridge", "median"]
    assert table.strong == 1
    assert table.rows[2][4:6] == ("–", "–")
    # Errors that fall are a gain.
    assert table.rows[0][4].startswith("+") and table.rows[0][5].startswith("+")
    assert "No model was left out." in section.paragraphs


def test_quarantine_and_checks_are_counted():
    quality = pd.DataFrame(
        {
            "file": ["a.csv"],
            "check": ["time"],
            "action": ["dropped"],
            "rows": [1200],
            "share": [0.5],
        }
    )
    aside = pd.DataFrame({"file": ["a.csv"], "reason": ["bad"], "rows": [3], "first_row": [8]})
    section = data_quality_section(quality, aside)
    (paragraph,) = section.paragraphs
    assert "dropped as an exact copy" in paragraph and "3 rows are in quarantine." in paragraph
    assert section.blocks[0].rows == (("a.csv", "time", "dropped", "1,200", "50.0 %"),)
    assert section.blocks[1].rows == (("a.csv", "bad", "3", "8"),)
    nothing = data_quality_section(quality, aside.iloc[:0])
    assert len(nothing.blocks) == 1 and "No row is in quarantine." in nothing.paragraphs[0]
    one = data_quality_section(quality, aside.assign(rows=1))
    assert "1 row is in quarantine." in one.paragraphs[0]


def test_a_table_leaves_out_columns_that_are_not_there():
    table = make_table(
        pd.DataFrame({"a": [1.5]}), [Column("a", "A", score), Column("b", "B", score)]
    )
    assert table.headings == (("A", True),) and table.rows == (("1.5000",),)


@pytest.mark.parametrize(
    ("confidence", "heading"), [(0.95, "95 % interval"), (0.9, "90 % interval"), (None, "Interval")]
)
def test_an_interval_is_one_column_with_its_confidence_above(confidence, heading):
    rows = pd.DataFrame({"auc_low": [0.25, -0.5], "auc_high": [0.5, float("nan")]})
    table = make_table(rows, [interval_column(confidence, "auc_low", "auc_high", signed)])
    assert table.headings == ((heading, True),)
    assert table.rows == (("+0.2500 to +0.5000",), ("−0.5000 to –",))
    assert make_table(rows, [interval_column(confidence)]).headings == ()


def test_the_intervals_of_the_leaderboard_have_their_confidence_above():
    leaderboard = board(median=1.0, boost=0.7)
    none = pd.DataFrame(columns=["model", "kind", "note"])
    section = leaderboard_section(leaderboard, none, "SMAPE", confidence=0.8)
    table = section.blocks[1]
    assert table.headings[3] == ("80 % interval", True)
    row = leaderboard.iloc[0]
    assert table.rows[0][3] == f"{row['ci_low']:.4f} to {row['ci_high']:.4f}"


@pytest.mark.parametrize(
    ("shown", "wanted"),
    [
        (score(0.12345), "0.1235"),
        (score(float("nan")), "–"),
        (signed(-0.5), "−0.5000"),
        (percent(0.1234), "12.3 %"),
        (percent(0.00007), "0.007 %"),
        (percent(0), "0.0 %"),
        (seconds(0.26), "0.3"),
        (seconds(1234.5), "1,234"),
        (whole(float("nan")), "–"),
        (text(None), ""),
        (text(float("nan")), ""),
        (text("Ән"), "Ән"),
        (in_quarantine(0), "No row is in quarantine"),
        (in_quarantine(1), "1 row is in quarantine"),
        (in_quarantine(1200), "1,200 rows are in quarantine"),
    ],
)
def test_formats(shown, wanted):
    assert shown == wanted


def test_the_span_of_a_row_is_its_interval():
    assert span({"ci_low": 0.25, "ci_high": float("nan")}) == "interval 0.2500 to –"


def coordinates(svg, tag, name):
    return [float(value) for value in re.findall(rf'<{tag}[^>]* {name}="([-\d.]+)"', svg)]


def test_bars_are_as_long_as_their_values():
    widths = coordinates(
        bar_chart([Mark("a", 2.0), Mark("b", 1.0), Mark("c", 0.0)], "s"), "rect", "width"
    )
    assert widths[0] == pytest.approx(2 * widths[1], abs=0.2) and widths[2] == 0


def test_dots_lie_inside_their_intervals_and_the_page():
    svg = interval_chart([Mark("a", 0.5, 0.4, 0.7), Mark("b", 0.1, 0.0, 0.15)], "s", reference=0.1)
    dots = coordinates(svg, "circle", "cx")
    low = coordinates(svg, 'line class="whisker"', "x1")
    high = coordinates(svg, 'line class="whisker"', "x2")
    assert all(a < dot < b for a, dot, b in zip(low, dots, high, strict=True))
    assert min(low) >= 250 and max(high) <= 860 - 76
    assert coordinates(svg, 'line class="reference"', "x1")[0] == dots[1]


@pytest.mark.parametrize(
    "svg",
    [
        interval_chart([], "s"),
        interval_chart([Mark("only", 0.3)], "s"),
        interval_chart([Mark("nan", float("nan"), float("nan"), float("nan"))], "s"),
        bar_chart([], "s"),
        bar_chart([Mark("zero", 0.0)], "s"),
        line_chart({}, "x", "y"),
        line_chart({"main:flat": ([1, 2], [0, 0])}, "x", "y"),
        line_chart({"main:point": ([1], [5])}, "x", "y"),
        bar_chart([Mark('<"&>' * 30, 1e-9)], "s"),
    ],
)
def test_charts_survive_little_or_odd_data(svg):
    checker = Checker()
    checker.feed(svg)
    assert checker.open == [] and '<"' not in svg


def test_a_histogram_holds_everybody():
    outlines = histogram({"main:a": [0.0, 0.1, 0.9, 1.0]}, bins=4, upper=1.0)
    edges, shares = outlines["main:a"]
    assert shares[::2] == [50, 0, 0, 50] and shares[::2] == shares[1::2]
    assert edges[0] == 0 and edges[-1] == 1 and len(edges) == len(shares) == 8


def test_many_lines_have_keys_inside_the_chart_and_are_told_apart():
    lines = {f"encoder:model {number}": ([0, 1], [0, number]) for number in range(7)}
    chart = line_chart(lines, "k", "Hit@k")
    keys = [
        (float(x), float(y))
        for x, y in re.findall(r'key"[^>]*x1="([\d.]+)"[^>]*y1="([\d.]+)"', chart)
    ]
    assert len(set(keys)) == 7
    width, height = map(float, re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', chart).groups())
    assert all(x + 240 <= width and y < height for x, y in keys)
    highest = min(float(y) for y in re.findall(r'<line class="grid"[^>]*y1="([\d.]+)"', chart))
    assert max(y for _, y in keys) < highest
    assert len(set(re.findall(r"<polyline [^>]*stroke-dasharray=\"([^\"]+)", chart))) == 3
