"""The last page of a run over all challenges: what came out, and where to read on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from kedro.pipeline import Pipeline, node

from podium.challenges import OVERVIEW
from podium.common.charts import Mark, interval_chart
from podium.common.report import render_page
from podium.common.report_formats import in_quarantine, signed_percent, whole


def overview_pipeline(challenges: Sequence[str]) -> Pipeline:
    """One node: from the summaries of the challenges to one page."""
    summaries = [f"{challenge}.summary" for challenge in challenges]
    return Pipeline(
        [
            node(
                write_overview,
                inputs=summaries,
                outputs=OVERVIEW,
                name="write_overview",
                namespace=OVERVIEW,
            )
        ]
    )


def write_overview(*summaries: dict[str, Any]) -> str:
    """Write the page.

    Args:
        summaries: One per challenge, see `podium.pipelines.reporting.ReportOutline.write`.
    """
    on_sample = [_short(entry) for entry in summaries if entry["data"] != "competition"]
    overview = {
        "title": f"Podium: {len(summaries)} challenges",
        "on_sample": on_sample,
        "chart": interval_chart([_gain(entry) for entry in summaries], "gain, %", reference=0.0),
        "entries": [_entry(entry, len(on_sample) == len(summaries)) for entry in summaries],
    }
    return render_page("overview.html", overview=overview)


def _short(summary: dict[str, Any]) -> str:
    return str(summary["title"]).split(":", 1)[0]


def _gain(summary: dict[str, Any]) -> Mark:
    """In percent of the baseline's score, above zero where the model is better."""
    sign = 1 if summary["higher_is_better"] else -1
    worth = 100 * sign / abs(summary["baseline"]["score"] or float("nan"))
    ends = sorted(worth * summary[name] for name in ("difference_low", "difference_high"))
    gain = worth * summary["difference"]
    return Mark(_short(summary), gain, ends[0], ends[1], "blend", signed_percent(gain / 100))


def _entry(summary: dict[str, Any], all_on_sample: bool) -> dict[str, Any]:
    challenge, on_sample = summary["challenge"], summary["data"] != "competition"
    # The page lies beside the reports, or above the sample's where another ran on real data.
    folder = "../sample/08_reporting/" if on_sample and not all_on_sample else ""
    return {
        **{name: summary[name] for name in ("challenge", "title", "preset", "verdict", "figures")},
        "data": "Sample data" if on_sample else "The competition's data",
        "set_aside": _set_aside(summary["quarantine"]),
        "left_out": _left_out(summary["left_out"]),
        "report": f"{folder}{challenge}/report.html",
        "submission": summary["submission"],
        "tracking": _tracking(summary),
    }


def _tracking(summary: dict[str, Any]) -> dict[str, Any]:
    """Link to the run that the numbers are from; empty where the summary does not know it.

    Runs may be tracked nowhere, and summaries of earlier versions say nothing of them.
    """
    run = summary.get("tracked_run") or {}
    if not run:
        return {}
    when = f"{datetime.fromisoformat(run['started']):%Y-%m-%d %H:%M} UTC"
    return {"name": run["name"], "link": run["link"], "local": run["local"], "when": when}


def _set_aside(quarantine: list[dict[str, Any]]) -> str:
    total = sum(row["rows"] for row in quarantine)
    if not total:
        return f"{in_quarantine(total)}."
    most = "; ".join(
        f"{row['file']}: {row['reason']} ({whole(row['rows'])})" for row in quarantine[:3]
    )
    more = f"; and {len(quarantine) - 3} more reasons" if len(quarantine) > 3 else ""  # noqa: PLR2004
    return f"{in_quarantine(total)}: {most}{more}."


def _left_out(models: list[dict[str, Any]]) -> str:
    if not models:
        return "No model was left out."
    return "Left out: " + "; ".join(f"{row['model']} ({row['note']})" for row in models) + "."
