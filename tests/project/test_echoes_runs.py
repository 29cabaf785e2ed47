"""Embedded Echoes from its raw files to the submission: threads, a kill, no time."""

import signal
from contextlib import suppress

import pandas as pd
import psutil
import pytest
from click.testing import CliRunner
from running import owed, wait_until

from podium.common.errors import PodiumError

RAW = "01_raw/echoes"
SUBMISSION = "07_model_output/echoes/submission.csv"
REPORTING = "08_reporting/echoes"


def kill_with_workers(process):
    """SIGKILL; its idle workers would keep the pipe of its output open for minutes."""
    workers = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.send_signal(signal.SIGKILL)
    for worker in workers:
        with suppress(psutil.NoSuchProcess):
            worker.kill()
    process.communicate()


def leaderboard(root):
    return pd.read_csv(root / REPORTING / "leaderboard.csv")


def test_the_submission_is_accepted(finished_echoes):
    from podium.cli import cli

    root, log = finished_echoes
    words = ["submission", "check", "echoes", str(root / SUBMISSION), "--data-root", str(root)]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    assert f"Submission: {root / SUBMISSION}" in log and "SAMPLE" not in log


def test_every_model_is_on_the_leaderboard(finished_echoes):
    root, log = finished_echoes
    rows = leaderboard(root)
    assert set(rows["kind"]) == {"baseline", "classifier", "blend"}
    assert {"majority_class", "logistic_both_pseudo_labels", "blend"} <= set(rows["model"])
    for row in rows.itertuples():
        assert f"{row.model}: {row.score:.4f} [{row.ci_low:.4f}, {row.ci_high:.4f}]" in log
    assert "logistic_both_pseudo_labels" in (root / REPORTING / "report.html").read_text()
    assert set(pd.read_csv(root / REPORTING / "part2_scores.csv")["model"]) == set(
        rows["model"]
    ) - {"majority_class"}


def test_killed_on_two_threads_and_resumed_it_ends_with_the_bytes_of_one(
    project_copy, finished_echoes
):
    root = project_copy.data_root("killed_echoes", challenge="echoes")
    process = project_copy.start("--pipeline=echoes", root=root, threads=2)

    def fitted():
        debts = owed(root, "echoes")
        return debts is not None and "echoes.fit_log" not in debts

    try:
        assert wait_until(fitted, process), process.communicate()[0][-3000:]
    finally:
        kill_with_workers(process)
    assert process.returncode == -signal.SIGKILL and not (root / SUBMISSION).exists()
    done = root / "07_model_output" / "echoes" / "nested_logits.pickle"
    before = done.stat().st_mtime_ns
    project_copy.session("echoes", root=root, only_missing_outputs=True, parameters={"threads": 2})
    assert done.stat().st_mtime_ns == before
    for name in (SUBMISSION, "07_model_output/echoes/test_predictions.parquet"):
        assert (root / name).read_bytes() == (finished_echoes[0] / name).read_bytes()


@pytest.fixture
def root_copy_of_echoes(project_copy, finished_echoes, request):
    return project_copy.data_root(request.node.name, copy_of=finished_echoes[0])


def test_without_any_time_the_submission_is_the_majority_class(project_copy, root_copy_of_echoes):
    root = root_copy_of_echoes
    (root / SUBMISSION).unlink()
    log = project_copy.session(
        *("echoes.modeling", "echoes.evaluation", "echoes.submission"),
        root=root,
        parameters={"time_budget": "1s"},
    )
    assert "every row gets the majority class" in log
    assert leaderboard(root)["model"].tolist() == ["majority_class"]
    submission = pd.read_csv(root / SUBMISSION)
    assert len(submission) == 24 and submission["target"].nunique() == 1
    page = (root / REPORTING / "report.html").read_text()
    assert "logistic_image" in page and "the time budget is used up" in page


def test_the_first_stage_of_the_competition_has_no_part_2(project_copy, root_copy_of_echoes):
    root = root_copy_of_echoes
    (root / RAW / "train_part2.json").unlink()
    (root / SUBMISSION).unlink()
    project_copy.session("echoes", root=root)
    assert len(pd.read_csv(root / SUBMISSION)) == 24
    assert pd.read_csv(root / REPORTING / "part2_scores.csv").empty
    assert "There is no part 2 in this run" in (root / REPORTING / "report.html").read_text()


def test_a_file_cut_short_stops_the_run_and_leaves_the_former_submission(
    project_copy, root_copy_of_echoes
):
    raw, submission = (root_copy_of_echoes / name for name in (RAW, SUBMISSION))
    part, former = raw / "train_part1.json", submission.read_bytes()
    part.write_bytes(part.read_bytes()[:-100])
    with pytest.raises(PodiumError, match=r"train_part1\.json, row .*it is cut short"):
        project_copy.session("echoes", root=root_copy_of_echoes)
    assert submission.read_bytes() == former
