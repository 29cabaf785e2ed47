"""Whole runs on the sample: a checked submission, a report, the same bytes again."""

import pandas as pd
import pytest
from click.testing import CliRunner

RUN = "{{cookiecutter.name}}"
SUBMISSION = f"07_model_output/{RUN}/submission.csv"
REPORTING = f"08_reporting/{RUN}"


@pytest.fixture(scope="module")
def finished_run(project_copy):
    """`kedro run` on the sample, which it generates: the data tree and the log."""
    root = project_copy.folder / "roots" / f"sample_{RUN}"
    log = project_copy.session(RUN, root=root, env="fast")
    return root / "sample", log


def test_the_submission_is_accepted(finished_run):
    from podium.cli import cli

    tree, log = finished_run
    words = ["submission", "check", RUN, str(tree / SUBMISSION), "--data-root", str(tree.parent)]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    assert f"Submission: {tree / SUBMISSION}" in log and "SAMPLE" in log


def test_the_best_model_beats_the_baseline_and_the_report_says_so(finished_run):
    tree, log = finished_run
    board = pd.read_csv(tree / REPORTING / "leaderboard.csv")
    best = board.iloc[0]
    assert best["kind"] == "regressor" and best["difference_high"] < 0
    assert f"{best['model']}: {best['score']:.4f} [{best['ci_low']:.4f}" in log
    page = (tree / REPORTING / "report.html").read_text()
    assert "lies on one side of zero" in page and "Data quality" in page


def test_on_two_threads_the_bytes_are_the_same(project_copy, finished_run):
    root = project_copy.folder / "roots" / f"again_{RUN}"
    project_copy.session(RUN, root=root, env="fast", parameters={"threads": 2})
    again = root / "sample" / SUBMISSION
    assert again.read_bytes() == (finished_run[0] / SUBMISSION).read_bytes()
