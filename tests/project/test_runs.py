"""Whole runs on tiny files: what they make, say and track; and runs of parts."""

import gzip
import json
import platform
import shutil

import pandas as pd
import pytest
from click.testing import CliRunner
from running import CHALLENGE, JOURNAL, RAW, SUBMISSION, bootstrapped, last_line

from podium.common.errors import PodiumError
from podium.error_hooks import user_message
from podium.pipeline_registry import register_pipelines


@pytest.fixture(scope="module")
def tracked(project_copy, finished):
    """The finished run as MLflow has it, and its artifacts."""
    return the_run(project_copy, finished.root)


def client(project_copy):
    from mlflow.tracking import MlflowClient

    return MlflowClient(tracking_uri=project_copy.store)


def runs_of(project_copy, root):
    found = client(project_copy)
    experiment = found.get_experiment_by_name(CHALLENGE)
    assert experiment is not None, "there is no experiment of the challenge's name"
    runs = found.search_runs([experiment.experiment_id], max_results=100)
    return [run for run in runs if run.data.tags[f"{CHALLENGE}.data_tree"] == str(root)]


def the_run(project_copy, root):
    (run,) = runs_of(project_copy, root)
    return run


def artifacts(project_copy, run, folder=None):
    for found in client(project_copy).list_artifacts(run.info.run_id, folder):
        if found.is_dir:
            yield from artifacts(project_copy, run, found.path)
        else:
            yield found.path


def leaderboard(root):
    return pd.read_csv(root / "08_reporting" / CHALLENGE / "leaderboard.csv")


def test_every_output_is_made(finished, project_copy):
    from kedro.framework.project import settings
    from kedro.io import DataCatalog

    bootstrapped()
    loader = settings.CONFIG_LOADER_CLASS(
        conf_source=str(project_copy.folder / "conf"),
        env="tiny",
        runtime_params={"data_root": str(finished.root)},
        **settings.CONFIG_LOADER_ARGS,
    )
    catalog = DataCatalog.from_config(loader["catalog"])
    outputs = {name for name in register_pipelines()[CHALLENGE].all_outputs() if name in catalog}
    stored = {name for name in outputs if hasattr(catalog.get(name), "_filepath")}
    assert len(stored) > 30
    assert sorted(name for name in stored if not catalog.exists(name)) == []


def test_nothing_but_outputs_is_left(finished):
    left = [path for path in finished.root.rglob("*") if ".part" in path.name]
    assert left == [] and not (finished.root / JOURNAL).exists()


def test_the_submission_is_accepted(finished):
    from podium.cli import cli

    words = ["submission", "check", CHALLENGE, str(finished.root / SUBMISSION)]
    done = CliRunner().invoke(cli, [*words, "--data-root", str(finished.root)])
    assert done.exit_code == 0, done.output


def test_the_log_says_which_data_first_and_last(finished):
    said = [line for line in finished.log.splitlines() if "competition's files in" in line]
    assert len(said) == 2 and "SAMPLE" not in finished.log
    podium = finished.log.index(said[0]), finished.log.index("Completed")
    assert podium[0] < podium[1]
    assert last_line(finished.log) == said[1] and "Done in" in said[1]
    assert f"Submission: {finished.root / SUBMISSION}" in finished.log


def test_one_line_per_model_with_its_score(finished):
    for row in leaderboard(finished.root).itertuples():
        if row.kind in ("ranker", "blend"):
            assert f"{row.model}: score {row.score:.4f} on the holdout" in finished.log


def test_no_warning_meets_the_user(finished):
    lines = [line for line in finished.log.splitlines() if "WARNING" in line or "Warning" in line]
    # A test user of the sample has no history: that is meant to be said.
    assert [line for line in lines if "trending list" not in line and "topped up" not in line] == []


def test_tracked_parameters_are_flat_and_complete(tracked):
    parameters = tracked.data.params
    assert parameters["hearme.rankers.lightgbm_fraction.arguments.rounds"] == "5"
    assert parameters["hearme.scoring.listen"] == "best"
    assert parameters["hearme.compute.threads"] == "1"
    assert not any(value.startswith("{") and len(value) > 2 for value in parameters.values())


