"""All challenges in one run: one page at the end, and nothing of one mixed with another's."""

import json
import os
import re

import pytest

from podium.challenges import challenges
from podium.reproduction import NotReproducible, read_recipe

FEW = 2


@pytest.fixture(scope="module")
def together(project_copy):
    """All challenges as one run of Kedro's, on tiny files: the data root and the log."""
    root = project_copy.folder / "roots" / "together"
    for challenge in challenges():
        project_copy.add_raw(root, challenge)
    return root, project_copy.session("__default__", root=root)


@pytest.fixture(scope="module")
def tracked(project_copy, together):
    """Its run in MLflow."""
    import mlflow

    mlflow.set_tracking_uri(project_copy.store)
    root, _ = together
    filters = f"tags.`{challenges()[0]}.data_tree` = '{root}'"
    (run,) = mlflow.search_runs(
        search_all_experiments=True, filter_string=filters, output_format="list"
    )
    return run


def test_the_page_shows_every_challenge_and_its_links_lead_somewhere(together, tracked):
    root, log = together
    page = root / "08_reporting" / "overview.html"
    assert f"Overview: {page}" in log
    text = page.read_text()
    links = re.findall(r'href="([^"]+)"', text)
    local = [link for link in links if not link.startswith("http")]
    assert len(local) == len(challenges())
    assert all((page.parent / link).is_file() for link in local)
    runs = [link for link in links if link.startswith("http")]
    place = f"#/experiments/{tracked.info.experiment_id}/runs/{tracked.info.run_id}"
    assert len(runs) == len(challenges()) and all(link.endswith(place) for link in runs)
    for challenge in challenges():
        summary = json.loads((root / "08_reporting" / challenge / "summary.json").read_text())
        assert summary["verdict"] in text
        assert summary["chosen"]["model"] in text and summary["baseline"]["model"] in text
    assert "in quarantine" in text


def test_the_page_alone_links_to_the_runs_whose_numbers_it_shows(project_copy, together, tracked):
    import mlflow

    root, _ = together
    page = root / "08_reporting" / "overview.html"
    before = page.read_bytes()
    page.unlink()
    log = project_copy.session("overview", root=root)
    assert f"Overview: {page}" in log
    assert page.read_bytes() == before and tracked.info.run_id in page.read_text()
    mlflow.set_tracking_uri(project_copy.store)
    (last,) = mlflow.search_runs(
        experiment_names=["podium"], max_results=1, output_format="list",
        filter_string="attributes.run_name LIKE 'overview%'",
    )  # fmt: skip
    with pytest.raises(NotReproducible, match="each by its own ID"):
        read_recipe(last.info.run_id)


def test_the_metrics_of_each_have_its_name(together, tracked):
    root, _ = together
    for challenge in challenges():
        stored = json.loads((root / "08_reporting" / challenge / "metrics.json").read_text())
        for name, value in stored.items():
            assert tracked.data.metrics[f"{challenge}.{name}"] == pytest.approx(value), name
    assert "score" not in tracked.data.metrics


def test_the_artifacts_of_each_lie_in_its_folder(together, tracked):
    import mlflow

    client = mlflow.MlflowClient()

    def listed(path=None):
        return {item.path for item in client.list_artifacts(tracked.info.run_id, path)}

    assert {*challenges(), "overview.html", "recipe.json"} <= listed()
    for challenge in challenges():
        own = {f"{challenge}/{name}" for name in ("report.html", "leaderboard.csv", "plots")}
        assert own <= listed(challenge)


def test_submissions_are_tracked_by_their_bytes(together, tracked):
    import hashlib

    root, _ = together
    for challenge in challenges():
        submission = root / "07_model_output" / challenge / "submission.csv"
        digest = hashlib.sha256(submission.read_bytes()).hexdigest()
        assert tracked.data.tags[f"{challenge}.submission_sha256"] == digest


@pytest.fixture(scope="module")
def side_by_side(project_copy):
    """`kedro run` as it is typed, in a data root of its own: the root and what it printed."""
    root = project_copy.folder / "roots" / "side_by_side"
    for challenge in challenges():
        project_copy.add_raw(root, challenge)
    variables = {"MLFLOW_TRACKING_URI": project_copy.store}
    done = project_copy.run("--at-once=2", root=root, variables=variables, timeout=900)
    assert done.returncode == 0, done.stdout[-3000:]
    return root, done.stdout


@pytest.mark.skipif(
    len(challenges()) > FEW and not os.environ.get("PODIUM_SOAK"),
    reason="whole processes for each: tried where two light ones are all, see test_new_challenge, "
    "and for `make soak` here",
)
def test_every_challenge_has_a_run_of_its_own(project_copy, side_by_side, together):
    import mlflow

    root, log = side_by_side
    mlflow.set_tracking_uri(project_copy.store)
    page = (root / "08_reporting" / "overview.html").read_text()
    for challenge in challenges():
        submission = f"07_model_output/{challenge}/submission.csv"
        assert (root / submission).read_bytes() == (together[0] / submission).read_bytes()
        assert re.search(rf"^{challenge} +\| done", log, re.M)
        (run,) = mlflow.search_runs(
            experiment_names=[challenge],
            filter_string=f"tags.`{challenge}.data_tree` = '{root}'",
            output_format="list",
        )
        assert run.info.status == "FINISHED"
        assert page.count(f"#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}") == 1


@pytest.mark.parametrize(
    "words", [("--pipeline=museum",), ("--tags=x",), ("--runner=ThreadRunner",)]
)
def test_at_once_is_for_all_challenges(project_copy, words):
    done = project_copy.run("--at-once=2", *words)
    assert done.returncode == 2 and "name no pipeline" in done.stdout
