"""`kedro reproduce`: a run made again from what MLflow knows of it, whatever happened since."""

import subprocess
from dataclasses import replace

import pytest
from click.exceptions import Exit
from running import ProjectCopy

from podium.provenance import git_commit
from podium.reproduce_cli import conclude
from podium.reproduction import (
    NotReproducible,
    checked_out,
    compare_runs,
    machines_differ,
    read_recipe,
)

PARAMETERS = "conf/tiny/echoes/parameters.yml"


def git(folder, *words):
    name = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    done = subprocess.run(
        ["git", *name, *words], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
def repository(tmp_path_factory, tiny_echoes, tiny_museum):
    """The project under version control."""
    folder = tmp_path_factory.mktemp("reproduce") / "project"
    project = ProjectCopy(folder, {"echoes": tiny_echoes, "museum": tiny_museum}.get)
    ignored = ("roots/", "mlflow.db*", "mlartifacts/", "__pycache__/", "conf/local/")
    (folder / ".gitignore").write_text("\n".join(ignored))
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=first")
    return project


@pytest.fixture(scope="module")
def root(repository):
    return repository.data_root("first", challenge="echoes")


@pytest.fixture(scope="module")
def run_id(repository, root):
    """A run whose code, and then whose configuration, are no longer those of the folder."""
    import mlflow

    repository.session("echoes", root=root, parameters={"seed": 11})
    parameters = repository.folder / PARAMETERS
    parameters.write_text(parameters.read_text().replace("count: 3", "count: 4"))
    git(repository.folder, "commit", "--quiet", "--all", "--message=second")
    local = repository.folder / "conf" / "local" / "echoes.yml"
    local.write_text("echoes: {modeling: {weighting: average}}\n")
    mlflow.set_tracking_uri(repository.store)
    (run,) = mlflow.search_runs(search_all_experiments=True, output_format="list")
    return run.info.run_id


def reproduce(repository, *words):
    done = repository.kedro("reproduce", *words, MLFLOW_TRACKING_URI=repository.store)
    return done.returncode, done.stdout


def last_run(repository):
    import mlflow

    mlflow.set_tracking_uri(repository.store)
    return mlflow.search_runs(
        search_all_experiments=True, output_format="list", max_results=1,
        order_by=["attributes.start_time DESC"],
    )[0]  # fmt: skip


def test_code_parameters_and_bytes_are_those_of_the_run(repository, root, run_id):
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    code, said = reproduce(repository, run_id)
    assert code == 0, said[-3000:]
    assert "echoes.submission_sha256: the same" in said
    assert f"are the same as in run {run_id}" in said
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before
    assert git(repository.folder, "worktree", "list").count("\n") == 0, "a worktree is left"


def test_what_differs_is_named(repository, run_id, capsys):
    """As if another machine had written the first submission: the second is there from before."""
    import mlflow

    mlflow.set_tracking_uri(repository.store)
    client = mlflow.MlflowClient()
    tag, metric = "echoes.submission_sha256", "score"
    first, recipe = read_recipe(run_id)
    (second,) = mlflow.search_runs(
        search_all_experiments=True, filter_string=f"tags.reproduces = '{run_id}'",
        output_format="list",
    )  # fmt: skip
    true = dict(first.data.tags), dict(first.data.metrics)
    here = true[0]["machine"]
    assert machines_differ(first, second) is None
    client.set_tag(run_id, tag, "0" * 64)
    client.set_tag(run_id, "machine", "another one")
    client.log_metric(run_id, metric, 0.987654, step=1)
    try:
        results = compare_runs(client.get_run(run_id), second, recipe.data)
        remark = machines_differ(client.get_run(run_id), second)
    finally:
        client.set_tag(run_id, tag, true[0][tag])
        client.set_tag(run_id, "machine", here)
        client.log_metric(run_id, metric, true[1][metric], step=2)
    with pytest.raises(Exit) as ended:
        conclude(run_id, results, remark)
    assert ended.value.exit_code == 1
    said = capsys.readouterr()
    assert f"{tag}: {'0' * 64}, now {true[0][tag]}" in said.err
    assert f"{metric}: 0.987654, now {true[1][metric]}" in said.err
    assert f"made on another one, this one on {here}: numeric libraries" in said.err
    assert f"{len(results) - 2} of {len(results)} results are the same" in said.out
    with pytest.raises(Exit):
        conclude(run_id, [])


def test_other_raw_files_are_refused(repository, root, run_id):
    file = next(iter((root / "01_raw" / "echoes").glob("test.json*")))
    before = file.read_bytes()
    file.write_bytes(before + b"\n")
    try:
        code, said = reproduce(repository, run_id)
    finally:
        file.write_bytes(before)
    assert code == 2, said[-3000:]
    assert f"the raw files in {root / '01_raw' / 'echoes'} are not those of the run" in said


def test_a_folder_of_images_is_the_same_only_with_the_same_bytes(repository, run_id):
    root = repository.data_root("images", challenge="museum")
    repository.session("museum", root=root, parameters={"seed": 11})
    made = last_run(repository).info.run_id
    code, said = reproduce(repository, made)
    assert code == 0, said[-3000:]
    assert "museum.submission_sha256: the same" in said
    image = next(iter((root / "01_raw" / "museum" / "images").glob("*.png")))
    image.write_bytes(image.read_bytes()[::-1])
    code, said = reproduce(repository, made)
    assert code == 2, said[-3000:]
    assert f"the raw files in {root / '01_raw' / 'museum'} are not those of the run" in said


def test_code_that_was_not_committed_is_refused_whatever_has_changed_since(
    repository, run_id, tmp_path
):
    added = repository.folder / "src" / "podium" / "fusion" / "own_model.py"
    added.touch()
    try:
        now = git_commit(repository.folder)
        recipe = replace(read_recipe(run_id)[1], git_commit=now)
        assert now.endswith("+changes")
        with pytest.raises(NotReproducible, match=r"was not committed \(\w+\+changes\)"):
            checked_out(recipe, repository.folder, tmp_path)
    finally:
        added.unlink()


def test_other_libraries_are_refused(repository, run_id):
    lock = repository.folder / "requirements.lock"
    before = lock.read_bytes()
    lock.write_bytes(before + b"# other\n")
    try:
        code, said = reproduce(repository, run_id)
    finally:
        lock.write_bytes(before)
    assert code == 2 and "made with another requirements.lock" in said


def test_an_unknown_run_and_a_run_of_a_part_are_refused(repository, root, run_id):
    code, said = reproduce(repository, "0" * 32)
    assert code == 2 and f"has no run {'0' * 32}" in said
    repository.session("echoes.submission", root=root)
    code, said = reproduce(repository, last_run(repository).info.run_id)
    assert code == 2 and "ran a part of a pipeline (echoes.submission)" in said
