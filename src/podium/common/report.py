"""The report of a run: one HTML page without any outside file, to read, print and forward.

A report is a list of sections; a section is text, charts and tables. The sections that every
challenge has (leaderboard, data quality, the run) are made here, the rest by the challenge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from podium.common.charts import Mark, interval_chart
from podium.common.gains import with_gains
from podium.common.leaderboard import KINDS, best_baseline
from podium.common.report_formats import (
    Format,
    in_quarantine,
    percent,
    records,
    score,
    seconds,
    signed,
    spans,
    text,
    whole,
)


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        name: Of the frame's column that it shows.
        heading: What stands above it.
        show: How a value is shown.
        number: Whether it holds numbers.
        until: The frame's column of upper bounds, where it shows intervals.
    """

    name: str
    heading: str
    show: Format
    number: bool = True
    until: str | None = None


@dataclass(frozen=True)
class Table:
    """A table as text.

    Attributes:
        headings: Per column the heading and whether it holds numbers.
        rows: Cells as text.
        caption: What the table shows, with units.
        strong: Index of the row to set off, if any.
    """

    headings: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    strong: int | None = None
    is_table: bool = True


@dataclass(frozen=True)
class Chart:
    """A chart as inline SVG with its caption and the kinds that its colours stand for."""

    svg: str
    caption: str = ""
    keys: tuple[str, ...] = ()
    is_table: bool = False


@dataclass(frozen=True)
class Section:
    """A heading with paragraphs, then charts and tables."""

    title: str
    paragraphs: tuple[str, ...] = ()
    blocks: tuple[Table | Chart, ...] = ()


@dataclass(frozen=True)
class Figure:
    """A number of the headline with what it is and how sure it is."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Report:
    """All that a page shows.

    Attributes:
        title: Heading of the page.
        data: `competition` or `sample`; the latter is said loudly.
        preset: Name of the preset, such as `base`, `fast` or `best`.
        verdict: One or two sentences with the result.
        figures: Numbers of the headline.
        sections: The rest.
    """

    title: str
    data: str
    preset: str
    verdict: str
    figures: tuple[Figure, ...]
    sections: tuple[Section, ...]


def render_report(report: Report) -> str:
    """The page as HTML; everything that comes from data is escaped."""
    return render_page("report.html", report=report)


def render_page(template: str, **values: Any) -> str:
    """A page of the project's look from a template of `podium.common`, its values escaped."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("podium.common"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(values)


def make_table(
    frame: pd.DataFrame, columns: Sequence[Column], caption: str = "", strong: int | None = None
) -> Table:
    """A frame as a table; columns that it lacks are left out."""
    present = [column for column in columns if column.name in frame]
    cells = [
        [column.show(value) for value in frame[column.name]]
        if column.until is None
        else spans(frame[column.name], frame[column.until], column.show)
        for column in present
    ]
    headings = tuple((column.heading, column.number) for column in present)
    return Table(headings, tuple(zip(*cells, strict=True)), caption, strong)


def interval_column(
    confidence: float | None = None,
    low: str = "ci_low",
    high: str = "ci_high",
    show: Format = score,
) -> Column:
    """The interval of a score, headed alike in every table.

    Args:
        confidence: Of the interval, where it is known.
        low: The frame's column of lower bounds.
        high: Likewise of upper ones.
        show: How a bound is shown.
    """
    heading = "Interval" if confidence is None else f"{_confidence_text(confidence)} interval"
    return Column(low, heading, show, until=high)


def _confidence_text(confidence: float) -> str:
    return f"{100 * confidence:g} %"


