"""A fifth challenge: rendered, it works at once; the documented way leads to a real one.

Everything happens in a copy of the project; nothing rendered stays in it.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
import yaml
from executed_notebooks import execute_notebook
from running import ENV, PROJECT, ProjectCopy

from podium.common.errors import PodiumError
from podium.new_challenge import TEMPLATE, ChallengeNameError, check_name, render_challenge

NEW, REAL = "trees", "diabetes"
TRUTH = f"{REAL}_truth.csv"
WHOLE = ("templates", "docs", "notebooks", "tests")
# Tests that name no challenge and look at all of them.
GENERAL = "catalog or factory or imports or kinds or verbs"
# Of the two and of all; whole runs have a test of their own.
RENDERED = f"({NEW} or {REAL} or {GENERAL}) and not known_keys and not _runs"


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The whole project once more, with two challenges rendered into it."""
    folder = tmp_path_factory.mktemp("new_challenge") / "project"
    project = ProjectCopy(folder, also=WHOLE)
    shutil.rmtree(folder / "conf" / ENV)  # as in a fresh clone: its own tests make it again
    shutil.copy(PROJECT / "Makefile", folder)
    if (PROJECT / ".mypy_cache").is_dir():
        shutil.copytree(PROJECT / ".mypy_cache", folder / ".mypy_cache")
    # The environment of the tests stands for the one that make would set up.
    words = ["make", "-o", "setup", "new-challenge", f"NAME={NEW}", f"VENV={sys.prefix}"]
    done = subprocess.run(
        words,
        cwd=folder,
        env=project.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"kedro run --pipeline={NEW}" in done.stdout
    assert project.kedro("new-challenge", REAL).returncode == 0
    return project


def call(project, *words):
    """A program of the environment in the copy; its output, where it ends well."""
    program, *rest = words
    # The script, as make starts it: for `python -m mypy` the cache of `mypy` does not hold.
    done = subprocess.run(
        [Path(sys.executable).with_name(program), *rest],
        cwd=project.folder,
        env=project.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return done.stdout


def files_of(project, name):
    """Files of a rendered challenge."""
    paths = (path for path in project.folder.rglob("*") if path.is_file())
    return [
        str(path)
        for path in paths
        if name in str(path.relative_to(project.folder)) and path.suffix in (".py", ".ipynb", ".md")
    ]


def is_clean(project, name):
    """Style of what is rendered, as `make lint` wants it."""
    files = [path for path in files_of(project, name) if not path.endswith(".md")]
    call(project, "ruff", "check", "--no-cache", *files)
    call(project, "ruff", "format", "--no-cache", "--check", *files)


def passed(project, *words):
    """How many tests passed in the copy, where all did."""
    done = project.program("pytest", *words, "-p", "no:cacheprovider", timeout=1500)
    assert done.returncode == 0, done.stdout[-4000:]
    return int(re.search(r"(\d+) passed", done.stdout).group(1))


def test_what_is_rendered_is_clean(copy):
    is_clean(copy, NEW)
    texts = [Path(path).read_text() for path in files_of(copy, NEW)]
    assert len(texts) > 15
    assert not [text for text in texts if "cookiecutter" in text or "{{" in text]


def test_what_is_rendered_has_types(copy):
    """Checked with the whole project, as `make lint` does: what it left in its cache holds."""
    assert "no issues found" in call(copy, "mypy")


def test_its_presets_change_what_is_there(copy):
    def paths(values, above=()):
        if not isinstance(values, dict):
            return {above}
        return {above}.union(*(paths(value, (*above, key)) for key, value in values.items()))

    base, *presets = (
        yaml.safe_load((copy.folder / "conf" / env / NEW / "parameters.yml").read_text())
        for env in ("base", "fast", "best")
    )
    assert all(paths(preset) < paths(base) and preset != base for preset in presets)


def test_it_runs_on_its_sample_and_its_notebook_shows_the_run(copy):
    root = copy.folder / "roots" / NEW
    done = copy.run(f"--pipeline={NEW}", root=root, env="fast")
    assert done.returncode == 0, done.stdout[-3000:]
    tree = root / "sample"
    assert f"Submission: {tree}/07_model_output/{NEW}/submission.csv" in done.stdout
    notebook = nbformat.read(copy.folder / "notebooks" / f"{NEW}.ipynb", as_version=4)
    outputs = execute_notebook(notebook, copy, root, env="fast")
    assert any("These are results on sample data" in text for text in outputs.values())
    assert any("gradient_boosting" in text for text in outputs.values())


def test_a_second_of_the_name_is_refused_and_changes_nothing(copy):
    before = {path: path.read_bytes() for path in copy.folder.rglob(f"*{NEW}*") if path.is_file()}
    done = copy.kedro("new-challenge", NEW)
    assert done.returncode == 1 and "is a challenge already" in done.stdout
    assert "Traceback" not in done.stdout
    assert all(path.read_bytes() == content for path, content in before.items())


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("hearme", "is a challenge already; there are"),
        ("9lives", "must be a Python name"),
        ("two-words", "must be a Python name"),
        ("Trees", "must be a Python name"),
        ("class", "no keyword"),
        ("../trees", "must be a Python name"),
        ("", "must be a Python name"),
        ("modeling", "a meaning of its own"),
        ("params", "a meaning of its own"),
        ("data", "a meaning of its own"),
        ("data_root", "a meaning of its own"),
        ("seed", "a meaning of its own"),
        ("threads", "a meaning of its own"),
        ("time_budget", "a meaning of its own"),
        ("test_trees", "a meaning of its own"),
        ("shared", "is a module already"),
    ],
)
def test_a_bad_name_is_refused(name, says):
    with pytest.raises(ChallengeNameError, match=re.escape(says)):
        check_name(PROJECT, name)


