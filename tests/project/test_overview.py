"""All challenges in one run: one page at the end, and nothing of one mixed with another's."""

import json
import re

import pytest

from podium.challenges import challenges


@pytest.fixture(scope="module")
def together(project_copy):
    """`kedro run` on tiny files: the data root and the log."""
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
    root, _ = together
    page = root / "08_reporting" / "overview.html"
    before = page.read_bytes()
    page.unlink()
    log = project_copy.session("overview", root=root)
    assert f"Overview: {page}" in log
    assert page.read_bytes() == before and tracked.info.run_id in page.read_text()


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
