"""What makes a run again: ``recipe.json`` in its MLflow run, read by ``kedro reproduce``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podium.challenges import challenge_of
from podium.provenance import machine

if TYPE_CHECKING:
    from kedro.io import DataCatalog
    from kedro.pipeline import Pipeline

RECIPE_FILE = "recipe.json"
# Names, for a run that makes another one again, that one's ID.
REPRODUCES = "PODIUM_REPRODUCES"
# See `podium.provenance.machine`.
MACHINE_TAG = "machine"
SUBMISSION_TAG = "{challenge}.submission_sha256"
# Options of `kedro run` that cut a pipeline, as Kedro names them in the run's parameters.
_CUTS = (
    *("tags", "from_nodes", "to_nodes", "node_names", "from_inputs", "to_outputs"),
    *("namespaces", "load_versions", "only_missing_outputs"),
)


@dataclass(frozen=True)
class RawData:
    """The raw files of a challenge.

    Attributes:
        kind: `competition` or `sample`.
        tree: Folder that held ``01_raw``.
        fingerprint: See `podium.provenance.fingerprint`.
    """

    kind: str
    tree: str
    fingerprint: str


@dataclass(frozen=True)
class Recipe:
    """What a run was made of.

    Attributes:
        pipelines: Names of the registered pipelines.
        cuts: Options that ran only a part of them, with their values.
        preset: Of the configuration.
        parameters: All of them, resolved.
        global_parameters: Those of ``globals.yml``.
        git_commit: See `podium.provenance.git_commit`.
        lock: See `podium.provenance.lock_hash`.
        data: The raw files, by challenge.
    """

    pipelines: tuple[str, ...]
    cuts: dict[str, Any]
    preset: str
    parameters: dict[str, Any]
    global_parameters: dict[str, Any]
    git_commit: str
    lock: str
    data: dict[str, RawData]

    def as_json(self) -> dict[str, Any]:
        """As it is stored."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Recipe:
        """From what was stored."""
        data = {name: RawData(**values) for name, values in stored["data"].items()}
        return cls(**{**stored, "pipelines": tuple(stored["pipelines"]), "data": data})


def make_recipe(
    run_params: Mapping[str, Any],
    tags: Mapping[str, str],
    parameters: dict[str, Any],
    global_parameters: dict[str, Any],
) -> Recipe:
    """The recipe of a run that begins.

    Args:
        run_params: As Kedro hands them to its hooks.
        tags: Of the run: its data, `preset`, `git_commit` and `lock`.
        parameters: All of them, resolved.
        global_parameters: Those of ``globals.yml``.
    """
    owners = [key.removesuffix(".data_tree") for key in tags if key.endswith(".data_tree")]
    data = {
        name: RawData(tags[f"{name}.data"], tags[f"{name}.data_tree"], tags[f"{name}.fingerprint"])
        for name in owners
    }
    return Recipe(
        pipelines=tuple(run_params.get("pipeline_names") or ("__default__",)),
        cuts={name: run_params[name] for name in _CUTS if run_params.get(name)},
        preset=tags["preset"],
        parameters=parameters,
        global_parameters=global_parameters,
        git_commit=tags["git_commit"],
        lock=tags["lock"],
        data=data,
    )


def result_tags(pipeline: Pipeline, catalog: DataCatalog) -> dict[str, str]:
    """SHA-256 of every submission that a run has written, and the machine that it ran on."""
    tags = {MACHINE_TAG: machine()}
    for name in sorted(pipeline.all_outputs()):
        path = getattr(catalog.get(name), "_filepath", None)
        if name.endswith(".submission") and path is not None:
            tags[SUBMISSION_TAG.format(challenge=challenge_of(name))] = _sha256_of(Path(path))
    return tags


def _sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    import hashlib

    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