def test_tracked_metrics_hold_the_score_and_every_row_of_the_leaderboard(finished, tracked):
    metrics, rows = tracked.data.metrics, leaderboard(finished.root)
    assert {"baseline", "recommender", "ranker", "blend"} <= set(rows["kind"])
    for row in rows.itertuples():
        assert metrics[f"leaderboard.{row.model}.score"] == pytest.approx(row.score, abs=1e-6)
    assert 0 < metrics["score"] < 1
    assert metrics["score"] in rows["score"].round(12).tolist() or any(
        metrics["score"] == pytest.approx(score) for score in rows["score"]
    )
    saved = json.loads((finished.root / "08_reporting" / CHALLENGE / "metrics.json").read_text())
    assert metrics == pytest.approx(saved)


def test_tracked_artifacts(project_copy, tracked):
    kept = set(artifacts(project_copy, tracked))
    assert {"submission.csv", "report.html", "leaderboard.csv", "breakdown.csv"} <= kept
    assert {"models/models.pickle", "models/final_models.pickle"} <= kept
    assert len([path for path in kept if path.startswith("plots/")]) >= 5
    assert tracked.info.artifact_uri.startswith((project_copy.folder / "mlartifacts").as_uri())


def test_tracked_tags(project_copy, tracked, finished):
    from podium.provenance import fingerprint, lock_hash

    tags = tracked.data.tags
    assert tracked.info.status == "FINISHED"
    assert tags["hearme.data"] == "competition"
    assert tags["hearme.fingerprint"] == fingerprint((finished.root / RAW).iterdir())
    assert tags["preset"] == "tiny" and tags["engine"] == "duckdb"
    assert tags["git_commit"] == "unknown"  # the copy is not under git
    assert tags["lock"] == lock_hash(project_copy.folder)
    assert tags["machine"].split(",")[0].startswith(platform.machine())


def test_the_report_says_which_data(finished):
    page = (finished.root / "08_reporting" / CHALLENGE / "report.html").read_text()
    assert "SAMPLE" not in page and len(page) > 10_000


def test_a_stage_on_stored_data_with_another_parameter_can_be_compared(
    project_copy, finished, root_copy, tracked
):
    project_copy.session(
        "hearme",
        namespaces=["hearme.evaluation"],
        root=root_copy,
        parameters={"hearme.scoring.rounding": "continuous"},
    )
    other = the_run(project_copy, root_copy)
    assert tracked.data.params["hearme.evaluation.rounding"] == "quarters"
    assert other.data.params["hearme.evaluation.rounding"] == "continuous"
    assert other.info.experiment_id == tracked.info.experiment_id
    assert other.data.metrics["score"] != tracked.data.metrics["score"]
    assert (root_copy / SUBMISSION).stat().st_mtime < (
        root_copy / "08_reporting" / CHALLENGE / "leaderboard.csv"
    ).stat().st_mtime
    assert not (root_copy / JOURNAL).exists()


def test_only_missing_outputs_makes_what_is_missing_and_no_more(project_copy, finished, root_copy):
    kept = root_copy / "06_models" / CHALLENGE / "models.pickle"
    before = kept.stat().st_mtime_ns
    (root_copy / SUBMISSION).unlink()
    project_copy.session("hearme", only_missing_outputs=True, root=root_copy)
    assert (root_copy / SUBMISSION).read_bytes() == finished.submission
    assert kept.stat().st_mtime_ns == before


def test_from_nodes_and_preset_together(project_copy, root_copy):
    """`--env=fast` runs on the stored data with its own values."""
    shutil.rmtree(root_copy / "07_model_output")
    (root_copy / "07_model_output" / CHALLENGE).mkdir(parents=True)
    shutil.rmtree(root_copy / "08_reporting" / CHALLENGE)
    node = ["hearme.modeling.fit_rankers"]
    project_copy.session("hearme", from_nodes=node, to_nodes=node, root=root_copy, env="fast")
    run = the_run(project_copy, root_copy)
    assert run.data.tags["preset"] == "fast"
    assert run.data.params["hearme.rankers.xgboost_fraction.enabled"] == "False"
    fitted = pd.read_parquet(root_copy / "07_model_output" / CHALLENGE / "fit_log.parquet")["model"]
    assert set(fitted) == {"interaction_ridge", "lightgbm_fraction", "blend"}


