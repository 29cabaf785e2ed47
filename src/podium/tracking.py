"""MLflow tracking through kedro-mlflow, with a fallback for a server that is away."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import urlparse

import mlflow
from kedro.framework.context import KedroContext
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from kedro_mlflow.framework.hooks.mlflow_hook import MlflowHook
from kedro_mlflow.io.catalog.switch_catalog_logging import switch_catalog_logging
from mlflow.utils.validation import MAX_PARAM_VAL_LENGTH

from podium import tracking_store
from podium.challenges import challenge_of
from podium.metric_datasets import MetricsBatchDataset
from podium.provenance import git_commit, lock_hash
from podium.recipe import RECIPE_FILE, REPRODUCES, make_recipe, result_tags
from podium.serving import log_inference_models
from podium.tracked_run import TrackedRun

logger = logging.getLogger(__name__)

# The user's own settings win; kept here, since a lost server sets them to nearly nothing.
_PATIENCE = {
    name: os.environ.get(name, value)
    for name, value in {
        "MLFLOW_HTTP_REQUEST_TIMEOUT": "15",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    }.items()
}


class ResilientMlflowHook(MlflowHook):
    """kedro-mlflow's hook, with five differences.

    The experiment is the challenge that runs. The store is opened when a pipeline starts, not for
    every command. A store costs no run, whatever it raises (MLflow wraps only some errors of its
    databases, servers and clouds): if a server is of no use at the start, the local store serves;
    later, tracking stops with a warning. The parameters of a node, which may be a hundred, are
    written at once, each only once. Files and metrics are logged after they were saved.
    It is called by podium.hooks.TrackingHooks, not registered itself.
    """

    run_id: str | None

    def __init__(self, context: KedroContext) -> None:
        super().__init__()
        self._context = context
        self._catalog: DataCatalog | None = None
        self._lost = False
        self._node_lock = Lock()
        self._parameters: dict[str, Any] = {}
        self._new_parameters: dict[str, Any] = {}
        self._logged: dict[str, Any] = {}

    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Choose the store and start the run; in the local store where the chosen one fails."""
        self._catalog, self._lost, self._parameters = catalog, False, {}
        TrackedRun.now = None
        chosen = self._context.config_loader["mlflow"]["server"]["mlflow_tracking_uri"]
        local = tracking_store.fallback(chosen, self._context.project_path)
        for uri in dict.fromkeys((chosen, local)):
            try:
                if not tracking_store.server_answers(uri):
                    raise ConnectionError("does not answer")
                self._begin(uri, run_params, pipeline, catalog)
                return
            except Exception as error:
                if uri == local:
                    self._stop_tracking(error)
                else:
                    reason = " ".join(str(error).split())[:300]
                    logger.warning("The tracking server %s %s: tracked in %s", uri, reason, local)
                    _close_lost_run()

    def _begin(
        self, uri: str, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Open the experiment in a store, start the run, set its tags."""
        # A server that hangs costs a minute, not MLflow's many.
        os.environ.update(_PATIENCE)
        context = self._context
        settings = dict(context.config_loader["mlflow"])
        tracking = dict(settings["tracking"])
        tracking["experiment"] = {
            **tracking_store.artifact_settings(uri),
            **tracking["experiment"],
            "name": experiment_name(pipeline),
        }
        tracking["run"] = {"name": run_name(pipeline, catalog, run_params)}
        server = {**settings["server"], "mlflow_tracking_uri": uri}
        context.config_loader["mlflow"] = {**settings, "server": server, "tracking": tracking}
        with tracking_store.opening(uri, Path(context.project_path)):
            super().after_context_created(context)
        super().before_pipeline_run(run_params, pipeline, catalog)
        tags = self._run_tags(context, catalog, run_params)
        mlflow.set_tags(tags)
        loader = context.config_loader
        recipe = make_recipe(run_params, tags, loader["parameters"], loader["globals"])
        mlflow.log_dict(recipe.as_json(), RECIPE_FILE)
        self._logged = _take_over(pipeline, catalog)
        TrackedRun.now = _tracked_run()

    def before_node_run(
        self, node: Node, catalog: DataCatalog, inputs: dict[str, Any], is_async: bool
    ) -> None:
        """Log the node's parameters while the store answers."""
        if self.check_server():
            # Nodes may run on several threads.
            with self._node_lock:
                try:
                    self._log_node(node, catalog, inputs, is_async)
                except Exception as error:
                    self._stop_tracking(error)

    def _log_node(
        self, node: Node, catalog: DataCatalog, inputs: dict[str, Any], is_async: bool
    ) -> None:
        own, active = self.run_id, mlflow.active_run()
        self._new_parameters = {}
        if active is not None and active.info.run_id == own:
            self.run_id = None  # open in this thread: not to be opened once more
        try:
            super().before_node_run(node, catalog, inputs, is_async)
        finally:
            self.run_id = own
        if self._new_parameters:
            mlflow.log_params(self._new_parameters)
            self._parameters |= self._new_parameters

    def _log_param(self, name: str, value: Any) -> None:
        """Called by kedro-mlflow for each parameter of a node."""
        if name in self._parameters:
            return
        if len(str(value)) > MAX_PARAM_VAL_LENGTH:
            super()._log_param(name, value)
            self._parameters[name] = value
        else:
            self._new_parameters[name] = value

    def log_saved(self, dataset_name: str, data: Any) -> None:
        """Log a file or metrics that were saved; they are kept whatever the store says."""
        dataset = self._logged.get(dataset_name)
        if dataset is None or TrackedRun.now is None or not self.check_server():
            return
        run_id = TrackedRun.now.run_id
        try:
            if isinstance(dataset, MetricsBatchDataset):
                dataset.log(data, run_id)
            else:
                file, place = str(dataset._filepath), dataset.artifact_path
                mlflow.MlflowClient().log_artifact(run_id, file, place)
        except Exception as error:
            self._stop_tracking(error)

    def check_server(self) -> bool:
        """Say whether tracking goes on; stop it where the server does not answer any more."""
        if not self._lost and not tracking_store.server_answers(mlflow.get_tracking_uri()):
            self._stop_tracking(ConnectionError(f"{mlflow.get_tracking_uri()} does not answer"))
        return not self._lost

    def after_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Log what answers new rows, if this run fitted it; close the run."""
        if self.check_server():
            try:
                if self._is_mlflow_enabled:
                    log_inference_models(pipeline, catalog, Path(self._context.project_path))
                    mlflow.set_tags(result_tags(pipeline, catalog))
                super().after_pipeline_run(run_params, pipeline, catalog)
                # kedro-mlflow opens the run anew in every thread and leaves those open until the
                # process ends; a notebook goes on.
                while not self._already_active_mlflow and mlflow.active_run():
                    mlflow.end_run()
            except Exception as error:
                self._stop_tracking(error)

    def on_pipeline_error(
        self,
        error: Exception,
        run_params: dict[str, Any],
        pipeline: Pipeline,
        catalog: DataCatalog,
    ) -> None:
        """Mark the run as failed."""
        if self.check_server() and mlflow.active_run():
            try:
                mlflow.set_tag("error", str(error)[:500])
                super().on_pipeline_error(error, run_params, pipeline, catalog)
            except Exception as lost:
                self._stop_tracking(lost)

    def _stop_tracking(self, error: Exception) -> None:
        logger.warning("The run goes on without tracking: %s", error)
        _close_lost_run()
        self._lost = True
        self._is_mlflow_enabled = False
        self.run_id = None
        if self._catalog is not None:
            switch_catalog_logging(self._catalog, False)

    def _run_tags(
        self, context: KedroContext, catalog: DataCatalog, run_params: dict[str, Any]
    ) -> dict[str, str]:
        engine = context.config_loader["globals"]["engine"]
        return {
            **data_tags(catalog),
            "preset": run_params.get("env") or "default",
            "engine": str(engine),
            "git_commit": git_commit(context.project_path),
            "lock": lock_hash(context.project_path),
            **({"reproduces": again} if (again := os.environ.get(REPRODUCES)) else {}),
        }


def _close_lost_run() -> None:
    """In one short attempt: MLflow's own, at exit, would go on for minutes."""
    os.environ.update(MLFLOW_HTTP_REQUEST_MAX_RETRIES="0", MLFLOW_HTTP_REQUEST_TIMEOUT="3")
    with suppress(Exception):
        mlflow.end_run("FAILED")


def _take_over(pipeline: Pipeline, catalog: DataCatalog) -> dict[str, Any]:
    """The datasets that the hook logs after they are saved, and no longer they themselves.

    In a run of several challenges, each has a folder of artifacts and a prefix of metrics.
    """
    outputs, logged = pipeline.all_outputs(), dict[str, Any]()
    owners = {challenge_of(name) for name in outputs} - {None}
    for name in sorted(outputs):
        dataset: Any = catalog.get(name)
        owner = challenge_of(name)
        metrics = isinstance(dataset, MetricsBatchDataset)
        if not (metrics or hasattr(dataset, "artifact_path")) or not dataset._logging_activated:
            continue
        if owner is not None and len(owners) > 1:
            if metrics:
                catalog[name] = dataset = MetricsBatchDataset(prefix=owner)
            else:
                dataset.artifact_path = "/".join(filter(None, (owner, dataset.artifact_path)))
        dataset._logging_activated = False
        logged[name] = dataset
    return logged


def _tracked_run() -> TrackedRun | None:
    """The run that is open now, if any."""
    run, uri = mlflow.active_run(), mlflow.get_tracking_uri()
    if run is None:
        return None
    return TrackedRun(
        name=run.info.run_name,
        run_id=run.info.run_id,
        experiment_id=run.info.experiment_id,
        start_ms=run.info.start_time,
        server=uri if urlparse(uri).scheme in ("http", "https") else None,
    )


def data_tags(catalog: DataCatalog) -> dict[str, str]:
    """The tags that the data hooks left on the catalog: which data, and their fingerprint."""
    return dict(getattr(catalog, "podium_data_tags", {}))


def run_name(pipeline: Pipeline, catalog: DataCatalog, run_params: dict[str, Any]) -> str:
    """What tells runs apart in a list: pipeline, data, preset, such as ``hearme sample fast``."""
    names = run_params.get("pipeline_names") or [experiment_name(pipeline)]
    kinds = {value for key, value in data_tags(catalog).items() if key.endswith(".data")}
    preset = run_params.get("env")
    return " ".join(["+".join(names), *sorted(kinds), *([preset] if preset else [])])


def experiment_name(pipeline: Pipeline) -> str:
    """The challenge that the pipeline belongs to; ``podium`` for several."""
    owners = {challenge_of(node.name) for node in pipeline.nodes} - {None}
    return str(owners.pop()) if len(owners) == 1 else "podium"