@pytest.fixture
def empty_project(tmp_path):
    shutil.copytree(PROJECT / TEMPLATE, tmp_path / TEMPLATE)
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    return tmp_path


def left(project):
    paths = (path.relative_to(project) for path in project.rglob("*"))
    return sorted(
        str(path) for path in paths if path.parts[0] not in ("templates", "pyproject.toml")
    )


def test_a_file_that_is_there_is_not_overwritten(empty_project):
    page = empty_project / "docs" / "challenges" / "lost.md"
    page.parent.mkdir(parents=True)
    page.write_text("mine")
    with pytest.raises(PodiumError, match=r"is there already: docs/challenges/lost\.md"):
        render_challenge(empty_project, "lost")
    assert left(empty_project) == ["docs", "docs/challenges", "docs/challenges/lost.md"]
    assert page.read_text() == "mine"


def test_nothing_is_left_of_one_that_cannot_be_written(empty_project, monkeypatch):
    written = []

    def fail(source, target):
        written.append(target)
        if len(written) > 5:
            raise OSError("disk full")
        target.write_bytes(source.read_bytes())

    monkeypatch.setattr("podium.new_challenge.shutil.copyfile", fail)
    with pytest.raises(OSError, match="disk full"):
        render_challenge(empty_project, "lost")
    assert len(written) == 6 and left(empty_project) == []


def test_the_title_is_in_words_or_as_given(empty_project):
    render_challenge(empty_project, "lost_keys")
    render_challenge(empty_project, "found", "Found: again")
    pages = empty_project / "docs" / "challenges"
    assert pages.joinpath("lost_keys.md").read_text().startswith("# Lost keys: ")
    assert pages.joinpath("found.md").read_text().startswith("# Found: again: ")
    with pytest.raises(PodiumError, match="must not hold quotes"):
        render_challenge(empty_project, "other", 'an "odd" one')


# ------------------------------------------------- the way of docs/adding_a_challenge.md, walked


def documented(step):
    """The code block of docs/adding_a_challenge.md below the comment that names a file."""
    page = (PROJECT / "docs" / "adding_a_challenge.md").read_text()
    blocks = re.findall(r"```(?:python|yaml)\n(# [^\n]+)\n(.*?)```", page, flags=re.DOTALL)
    return next(block for name, block in blocks if name == f"# {step}")


def edit(path, start, end, block):
    """Put a block in the place of what stands from one text up to another."""
    text = path.read_text()
    first = text.index(start)
    last = text.index(end, first) + len(end.rstrip("\n"))
    path.write_text(text[:first] + block.strip("\n") + text[last:])


@pytest.fixture(scope="module")
def real_task(copy):
    """Progression of diabetes of 442 patients; code and parameters edited as documented."""
    folder = copy.folder / "roots" / REAL
    folder.mkdir(parents=True)
    subprocess.run([sys.executable, "-c", documented("diabetes_files.py")], cwd=folder, check=True)
    root = folder / "data"
    package = copy.folder / "src/podium/pipelines" / REAL
    edit(package / "raw_contract.py", "ROWS = ", "\n)\n", documented("raw_contract.py"))
    edit(package / "metric.py", "SCORE_UNIT = ", "higher_is_better=False)", documented("metric.py"))
    body = documented("metric.py, contributions")
    edit(package / "metric.py", "    return np.abs(", "np.float64))", body)
    parameters = copy.folder / "conf/base" / REAL / "parameters.yml"
    edit(parameters, "    ridge:", "Ridge\n", documented("parameters.yml"))
    return root