def test_a_single_ranker_may_make_the_submission(project_copy, finished, root_copy):
    """And the report, the metrics and the file are of the same."""
    chosen = {"hearme.evaluation.chosen": ["lightgbm_fraction"]}
    project_copy.session(
        "hearme.evaluation", "hearme.submission", root=root_copy, parameters=chosen
    )
    models = pd.read_pickle(root_copy / "06_models" / CHALLENGE / "final_models.pickle")
    assert list(models) == ["lightgbm_fraction"]
    reporting = root_copy / "08_reporting" / CHALLENGE
    summary = json.loads((reporting / "summary.json").read_text())
    assert summary["chosen"]["model"] == "lightgbm_fraction"
    assert summary["tracked_run"]["run_id"] == the_run(project_copy, root_copy).info.run_id
    assert (root_copy / SUBMISSION).read_bytes() != finished.submission


def test_the_only_ranker_makes_the_submission_whatever_its_name(project_copy, root_copy):
    """A user's own one too: the blend is that one."""
    off = {
        f"hearme.rankers.{name}.enabled": False
        for name in (
            *("interaction_ridge", "lightgbm_fraction"),
            *("xgboost_fraction", "lightgbm_lambdarank"),
        )
    }
    own = {"type": "podium.recommendation.rankers.LightGBMRanker", "weight": 0.5}
    arguments = {"objective": "regression", "rounds": 5, "min_data_in_leaf": 5}
    project_copy.session(
        *("hearme.modeling", "hearme.evaluation", "hearme.submission"),
        root=root_copy,
        parameters=off | {"hearme.rankers.lightgbm_own": own | {"arguments": arguments}},
    )
    summary = root_copy / "08_reporting" / CHALLENGE / "summary.json"
    assert json.loads(summary.read_text())["chosen"]["model"] == "blend"
    models = pd.read_pickle(root_copy / "06_models" / CHALLENGE / "final_models.pickle")
    assert list(models) == ["lightgbm_own"]


def test_a_ranker_without_weight_is_scored_and_not_blended(project_copy, root_copy):
    """Of the two rankers of `--env=fast` one is left, and the blend is that one."""
    project_copy.session(
        *("hearme.modeling", "hearme.evaluation", "hearme.submission"),
        root=root_copy,
        parameters={
            "hearme.rankers.interaction_ridge.weight": 0,
            "hearme.rankers.xgboost_fraction.enabled": False,
            "hearme.rankers.lightgbm_lambdarank.enabled": False,
        },
    )
    board = leaderboard(root_copy).set_index("model")
    assert board.at["blend", "note"] == "lightgbm_fraction"
    assert board.at["blend", "score"] == board.at["lightgbm_fraction", "score"]
    assert "interaction_ridge" in board.index
    models = pd.read_pickle(root_copy / "06_models" / CHALLENGE / "final_models.pickle")
    assert list(models) == ["lightgbm_fraction"]


def test_time_budget_of_a_second_ends_with_a_submission_and_says_what_is_left_out(
    project_copy, root_copy
):
    (root_copy / SUBMISSION).unlink()
    log = project_copy.session(
        *("hearme.modeling", "hearme.evaluation", "hearme.submission"),
        root=root_copy,
        parameters={"time_budget": "1s"},
    )
    assert len(pd.read_csv(root_copy / SUBMISSION)) == 20 * 50
    assert "there is no fitted ranker" in log
    assert set(leaderboard(root_copy)["kind"]) == {"baseline", "recommender"}
    costs = root_copy / "07_model_output" / CHALLENGE / "fit_log.parquet"
    notes = pd.read_parquet(costs).set_index("model")["note"]
    assert len(notes) == 4 and notes.str.startswith("left out").all(), notes
    page = (root_copy / "08_reporting" / CHALLENGE / "report.html").read_text()
    assert "left out" in page


def test_generous_time_budget_changes_nothing(project_copy, finished, root_copy):
    (root_copy / SUBMISSION).unlink()
    project_copy.session(
        "hearme.modeling", "hearme.submission", root=root_copy, parameters={"time_budget": "2h"}
    )
    assert (root_copy / SUBMISSION).read_bytes() == finished.submission


