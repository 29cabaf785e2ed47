"""Fitted challenges as models of MLflow, by kedro-mlflow's pipeline as a pyfunc model.

A challenge whose `pipeline.py` has `create_inference` answers new rows. The pipeline that does so
is logged together with the fitted objects and parameters that it reads, and with this package's
code. The model then needs neither the project nor its data.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro_mlflow.mlflow import KedroPipelineModel
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

from podium.challenges import challenges
from podium.datasets import PickleDataset
from podium.pipelines.building import Inference

logger = logging.getLogger(__name__)

_PROGRESS_BARS = "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"


def log_inference_models(pipeline: Pipeline, catalog: DataCatalog, project: Path) -> None:
    """Log the model of every challenge whose fitted objects this run made, under its name.

    Args:
        pipeline: What ran.
        catalog: Its datasets; fitted objects are pickled files.
        project: Root of the project, for the lock file.
    """
    made = pipeline.all_outputs()
    for challenge in challenges():
        if not any(name.startswith(f"{challenge}.") for name in made):
            continue
        module = import_module(f"podium.pipelines.{challenge}.pipeline")
        if hasattr(module, "create_inference"):
            inference: Inference = module.create_inference()
            if inference.fitted <= made:
                _log(challenge, inference, catalog, project)


def _log(challenge: str, inference: Inference, catalog: DataCatalog, project: Path) -> None:
    lock = project / "requirements.lock"
    # Plain files, for the catalog's own datasets know the run that they belong to.
    read = DataCatalog(
        {
            **{name: PickleDataset(filepath=_file(catalog, name)) for name in inference.fitted},
            **{name: catalog[name] for name in inference.parameters},
        }
    )
    with TemporaryDirectory() as folder, _quiet():
        model = KedroPipelineModel(inference.pipeline, read, inference.asked)
        logged = mlflow.pyfunc.log_model(
            name=challenge,
            python_model=model,
            artifacts=model.extract_pipeline_artifacts(Path(folder)),
            signature=ModelSignature(_schema(inference.columns), _schema(inference.answers)),
            code_paths=[str(Path(__file__).parent)],
            # Without a lock MLflow looks at what the model imports.
            pip_requirements=str(lock) if lock.is_file() else None,
        )
    place = f"runs:/{logged.run_id}/{challenge}"
    logger.info("Model: mlflow models serve --env-manager local -m %s", place)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without bars for each small file, and remarks on how models are stored."""
    levels = {name: logging.getLogger(name).level for name in ("kedro_mlflow", "mlflow.pyfunc")}
    shown = os.environ.get(_PROGRESS_BARS)
    os.environ[_PROGRESS_BARS] = "false"
    for name in levels:
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        if shown is None:
            del os.environ[_PROGRESS_BARS]
        else:
            os.environ[_PROGRESS_BARS] = shown


def _file(catalog: DataCatalog, name: str) -> str:
    return str(catalog[name]._filepath)  # type: ignore[attr-defined]


def _schema(columns: dict[str, str]) -> Schema:
    return Schema([ColSpec(kind, name) for name, kind in columns.items()])