def leaderboard_section(
    leaderboard: pd.DataFrame,
    left_out: pd.DataFrame,
    unit: str,
    readings: Sequence[Column] = (),
    chosen: str | None = None,
    confidence: float | None = None,
) -> Section:
    """Every model with its interval, what it cost, and what was left out.

    Args:
        leaderboard: As `podium.common.leaderboard.build_leaderboard` returns it.
        left_out: Models without a score: `model`, `kind`, `note`.
        unit: What the score measures.
        readings: Columns of other readings to show.
        chosen: Model that makes the submission; set off.
        confidence: Of the intervals, where it is known.
    """
    baseline = best_baseline(leaderboard)
    marks = [
        Mark(row["model"], row["score"], row["ci_low"], row["ci_high"], row["kind"])
        for row in records(leaderboard)
    ]
    reference = next(mark.value for mark in marks if mark.label == baseline)
    models = leaderboard["model"].tolist()
    strong = models.index(chosen) if chosen in models else 0
    name = Column("model", "Model", text, number=False)
    scores = [
        name,
        Column("kind", "Kind", text, number=False),
        Column("score", "Score", score),
        interval_column(confidence),
        Column("gap", "Gain over best baseline", text),
        Column("paired", "Paired interval", text),
        *readings,
    ]
    costs = [
        name,
        Column("fit_seconds", "Fit, s", seconds),
        Column("predict_seconds", "Predict, s", seconds),
        Column("peak_memory_mb", "Peak memory, MB", whole),
        Column("note", "Note", text, number=False),
    ]
    gains = with_gains(leaderboard)
    shown = leaderboard.assign(
        gap=gains["gain"].map(signed),
        paired=spans(gains["gain_low"], gains["gain_high"], signed),
    )
    shown.loc[shown["model"] == baseline, ["gap", "paired"]] = "–"
    kinds = tuple(kind for kind in KINDS if kind in set(leaderboard["kind"]))
    chart = interval_chart(marks, unit, reference)
    blocks: list[Table | Chart] = [
        Chart(chart, f"Dashed: the best baseline, {baseline}. Lines: bootstrap intervals.", kinds),
        make_table(shown, scores, "Scores; the model of the submission is set off", strong),
        make_table(shown, costs, "What each model cost", strong),
    ]
    missing = "No model was left out."
    if len(left_out):
        verb = "model was" if len(left_out) == 1 else "models were"
        missing = f"{len(left_out)} {verb} left out of this run, without a score (last table)."
        names = [Column(name, name.capitalize(), text, False) for name in map(str, left_out)]
        blocks.append(make_table(left_out, names, "Left out"))
    paragraphs = (
        "All models are scored on the same held-out units with the organiser's metric.",
        missing,
    )
    return Section("Leaderboard", paragraphs, tuple(blocks))


def data_quality_section(data_quality: pd.DataFrame, quarantine: pd.DataFrame) -> Section:
    """What was found in the raw files, and what was set aside.

    Args:
        data_quality: `file`, `check`, `action`, `rows`, `share`, `example`.
        quarantine: `file`, `reason`, `rows`, `first_row`: counts of the rows set aside.
    """
    checks = [
        Column("file", "File", text, False),
        Column("check", "Check", text, False),
        Column("action", "Action", text, False),
        Column("rows", "Rows", whole),
        Column("share", "Share", percent),
        Column("example", "Example", text, False),
    ]
    aside = [
        Column("file", "File", text, False),
        Column("reason", "Reason", text, False),
        Column("rows", "Rows", whole),
        Column("first_row", "First row", whole),
    ]
    total = int(quarantine["rows"].sum()) if len(quarantine) else 0
    paragraphs = (
        "Every row of the raw files is kept, sometimes repaired; dropped as an exact copy or a "
        f"blank row; or set aside with a reason. {in_quarantine(total)}.",
    )
    blocks = [make_table(data_quality, checks, caption="Checks of the raw files")]
    if total:
        blocks.append(
            make_table(quarantine, aside, caption="Quarantine (row 1 is the first record)")
        )
    return Section("Data quality", paragraphs, tuple(blocks))


def facts_section(title: str, facts: Mapping[str, Any], paragraphs: Sequence[str] = ()) -> Section:
    """Names and values, such as the preset, the seed and the place of the submission."""
    rows = tuple((name.replace("_", " "), text(value)) for name, value in facts.items())
    return Section(title, tuple(paragraphs), (Table((("", False), ("", False)), rows),))


def how_to_read_section(lines: Sequence[str], confidence: float) -> Section:
    """What the numbers mean; ``{confidence}`` in the lines is filled in."""
    shown = _confidence_text(confidence)
    return Section("How to read this", tuple(line.format(confidence=shown) for line in lines))
