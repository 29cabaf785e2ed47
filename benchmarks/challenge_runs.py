"""`kedro run` of a challenge as a process of its own, measured."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from measuring import Cost, measured_run

PROJECT = Path(__file__).resolve().parents[1]
SOURCE = PROJECT / "src"


@contextmanager
def data_root(workdir: Path | None = None) -> Iterator[Path]:
    """A folder for one run, in the given one or among the temporary files; gone afterwards."""
    if workdir is not None:
        workdir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=workdir) as name:
        yield Path(name)


def challenge_run(
    root: Path, pipeline: str, *, preset: str = "base", log: Path | None = None, **parameters: str
) -> Cost:
    """Run a pipeline on the files of a folder.

    Args:
        root: The data root. The runs are tracked in a store in it, not among the user's own.
        pipeline: Name of a registered pipeline, such as ``echoes`` or ``museum.modeling``.
        preset: Name of the preset; ``base`` for the defaults.
        log: For the output; ``run.log`` in the folder by default.
        parameters: More of them, for ``--params``.
    """
    given = {"data_root": str(root), **parameters}
    listed = ",".join(f"{name}={value}" for name, value in given.items())
    command = [sys.executable, "-m", "kedro", "run", f"--pipeline={pipeline}"]
    if preset != "base":
        command.append(f"--env={preset}")
    environment = {
        "PYTHONPATH": str(SOURCE),
        "KEDRO_DISABLE_TELEMETRY": "1",
        "MLFLOW_TRACKING_URI": tracking_store(root, pipeline.split(".", maxsplit=1)[0]),
        # No line of the log is broken.
        "COLUMNS": "400",
    }
    return measured_run(
        [*command, f"--params={listed}"],
        log or root / "run.log",
        folder=PROJECT,
        environment=environment,
    )


def tracking_store(root: Path, experiment: str) -> str:
    """An MLflow store in the folder, with its artifacts beside it.

    Returns:
        Its URI.
    """
    import mlflow

    store = f"sqlite:///{root / 'mlflow.db'}"
    client = mlflow.MlflowClient(store)
    if client.get_experiment_by_name(experiment) is None:
        client.create_experiment(experiment, artifact_location=str(root / "mlartifacts"))
    return store