def test_the_edited_challenge_is_clean(copy, real_task):
    is_clean(copy, REAL)


def test_what_holds_for_every_challenge_and_the_rendered_tests_hold(copy, real_task):
    """Of the one as rendered, and of the one that was edited, beside all others."""
    files = [f"tests/project/test_{name}.py" for name in ("contract", "presets")]
    files += ["tests/robustness/test_broken_inputs.py"]
    files += [f"tests/pipelines/{name}" for name in (NEW, REAL)]
    assert passed(copy, *files, "-k", RENDERED) >= 150


@pytest.fixture
def no_other(copy):
    """The rendered challenges alone: a package without a pipeline is no challenge."""
    packages = (copy.folder / "src/podium/pipelines").glob("*/pipeline.py")
    others = [file for file in packages if file.parent.name not in (NEW, REAL)]
    hidden = {file: file.with_suffix(".hidden") for file in others}
    # Their parameters would be of no challenge.
    for folder in (copy.folder / "conf").glob("*/*/"):
        if folder.name in {file.parent.name for file in others}:
            hidden[folder] = copy.folder / "hidden" / folder.relative_to(copy.folder)
    for path, place in hidden.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        path.rename(place)
    yield
    for path, place in hidden.items():
        place.rename(path)


def test_every_test_of_whole_runs_takes_a_rendered_challenge(copy, real_task, no_other):
    first_trial = "test_the_first_trial_scores_what_the_run_scored"
    files = [
        f"tests/project/test_tuning.py::{first_trial}[{NEW}]",
        "tests/project/test_overview.py",
    ]
    assert passed(copy, *files, f"tests/pipelines/{NEW}/test_{NEW}_runs.py") >= 9


def test_the_real_task_runs_end_to_end_and_beats_its_baseline(copy, real_task):
    done = copy.run(f"--pipeline={REAL}", root=real_task, env=None, data="competition")
    assert done.returncode == 0, done.stdout[-3000:]
    submission = real_task / "07_model_output" / REAL / "submission.csv"
    assert f"Submission: {submission}" in done.stdout and "SAMPLE" not in done.stdout
    board = pd.read_csv(real_task / "08_reporting" / REAL / "leaderboard.csv").set_index("model")
    assert {"median", "ridge", "bayesian_ridge", "gradient_boosting"} == set(board.index)
    assert (board.loc["ridge", ["difference", "difference_high"]] < [-15, -10]).all()
    words = ["submission", "check", REAL, str(submission), "--data-root", str(real_task)]
    done = copy.kedro(*words)
    assert done.returncode == 0 and "would be accepted" in done.stdout
    words = ["submission", "score", REAL, str(submission), "--truth", str(real_task / TRUTH)]
    done = copy.kedro(*words, "--data-root", str(real_task), "--json")
    assert done.returncode == 0, done.stdout
    scores = json.loads(done.stdout.splitlines()[-1])
    # The organiser's score by hand, and that of the baseline: the median for every patient.
    said, truth = pd.read_csv(submission), pd.read_csv(real_task / TRUTH)
    assert said["patient"].tolist() == truth["patient"].tolist()
    rmse = np.sqrt(np.mean((said["target"] - truth["target"]) ** 2))
    assert scores["score"] == pytest.approx(rmse)
    known = pd.read_csv(real_task / "01_raw" / REAL / "train.csv")["target"]
    baseline = np.sqrt(np.mean((known.median() - truth["target"]) ** 2))
    assert scores["score"] < 0.85 * baseline
    # The local score says what the hidden rows say.
    best = board.iloc[0]
    assert best["ci_low"] < scores["score"] < best["ci_high"]


def test_nothing_rendered_stays_in_the_product():
    listed = subprocess.run(
        ["git", "status", "--porcelain", "--ignored"], cwd=PROJECT, capture_output=True, text=True,
        check=False,
    ).stdout  # fmt: skip
    assert NEW not in listed and REAL not in listed
    for folder in ("src/podium/pipelines", "conf/base", "conf/fast", "tests/pipelines"):
        assert not (PROJECT / folder / NEW).exists() and not (PROJECT / folder / REAL).exists()
