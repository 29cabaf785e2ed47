"""What the reports of all challenges have in common, and the headline of a run as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict, Unpack

from podium.common import report
from podium.common.leaderboard import best_baseline, left_out
from podium.common.report import Column, Figure, Section
from podium.common.report_formats import records
from podium.common.verdict import comparison_figures, verdict
from podium.pipelines.shared import count_quarantine, submission_text

if TYPE_CHECKING:
    import ibis
    import pandas as pd


class SharedTables(TypedDict):
    """What every report shows alike; a challenge hands it on as it is.

    Attributes:
        model_log: All models, those left out included.
        data_quality: Counts of what was found in the raw files.
        quarantine: Rows that were set aside.
        run: Facts of the run: `data`, `preset`, `submission` (path).
        tracked_run: The run in MLflow, see `podium.tracked_run.TrackedRunDataset`; left out or
            empty where none tracks it.
    """

    model_log: pd.DataFrame
    data_quality: pd.DataFrame
    quarantine: pd.DataFrame | ibis.Table
    run: dict[str, Any]
    tracked_run: NotRequired[dict[str, Any]]


def shared_tables() -> dict[str, str]:
    """The inputs of a report that are alike in every challenge, by argument."""
    same = {name: name for name in ("model_log", "data_quality", "quarantine", "tracked_run")}
    return {**same, "run": "params:run"}


@dataclass(frozen=True)
class ReportOutline:
    """What a challenge says about its report, whatever the run.

    Attributes:
        challenge: Its name in the project.
        title: Heading of the page: the challenge, a colon, and its question.
        metric: Short name of the score, such as ``Macro F1``.
        unit: What the score measures, with its range.
        how_to_read: Paragraphs on what the numbers mean, see `how_to_read_section`.
        readings: Columns of other readings on the leaderboard.
        higher_is_better: False for errors such as SMAPE.
    """

    challenge: str
    title: str
    metric: str
    unit: str
    how_to_read: tuple[str, ...]
    readings: tuple[Column, ...] = ()
    higher_is_better: bool = True

    def write(
        self,
        *,
        leaderboard: pd.DataFrame,
        chosen: str,
        confidence: float,
        figures: Sequence[Figure] = (),
        sections: Sequence[Section] = (),
        **shared: Unpack[SharedTables],
    ) -> tuple[str, dict[str, Any]]:
        """Write the page and the summary of a run.

        Args:
            leaderboard: Best first.
            chosen: The model that makes the submission.
            confidence: Of the intervals.
            figures: More numbers of the headline.
            sections: The challenge's own, between the leaderboard and the data quality.
            shared: See `SharedTables`.

        Returns:
            The HTML page, and the summary: numbers as `summarise` has them, the facts of the run,
            `tracked_run`, and what the page says as `verdict`, `figures`, `quarantine`, `left_out`.
        """
        run = shared["run"]
        missing = left_out(shared["model_log"], leaderboard)
        aside = count_quarantine(shared["quarantine"])
        page = report.Report(
            title=self.title,
            data=str(run["data"]),
            preset=str(run["preset"]),
            verdict=verdict(leaderboard, chosen),
            figures=(*comparison_figures(leaderboard, chosen, self.metric), *figures),
            sections=(
                report.leaderboard_section(
                    leaderboard, missing, self.unit, self.readings, chosen, confidence
                ),
                *sections,
                report.data_quality_section(shared["data_quality"], aside),
                report.how_to_read_section(self.how_to_read, confidence),
                report.facts_section("This run", run, submission_text(run, self.challenge)),
            ),
        )
        summary = {
            **self.summarise(leaderboard, chosen),
            **run,
            "tracked_run": shared.get("tracked_run", {}),
            "verdict": page.verdict,
            "figures": [asdict(figure) for figure in page.figures],
            "quarantine": [
                {"file": row["file"], "reason": row["reason"], "rows": int(row["rows"])}
                for row in records(aside)
            ],
            "left_out": [
                {"model": row["model"], "note": row.get("note") or ""} for row in records(missing)
            ],
        }
        return report.render_report(page), summary

    def summarise(self, leaderboard: pd.DataFrame, chosen: str) -> dict[str, Any]:
        """The chosen model against the best baseline, as numbers.

        Returns:
            `challenge`, `title`, `metric`, `higher_is_better`; `chosen` and `baseline` with
            `model`, `score`, `ci_low`, `ci_high`; and `difference`, `difference_low`,
            `difference_high`, `relative` as on the leaderboard.
        """
        rows = {row["model"]: row for row in records(leaderboard)}
        names = {"chosen": chosen, "baseline": best_baseline(leaderboard)}
        scores = {
            part: {key: rows[name][key] for key in ("model", "score", "ci_low", "ci_high")}
            for part, name in names.items()
        }
        gap = ("difference", "difference_low", "difference_high", "relative")
        return {
            "challenge": self.challenge,
            "title": self.title,
            "metric": self.metric,
            "higher_is_better": self.higher_is_better,
            **scores,
            **{key: rows[chosen][key] for key in gap},
        }