def test_sample_where_no_file_is(project_copy):
    """Only data_processing: it makes the sample, which is the project's own and larger."""
    root = project_copy.folder / "roots" / "empty"
    node = ["hearme.data_processing.clean_items"]
    log = project_copy.session("hearme.data_processing", to_nodes=node, root=root)
    assert [path.name for path in root.iterdir()] == ["sample"]
    assert len(list((root / "sample" / RAW).iterdir())) == 4
    said = [line for line in log.splitlines() if "runs on SAMPLE data" in line]
    assert len(said) == 2 and last_line(log) == said[1]
    run = the_run(project_copy, root / "sample")
    assert run.data.tags["hearme.data"] == "sample"


def test_data_sample_forces_a_tree_of_its_own_and_the_report_says_so(
    project_copy, finished, root_copy
):
    """The tiny files stand in for the sample's, so that the whole sample need not be run."""
    shutil.copytree(finished.root, root_copy / "sample")
    untouched = root_copy / "08_reporting" / CHALLENGE / "report.html"
    before = untouched.read_bytes()
    node = ["hearme.evaluation.make_report"]
    log = project_copy.session(
        "hearme.evaluation", from_nodes=node, root=root_copy, parameters={"data": "sample"}
    )
    report = root_copy / "sample" / "08_reporting" / CHALLENGE / "report.html"
    assert "SAMPLE" in report.read_text().upper() and report.read_bytes() != before
    assert untouched.read_bytes() == before
    assert "runs on SAMPLE data" in last_line(log)


def test_some_files_only(project_copy, tiny_raw):
    root = project_copy.folder / "roots" / "partial"
    (root / RAW).mkdir(parents=True)
    for name in ("test.csv", "interactions.csv"):
        shutil.copy(tiny_raw / name, root / RAW / name)
    (root / SUBMISSION).parent.mkdir(parents=True)
    (root / SUBMISSION).write_text("the former one")
    before = sorted(path for path in root.rglob("*"))
    done = project_copy.run("--pipeline=hearme", root=root)
    assert done.returncode != 0
    final = last_line(done.stdout)
    assert final.startswith("error: ")
    assert "lacks item_metadata.csv, user_metadata.csv" in final
    assert "Traceback" not in done.stdout
    assert sorted(path for path in root.rglob("*")) == before
    assert (root / SUBMISSION).read_text() == "the former one"


def test_data_competition_without_files(project_copy):
    root = project_copy.folder / "roots" / "nothing"
    with pytest.raises(PodiumError, match="lacks interactions.csv, item_metadata.csv"):
        project_copy.session("hearme", root=root, parameters={"data": "competition"})
    assert not root.exists()


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"data": "real"}, "'competition' or 'sample', not 'real'"),
        ({"time_budget": "soon"}, "time_budget"),
    ],
)
def test_a_wrong_parameter(project_copy, finished, root_copy, parameters, said):
    with pytest.raises(Exception, match=".") as caught:
        project_copy.session("hearme.modeling", root=root_copy, parameters=parameters)
    assert said in (user_message(caught.value) or f"no message for the user in {caught.value!r}")
    assert (root_copy / SUBMISSION).read_bytes() == finished.submission


def test_bad_raw_data_names_file_column_and_row(project_copy, tiny_raw):
    """And compressed files are as good as plain ones."""
    root = project_copy.data_root("repeated")
    lines = (root / RAW / "test.csv").read_text().splitlines()
    (root / RAW / "test.csv").write_text("\n".join([*lines, lines[1]]) + "\n")
    for name in ("item_metadata.csv", "user_metadata.csv"):
        plain = root / RAW / name
        plain.with_name(f"{name}.gz").write_bytes(gzip.compress(plain.read_bytes()))
        plain.unlink()
    done = project_copy.run(
        "--pipeline=hearme.data_processing",
        "--to-nodes=hearme.data_processing.mark_test_users",
        root=root,
    )
    assert done.returncode != 0
    final = last_line(done.stdout)
    assert final.startswith("error: test.csv, column 'user_id', row 21: "), done.stdout[-2000:]
    assert "Traceback" not in done.stdout
    assert the_run(project_copy, root).info.status == "FAILED"
    assert not (root / SUBMISSION).exists()
