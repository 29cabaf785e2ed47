"""A run made again from its recipe, in a folder of its own, and compared with the first one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podium.common.errors import PodiumError
from podium.data_tree import raw_files, write_missing_sample
from podium.provenance import fingerprint, git_commit, lock_hash
from podium.recipe import MACHINE_TAG, RECIPE_FILE, REPRODUCES, SUBMISSION_TAG, RawData, Recipe

if TYPE_CHECKING:
    from mlflow.entities import Run

ENVIRONMENT = "reproduced"
# What a run measures of itself differs from run to run.
_MEASURED = ("seconds", "memory", "_mb")


class NotReproducible(PodiumError):
    """Something that the run was made of is not at hand."""


@dataclass(frozen=True)
class Difference:
    """One result of both runs.

    Attributes:
        name: Such as ``hearme.submission_sha256`` or ``score``.
        before: Of the first run.
        again: Of the second; None where it has none.
    """

    name: str
    before: str | float
    again: str | float | None

    @property
    def same(self) -> bool:
        """Whether both are equal to the last digit."""
        return self.before == self.again


def read_recipe(run_id: str) -> tuple[Run, Recipe]:
    """A run of the tracking store in use, and what it was made of.

    Raises:
        NotReproducible: where there is no such run, it holds no recipe, or was made of what
            earlier runs had left: a part of a pipeline, or the overview.
    """
    import mlflow

    try:
        run = mlflow.get_run(run_id)
        text = mlflow.artifacts.load_text(f"{run.info.artifact_uri}/{RECIPE_FILE}")
    except (mlflow.MlflowException, OSError) as error:
        store = mlflow.get_tracking_uri()
        raise NotReproducible(
            f"{store} has no run {run_id} with a {RECIPE_FILE}: {error}"
        ) from error
    recipe = Recipe.from_json(json.loads(text))
    parts = [name for name in recipe.pipelines if "." in name]
    if parts or recipe.cuts:
        cut = ", ".join([*parts, *(f"{name}={value}" for name, value in recipe.cuts.items())])
        raise NotReproducible(
            f"run {run_id} ran a part of a pipeline ({cut}) on what earlier runs had left; only "
            "whole pipelines can be made again"
        )
    if not recipe.data:
        raise NotReproducible(
            f"run {run_id} read no raw files: it made a page of what the challenges' runs had "
            "left; those can be made again, each by its own ID"
        )
    return run, recipe


def demand_same_lock(recipe: Recipe, project: Path) -> None:
    """Refuse where other versions of the libraries are installed.

    Raises:
        NotReproducible: where requirements.lock is another one.
    """
    if recipe.lock != lock_hash(project):
        raise NotReproducible(
            f"the run was made with another requirements.lock ({recipe.lock}, here "
            f"{lock_hash(project)}): check out {recipe.git_commit}, make its environment with "
            "`make setup`, and call this again there"
        )


def checked_out(recipe: Recipe, project: Path, folder: Path) -> Path:
    """The project as it was committed: itself, or a worktree in the folder.

    Raises:
        NotReproducible: where the run's code was never committed, or is not in the repository.
    """
    commit = recipe.git_commit
    # First of all: the present code may differ from the same commit too, but in other ways.
    if commit == "unknown" or commit.endswith("+changes"):
        raise NotReproducible(
            f"the run's code was not committed ({commit}); --current-code runs the code as it is "
            "now instead"
        )
    if commit == git_commit(project):
        return project
    worktree = folder / "code"
    done = subprocess.run(
        ["git", "-C", str(project), "worktree", "add", "--detach", str(worktree), commit],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NotReproducible(f"commit {commit} cannot be checked out: {done.stderr.strip()}")
    return worktree


def drop_worktree(project: Path, code: Path) -> None:
    """Forget a worktree that `checked_out` has made."""
    if code != project:
        command = ["git", "-C", str(project), "worktree", "remove", "--force", str(code)]
        subprocess.run(command, capture_output=True, check=False)


def prepare_folder(recipe: Recipe, code: Path, folder: Path) -> None:
    """Lay out ``conf`` with the run's parameters, and ``data`` with links to its raw files.

    Raises:
        NotReproducible: where raw files have changed or are gone.
    """
    import yaml

    local = shutil.ignore_patterns("local")
    shutil.copytree(code / "conf", folder / "conf", ignore=local)
    (folder / "conf" / "local").mkdir()
    own = folder / "conf" / ENVIRONMENT
    own.mkdir()
    facts = {name: dict(values) for name, values in recipe.parameters.items()
             if isinstance(values, dict)}  # fmt: skip
    for challenge in recipe.data:
        # Known only when the run begins.
        facts.get(challenge, {}).pop("run", None)
    for name, values in (
        ("parameters", {**recipe.parameters, **facts}),
        ("globals", recipe.global_parameters),
    ):
        (own / f"{name}.yml").write_text(yaml.safe_dump(values, allow_unicode=True))
    for challenge, data in recipe.data.items():
        _link_raw(challenge, data, recipe.global_parameters["seed"], folder / "data")


def _link_raw(challenge: str, data: RawData, seed: int, root: Path) -> None:
    tree = root / "sample" if data.kind == "sample" else root
    raw, original = tree / "01_raw" / challenge, Path(data.tree) / "01_raw" / challenge
    raw.parent.mkdir(parents=True, exist_ok=True)
    if raw_files(Path(data.tree), challenge):
        raw.symlink_to(original, target_is_directory=True)
    elif data.kind == "sample":
        write_missing_sample(tree, challenge, seed)
    found = fingerprint(path for path in raw_files(tree, challenge) if path.exists())
    if found != data.fingerprint:
        raise NotReproducible(
            f"the raw files in {original} are not those of the run: fingerprint {found}, then "
            f"{data.fingerprint}"
        )


def run_again(run: Run, recipe: Recipe, code: Path, folder: Path) -> Run:
    """Run the pipelines as a process of its own; its new run in MLflow.

    Raises:
        NotReproducible: where it stops with an error; its log has been shown.
    """
    import mlflow

    command = [
        *(sys.executable, "-m", "kedro", "run"),
        f"--pipelines={','.join(recipe.pipelines)}",
        f"--env={ENVIRONMENT}",
        f"--conf-source={folder / 'conf'}",
        f"--params=data_root={folder / 'data'}",
    ]
    environment = {
        **os.environ,
        "PYTHONPATH": str(code / "src"),
        "MLFLOW_TRACKING_URI": mlflow.get_tracking_uri(),
        REPRODUCES: run.info.run_id,
    }
    done = subprocess.run(command, cwd=code, env=environment, check=False)
    if done.returncode:
        raise NotReproducible(f"the run stopped with exit code {done.returncode}")
    found = mlflow.search_runs(
        experiment_ids=[run.info.experiment_id],
        filter_string=f"tags.reproduces = '{run.info.run_id}'",
        order_by=["attributes.start_time DESC"],
        max_results=1,
        output_format="list",
    )
    if not found:
        raise NotReproducible("the second run was not tracked, so that nothing can be compared")
    return found[0]


def compare_runs(first: Run, second: Run, challenges: Mapping[str, Any]) -> list[Difference]:
    """Submissions by their bytes, then all metrics but those that a run measures of itself."""
    names = [SUBMISSION_TAG.format(challenge=challenge) for challenge in challenges]
    files = [
        Difference(name, first.data.tags[name], second.data.tags.get(name))
        for name in names
        if name in first.data.tags
    ]
    metrics = [
        Difference(name, value, second.data.metrics.get(name))
        for name, value in sorted(first.data.metrics.items())
        if not any(word in name for word in _MEASURED)
    ]
    return files + metrics


def machines_differ(first: Run, second: Run) -> str | None:
    """A sentence that names both machines, where the runs were made on different ones."""
    before, now = (run.data.tags.get(MACHINE_TAG) for run in (first, second))
    if before is None or now is None or before == now:
        return None
    return (
        f"The run was made on {before}, this one on {now}: numeric libraries choose other "
        "instructions there, and results may differ a little."
    )
